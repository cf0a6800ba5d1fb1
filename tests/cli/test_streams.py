"""Where the output goes: a pipe that is gone, a terminal, a locale that cannot say it, names that would fool a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from tests.support import ROOT

COMMANDS = ["status", "status --json", "--help", "ensure --help", "ensure /x --size 1M -n", "remove /etc --json"]

# A command that shows how far 60 % of something has come, slowly enough to be worth showing.
PROGRESS = """\
import time
from argparse import Namespace
from swapctl.cli import output
with output.progress(Namespace(quiet=False, json=False)) as show:
    print(show)
    if show:
        for done in range(7):
            show("allocating /x", done << 20, 10 << 20)
            time.sleep(0.12)
"""


def words(line, tree):
    return [*line.split(), *([] if line.startswith("-") or "--help" in line else ["--root", str(tree)])]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_reader_that_went_away_is_no_disaster(environment, tree, line):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "swapctl", *words(line, tree)],
            env=environment,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == 141


@pytest.mark.parametrize("line", ["status", "ensure /x --size 1M -n", "--help"])
def test_a_full_disk_is_an_error(environment, tree, line):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "swapctl", *words(line, tree)],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stderr.splitlines()[:1] == ["swapctl: No space left on device"]
    assert "Traceback" not in done.stderr
    assert done.returncode


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
@pytest.mark.parametrize("line", ["status", "remove /etc", "--help"])
def test_a_closed_stream_is_no_disaster(environment, tree, closed, line):
    script = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-m", "swapctl", *words(line, tree)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == (1 if line == "remove /etc" else 0)


def on_terminal(command, environment, columns=120):
    """Run *command* on a terminal; return what it wrote there and its status."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    finally:
        os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    return written.decode().replace("\r\n", "\n"), process.wait(60)


@pytest.fixture
def terminal(environment):
    """Return the environment of a terminal that can show colours."""
    environment = {name: value for name, value in environment.items() if name != "COLUMNS"}
    return {**environment, "TERM": "xterm-256color"}


@pytest.fixture
def without_rich(tmp_path_factory):
    """Return a directory that makes rich impossible to import, as where it is not installed."""
    directory = tmp_path_factory.mktemp("without")
    (directory / "rich.py").write_text("raise ImportError('rich is not here')\n", encoding="utf-8")
    return str(directory)


def listed(tree, *paths):
    lines = b"".join(path + b" none swap sw 0 0\n" for path in paths)
    (tree / "etc/fstab").write_bytes(lines)


PLAIN = (
    "PATH  TYPE  SIZE  USED  PRIORITY  ACTIVE  PERSISTENT  LABEL  UUID\n"
    "/x    -     -     -     -         no      yes         -      -\n"
)


def test_a_terminal_gets_a_table_in_colour(terminal, tree):
    pytest.importorskip("rich")
    listed(tree, b"/x")
    written, status = on_terminal([sys.executable, "-m", "swapctl", "status", "--root", str(tree)], terminal)
    assert "\033[1mPATH\033[0m" in written
    assert "\033[33mno" in written
    bare = re.sub(r"\033\[\d*m", "", written)
    assert [line.split() for line in bare.splitlines()] == [line.split() for line in PLAIN.splitlines()]
    assert status == 0


def test_without_rich_a_terminal_gets_the_plain_table(terminal, without_rich, tree):
    listed(tree, b"/x")
    environment = {**terminal, "PYTHONPATH": f"{without_rich}:{ROOT}"}
    written, status = on_terminal([sys.executable, "-m", "swapctl", "status", "--root", str(tree)], environment)
    assert (written, status) == (PLAIN, 0)


def test_the_standard_library_is_enough(tree):
    """-I -S: no packages, nothing of the environment."""
    listed(tree, b"/x")
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from swapctl.cli import main; raise SystemExit(main())"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, "status", "--root", str(tree)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == (PLAIN, "", 0)


def test_a_pipe_gets_plain_text(swapctl, tree):
    listed(tree, b"/x")
    done = swapctl("status", "--root", str(tree), TERM="xterm-256color", FORCE_COLOR="1")
    assert done.stdout == PLAIN


def test_a_terminal_sees_progress_and_then_no_trace_of_it(terminal):
    written, status = on_terminal([sys.executable, "-c", PROGRESS], terminal)
    shown = written.split("\r\033[K")
    assert re.fullmatch(r"allocating /x \[#{14}\.{10}\] 6 MiB of 10 MiB, [\d.]+ MiB/s, \d s left", shown[-2]), shown
    assert (shown[-1], status) == ("", 0)


def test_a_pipe_sees_no_progress(environment):
    done = subprocess.run(
        [sys.executable, "-c", PROGRESS],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "None\n"


HOSTILE = b"/a\033[31mb\007\xc2\x9b2J\xe2\x80\xaec"
HARMLESS = r"/a\x1b[31mb\x07\x9b2J\u202ec"


def test_a_hostile_name_in_fstab_is_shown_harmless(swapctl, tree):
    listed(tree, HOSTILE)
    done = swapctl("status", "--root", str(tree))
    assert done.stdout.splitlines()[1].startswith(f"{HARMLESS}  ")
    done = swapctl("ensure", "/x", "--size", "1M", "-nv", "--root", str(tree))
    assert f" {HARMLESS} none swap sw 0 0\n" in done.stdout


def test_a_hostile_name_is_harmless_on_a_terminal(terminal, tree):
    listed(tree, HOSTILE)
    written, status = on_terminal([sys.executable, "-m", "swapctl", "status", "--root", str(tree)], terminal)
    assert HARMLESS in re.sub(r"\033\[\d*m", "", written)
    assert status == 0


LOCALES = [
    pytest.param({"LC_ALL": "C.UTF-8"}, id="utf-8"),
    pytest.param({"LC_ALL": "C"}, id="c"),
    pytest.param({"LC_ALL": "POSIX", "LANG": "C"}, id="posix"),
]
NAMES = [pytest.param("/swäp".encode(), id="utf-8"), pytest.param(b"/sw\xe4p", id="latin-1")]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_read_and_shown_in_any_locale(swapctl, tree, locale, name):
    listed(tree, name)
    done = swapctl("status", "--root", str(tree), **locale)
    assert (done.stderr, done.returncode) == ("", 0)
    assert os.fsencode(done.stdout.splitlines()[1]).startswith(name + b"  ")
    (area,) = json.loads(swapctl("status", "--json", "--root", str(tree), **locale).stdout)["areas"]
    assert os.fsencode(area["path"]) == name


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_taken_in_any_locale(swapctl, tree, locale, name):
    done = swapctl("ensure", name, "--size", "1M", "-n", "--root", str(tree), **locale)
    assert (done.stderr, done.returncode) == ("", 0)
    assert (
        os.fsencode(done.stdout.splitlines()[-1]) == b"would fstab         /etc/fstab: + " + name + b" none swap sw 0 0"
    )


def test_a_python_that_knows_no_utf_8_says_so(swapctl, tree):
    listed(tree, "/swäp".encode())
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = swapctl("status", "--root", str(tree), **ascii_only)
    assert "Traceback" not in done.stderr
    if done.returncode:  # Python 3.15 knows nothing else
        assert done.stderr.endswith("has no name in this locale; hint: set LC_ALL=C.UTF-8\n")


def test_python_dash_m_is_the_command(swapctl, environment):
    code = "from swapctl.cli import main; raise SystemExit(main(['--version']))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, timeout=60, check=True
    )
    assert done.stdout == swapctl("--version").stdout
