"""Each selector finds the ones that have what it asks for, and none of those that differ in just that."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.process.stage import NOBODY, SLEEP, Stage, need, state, until
from tests.support import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.process.stage import Victim

LISTENS = """\
import socket

with socket.socket(getattr(socket, sys.argv[2]), getattr(socket, sys.argv[3])) as one:
    one.bind(("::1" if one.family == socket.AF_INET6 else "127.0.0.1", 0))
    if one.type == socket.SOCK_STREAM:
        one.listen()
    say()
    say(one.getsockname()[1])
    time.sleep(600)
"""
CALLS = """\
import socket

one = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
say()
say(one.getsockname()[1])
time.sleep(600)
"""
# The controlling terminal of a new session.
ON_A_TERMINAL = """\
import fcntl, termios

os.setsid()
main, terminal = os.openpty()
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
say()
say(os.ttyname(terminal))
time.sleep(600)
"""
# A child, and a grandchild of another session.
FAMILY = """\
if os.fork():
    os.read(0, 1)
    sleep()
if os.fork():
    time.sleep(600)
os.setsid()
say()
say(f"{os.getppid()} {os.getpid()}")
time.sleep(600)
"""
TWO_CHILDREN = """\
children = [start("/bin/sh", "-c", "read line", word) for word in (os.environ["MARK"], "other")]
say()
say(" ".join(map(str, children)))
time.sleep(600)
"""


def started(stage: Stage, executable: Path, *argv: str | Path) -> Victim:
    """Start a program, and wait until it has its command line."""
    victim = stage.start(*argv, executable=executable)
    until(lambda: Path(f"/proc/{victim.pid}/cmdline").read_bytes(), "it runs")
    return victim


# what stat, status and memory tell


@pytest.mark.parametrize(
    ("source", "fits", "fits_not"),
    [
        (f"become({NOBODY})\nsleep()", f"--user {NOBODY}", f"--user {NOBODY - 1}"),
        (f"become({NOBODY})\nsleep()", f"--user {NOBODY - 1},{pwd.getpwuid(NOBODY).pw_name}", f"--user {NOBODY - 1}"),
        (f"become(0, {NOBODY})\nsleep()", f"--group {NOBODY}", f"--group {NOBODY - 1}"),
        ("os.setsid()\nsleep()", "--session {pid}", "--session 1"),
        ("name(b'halted')\nos.kill(os.getpid(), signal.SIGSTOP)", "--state ZT", "--state Z"),
        (f"keep = b'x' * {64 << 20}\nsleep()", "--min-rss 64M", "--min-rss 1T"),
    ],
    ids=["user", "user-by-name", "group", "session", "state", "min-rss"],
)
def test_one_of_two(stage: Stage, source: str, fits: str, fits_not: str):
    victim = stage.victim(source if "sleep" in source else f"say()\n{source}")
    stage.victim()
    if "SIGSTOP" in source:
        until(lambda: state(victim.pid) == "T", "it has stopped")
    assert stage.find(*fits.format(pid=victim.pid).split()) == [victim.pid]
    assert stage.find(*fits_not.split()) == []


def test_min_swap_finds_nothing_where_nothing_is_swapped(stage: Stage):
    stage.victim()
    assert stage.find("--min-swap", "1") == []


def test_age(stage: Stage):
    victim = stage.victim()
    until(lambda: stage.swapctl("find", stage.mark).only["age"] > 0.3, "it is old enough")
    asked = [("--older-than", "0.3"), ("--older-than", "1h"), ("--younger-than", "1h"), ("--younger-than", "0.3")]
    assert [stage.find(*selector) for selector in asked] == [[victim.pid], [], [victim.pid], []]


def test_newest_and_oldest(stage: Stage):
    pids = [stage.victim().pid for _number in range(3)]
    assert (stage.find("--newest"), stage.find("--oldest")) == (pids[-1:], pids[:1])


def test_parent_and_ancestor(stage: Stage):
    victim = stage.victim(FAMILY)
    child, grandchild = map(int, victim.heard().split())
    stage.victim()
    assert stage.find("--parent", str(victim.pid)) == [child]
    assert stage.find("--parent", f"{victim.pid},{child}") == sorted([child, grandchild])
    assert stage.find("--ancestor", str(victim.pid)) == sorted([child, grandchild])
    assert stage.find("--ancestor", str(grandchild)) == []


def test_tty(stage: Stage):
    victim = stage.victim(ON_A_TERMINAL)
    name = victim.heard()
    without = stage.victim(new_session=True)
    pair = os.openpty()
    other = os.ttyname(pair[1])
    found = [stage.find("--tty", one) for one in (name, name[len("/dev/") :], "none", other)]
    for descriptor in pair:
        os.close(descriptor)
    assert found == [[victim.pid], [victim.pid], [without.pid], []]


# numbers


def test_pid(stage: Stage):
    one, two = sorted([stage.victim(), stage.victim()], key=lambda victim: victim.pid)
    asked = [str(one.pid), f"{one.pid},{two.pid}", f"{one.pid}:{one.inode}", f"{one.pid}:{two.inode}", str(os.getpid())]
    assert [stage.find("--pid", pids) for pids in asked] == [[one.pid], [one.pid, two.pid], [one.pid], [], []]


def test_pidfile(stage: Stage):
    victim = stage.victim()
    stage.victim()
    pidfile = stage.directory / "pidfile"
    pidfile.write_text(f"{victim.pid}\n", encoding="ascii")
    assert stage.find("--pidfile", pidfile) == [victim.pid]
    assert stage.find("--pidfile", pidfile, "--pid", str(os.getpid())) == []
    assert stage.find("--pidfile", stage.directory / "none") == []


# what takes permission to learn


def test_exe(stage: Stage):
    program, other = (stage.directory / name for name in (stage.mark, "other"))
    for path in (program, other):
        shutil.copy("/bin/sleep", path)
    victim = started(stage, program, program, "600")
    assert [stage.find("--exe", path) for path in (program, other, stage.directory)] == [[victim.pid], [], []]
    program.unlink()
    assert stage.find("--exe", other, "--exe", program) == [victim.pid]
    assert stage.find("--exe", other) == []
    other.rename(program)
    newer = started(stage, program, program, "600")
    assert stage.find("--exe", program) == sorted([victim.pid, newer.pid])


def test_exe_with_a_name_as_if_deleted(stage: Stage):
    program = stage.directory / f"{stage.mark} (deleted)"
    shutil.copy("/bin/sleep", program)
    victim = started(stage, program, program, "600")
    assert stage.find("--exe", stage.directory / stage.mark) == []
    assert stage.find("--exe", program) == [victim.pid]


def test_env(stage: Stage):
    one, two = (stage.victim(env={"WANTED": value}).pid for value in ("one", "one,two"))
    stage.victim(env={"WANTED_NOT": "one"})
    both = sorted([one, two])
    assert stage.find("--env", "WANTED") == both
    assert stage.find("--env", "WANTED=one", "--env", "WANTED=one,two") == both
    asked = ["WANTED=one", "WANTED=one,two", "WANTED=on", "WANTE", "one"]
    assert [stage.find("--env", variable) for variable in asked] == [[one], [two], [], [], []]


@pytest.mark.parametrize(
    ("family", "kind"),
    [("AF_INET", "SOCK_STREAM"), ("AF_INET6", "SOCK_STREAM"), ("AF_INET", "SOCK_DGRAM"), ("AF_INET6", "SOCK_DGRAM")],
    ids=["tcp4", "tcp6", "udp4", "udp6"],
)
def test_port(stage: Stage, family: str, kind: str):
    if family == "AF_INET6" and not Path("/proc/net/if_inet6").exists():
        missing("no IPv6")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        victim = stage.victim(LISTENS, family, kind)
        stage.victim()
        port, port_of_other = victim.heard(), other.getsockname()[1]
        assert stage.find("--port", port) == [victim.pid]
        assert stage.find("--port", f"{port_of_other},{port}") == [victim.pid]
        assert stage.find("--port", str(port_of_other)) == []


def test_port_that_it_calls_from(stage: Stage):
    with socket.create_server(("127.0.0.1", 0)) as server:
        victim = stage.victim(CALLS, str(server.getsockname()[1]))
        assert stage.find("--port", victim.heard()) == []


@pytest.mark.parametrize("selector", ["exe", "env"])
def test_unknown_to_nobody(stage: Stage, selector: str):
    victim = stage.victim(env={"WANTED": "one"})
    asked = (stage.mark, f"--{selector}", {"exe": sys.executable, "env": "WANTED"}[selector])
    unknown = [{"pid": victim.pid, "name": "python", "reason": f"no permission to learn its {selector}"}]
    unknown[0]["name"] = Path(f"/proc/{victim.pid}/comm").read_text(encoding="ascii").strip()
    found = stage.swapctl("find", *asked, nobody=True)
    assert (found.json["processes"], found.json["unknown"], found.code) == ([], unknown, 1)
    killed = stage.swapctl("kill", *asked, nobody=True)
    assert (killed.json["processes"], killed.json["unknown"], killed.code) == ([], unknown, 4)
    assert (killed.json["changed"], victim.running) == (False, True)


# control groups


@pytest.fixture
def group(stage: Stage) -> Iterator[tuple[Path, str]]:
    """Give the directory and the path of a control group of version 2 with another one in it."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    found = [fields for fields in mounts if fields[fields.index("-") + 1] == "cgroup2"]
    if not found or not os.access(found[0][4], os.W_OK):
        missing("no hierarchy of control groups of version 2 to write to")
    root, point = found[0][3:5]
    directory = Path(point) / stage.mark
    (directory / "below").mkdir(parents=True)
    try:
        yield directory, f"{root.rstrip('/')}/{stage.mark}"
    finally:
        (directory / "cgroup.kill").write_text("1", encoding="ascii")
        until(lambda: removed(directory / "below") and removed(directory), "the groups are empty")


