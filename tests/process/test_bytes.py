"""Names and command lines are bytes: whatever a process has there, it is found, told exactly, shown safely, stopped."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.process.stage import SLEEP, Stage, until

if TYPE_CHECKING:
    from tests.process.stage import Victim

NAMED = """\
name(os.fsencode(os.environ["MARK"]))
sleep()
"""
NAMELESS = """\
say()
libc.execv(b"/bin/sh", (ctypes.c_char_p * 5)(b"", b"-c", b"read line", os.environ["MARK"].encode(), None))
"""
# Its arguments' memory, and for *more* bytes that of its environment, hold a title and NULs.
TITLED = """\
fields = open("/proc/self/stat").read().rpartition(")")[2].split()
start, end = int(fields[45]), int(fields[46])
title, more = os.environ["TITLE"].encode(), int(os.environ["MORE"])
room = end - start + more
ctypes.memmove(start, (title.ljust(room, b"x") if more else title).ljust(room + 1, b"\\0"), room + bool(more))
say()
say(end - start)
time.sleep(600)
"""


def seen_and_stopped(stage: Stage, victim: Victim, pattern: str | bytes, **how) -> dict[str, Any]:
    """Find it, stop it; return what find tells of it."""
    found = stage.swapctl("find", pattern, **how)
    assert (found.pids, found.code, found.json["unknown"]) == ([victim.pid], 0, [])
    killed = stage.swapctl("kill", pattern, text=True, **how)
    assert [one for one in killed.out if unicodedata.category(one) == "Cc" and one != "\n"] == []
    assert [line.split()[:3] for line in killed.out.splitlines()] == [
        ["PID", "USER", "OUTCOME"],
        [str(victim.pid), "root", "exited"],
    ]
    assert (killed.code, killed.err) == (0, "")
    assert victim.status == -15
    return found.only


@pytest.mark.parametrize(
    "name",
    ["{})", "{}) (", "{}\n)", "{}\udcff\udcfe", "{}\x1b[m"],
    ids=["bracket", "brackets", "newline", "no-utf-8", "esc"],
)
def test_name(stage: Stage, name: str):
    victim = stage.victim(NAMED, marked=False, env={"MARK": name.format(stage.mark)})
    one = seen_and_stopped(stage, victim, stage.mark)
    assert one["name"] == name.format(stage.mark)


def test_empty_name(stage: Stage):
    victim = stage.victim(NAMED, env={"MARK": ""})
    one = seen_and_stopped(stage, victim, stage.mark)
    assert one["name"] == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["", "last"],
        ["last", ""],
        ["\x1b[31mred", "two\nlines", "\ta\rb\x7f", "\x9b1m"],
        ["caf\udce9", "\udcff", "\ud7ff", "\u20ac"],
        ["'", '"', "\\", "*", "$(x)", "  "],
    ],
    ids=["empty-within", "empty-last", "control", "no-utf-8", "quotes"],
)
def test_arguments(stage: Stage, arguments: list[str]):
    words = [argument.encode("utf-8", "surrogateescape") for argument in arguments]
    victim = stage.victim(SLEEP, *words)
    one = seen_and_stopped(stage, victim, stage.mark)
    assert one["argv"][3:] == [stage.mark, *arguments]


def test_empty_name_of_the_program(stage: Stage):
    victim = stage.victim(NAMELESS, marked=False, env={"MARK": stage.mark})
    until(lambda: Path(f"/proc/{victim.pid}/cmdline").read_bytes().startswith(b"\0"), "it runs")
    one = seen_and_stopped(stage, victim, stage.mark)
    assert one["argv"] == ["", "-c", "read line", stage.mark]


def test_title_with_a_tail_of_nuls(stage: Stage):
    title = f"worker: {stage.mark} of  4 "
    victim = stage.victim(TITLED, "x" * 100, marked=False, env={"TITLE": title, "MORE": "0"})
    one = seen_and_stopped(stage, victim, f"{stage.mark} of  4")
    assert (one["argv"], one["command"]) == ([title], title)


def test_title_beyond_the_arguments(stage: Stage):
    title = f"worker: {stage.mark} "
    victim = stage.victim(TITLED, "x" * 100, marked=False, env={"TITLE": title, "MORE": "9", "AAA": "y" * 100})
    one = seen_and_stopped(stage, victim, title)
    assert one["argv"] == [title.ljust(int(victim.heard()) + 9, "x")]


@pytest.mark.parametrize(("words", "length"), [(3, 2000), (3, 50000)], ids=["4K", "128K"])
def test_long(stage: Stage, words: int, length: int):
    victim = stage.victim(SLEEP, *["x" * length] * words, stage.mark, marked=False)
    one = seen_and_stopped(stage, victim, stage.mark)
    assert one["argv"][3:] == ["x" * length] * words + [stage.mark]


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}],
    ids=["C", "POSIX", "ASCII"],
)
@pytest.mark.parametrize("end", ["-\u00fcber-\u20ac".encode(), b"-\xff\xe9"], ids=["utf-8", "no-utf-8"])
def test_whatever_the_locale(stage: Stage, env: dict[str, str], end: bytes):
    pattern = stage.mark.encode() + end
    victim = stage.victim(SLEEP, pattern, marked=False)
    stage.victim(SLEEP, stage.mark.encode() + end[:-1], marked=False)
    one = seen_and_stopped(stage, victim, pattern, env=env)
    assert one["argv"][3:] == [pattern.decode("utf-8", "surrogateescape")]
    assert one["argv"][0] == sys.executable