def removed(group: Path) -> bool:
    try:
        group.rmdir()
    except OSError:
        return not group.exists()
    return True


def in_group(stage: Stage, group: Path, source: str = SLEEP, *, marked: bool = True) -> Victim:
    victim = stage.victim(source, marked=marked)
    (group / "cgroup.procs").write_text(str(victim.pid), encoding="ascii")
    return victim


def test_cgroup(stage: Stage, group: tuple[Path, str]):
    directory, path = group
    inside, below = (in_group(stage, one).pid for one in (directory, directory / "below"))
    stage.victim()
    asked: list[str | Path] = [
        path,
        directory,
        f"{path}/below",
        directory / "below",
        f"{path}/elsewhere",
        path[:-1],
        f"{path}/below/x",
    ]
    both = sorted([inside, below])
    assert [stage.find("--cgroup", one) for one in asked] == [both, both, [below], [below], [], [], []]


@pytest.mark.parametrize("ladder", ["TERM:0.2s,KILL:9s", "KILL:9s"])
def test_a_whole_cgroup_is_killed_at_once(stage: Stage, group: tuple[Path, str], ladder: str):
    need("strace")
    directory, path = group
    if not (directory / "cgroup.kill").exists():
        missing("no cgroup.kill (Linux 5.14)")
    ignores = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsleep()"
    victims = [in_group(stage, one, ignores, marked=False) for one in (directory, directory / "below")]
    other = stage.victim(marked=False)
    trace = stage.directory / "trace"
    wrapper = ("strace", "-f", "-o", trace, "-e", "trace=openat,pidfd_send_signal")
    run = stage.swapctl("kill", "--cgroup", path, "--ladder", ladder, wrapper=wrapper)
    names = [rung.partition(":")[0] for rung in ladder.split(",")]
    assert [(one["outcome"], one["signals"]) for one in run.json["processes"]] == [("exited", names)] * 2
    assert (run.code, run.pids, [one.status for one in victims]) == (0, sorted(one.pid for one in victims), [-9, -9])
    calls = trace.read_text(encoding="utf-8", errors="replace")
    assert ('"cgroup.kill"' in calls, "SIGKILL" in calls) == (True, False)
    assert other.running


# how the pattern is read


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, dict[str, int]]]:
    """Give two: one has the mark as its *name*, one as its *argument*."""
    if os.geteuid() != 0:
        missing("to hold the processes of others needs root")
    with ExitStack() as stack:
        stage = Stage(tmp_path_factory.mktemp("cast"))
        stack.callback(stage.close)
        named = stage.victim("name(os.environ['MARK'].encode())\nsleep()", marked=False, env={"MARK": stage.mark})
        argument = stage.victim(SLEEP, f"{stage.mark} [of].conf", "Last")
        yield stage, {"name": named.pid, "argument": argument.pid}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["{mark}"], {"name", "argument"}),
        (["{mark} {mark}"], {"argument"}),
        (["{mark} [of].conf Last"], {"argument"}),
        (["{mark} Last"], set()),
        (["{mark}.*"], set()),
        (["{MARK}"], set()),
        (["{MARK}", "--ignore-case"], {"name", "argument"}),
        (["{mark} [OF]", "--ignore-case"], {"argument"}),
        (["{mark}", "--exact"], {"name", "argument"}),
        (["{mark} [of].conf", "--exact"], {"argument"}),
        (["{mark} [of]", "--exact"], set()),
        (["{MARK} [OF].CONF", "--exact", "--ignore-case"], {"argument"}),
        (["^{mark}$", "--regex"], {"name"}),
        ([r"{mark} \[\w+\].* Last$", "--regex"], {"argument"}),
        ([r"{mark} \S+", "--regex", "--exact"], {"argument"}),
        (["{MARK}.*last", "--regex"], set()),
        (["{MARK}.*last", "--regex", "--ignore-case"], {"argument"}),
        (["{mark}*", "--glob"], {"name"}),
        (["*{mark} [[]of].conf*", "--glob"], {"argument"}),
        (["*{mark} [of].conf*", "--glob"], set()),
        (["*{MARK}*last", "--glob", "--ignore-case"], {"argument"}),
        (["{mark}", "--name"], {"name"}),
        (["{part}", "--name"], {"name"}),
        (["{mark}", "--name", "--exact"], {"name"}),
        (["{part}", "--name", "--exact"], set()),
        (["^{part}.$", "--name", "--regex"], {"name"}),
        (["{part}?", "--name", "--glob"], {"name"}),
        (["{part}", "--name", "--glob"], set()),
        (["{MARK}", "--name", "--ignore-case"], {"name"}),
    ],
    ids=" ".join,
)
def test_pattern(cast: tuple[Stage, dict[str, int]], asked: list[str], found: set[str]):
    stage, pids = cast
    texts = {"mark": stage.mark, "MARK": stage.mark.upper(), "part": stage.mark[:-1]}
    first, *modes = asked
    run = stage.swapctl("find", first.format(**texts), *modes)
    assert run.pids == sorted(pids[one] for one in found)
    assert run.code == (0 if found else 1)


def test_invert_among_those_of_a_user(stage: Stage):
    user = 1 << 30 | os.getpid()
    marked, other = (stage.victim(f"become({user})\nsleep()", marked=marked) for marked in (True, False))
    assert stage.find("--user", str(user)) == [marked.pid]
    assert stage.find("--user", str(user), "--invert") == [other.pid]


def test_invert_among_those_of_a_parent(stage: Stage):
    parent = stage.victim(TWO_CHILDREN, marked=False, env={"MARK": stage.mark})
    marked, other = map(int, parent.heard().split())
    selector = ("--parent", str(parent.pid))
    until(lambda: stage.find(*selector) == [marked], "both run")
    assert stage.find(*selector, "--invert") == [other]
