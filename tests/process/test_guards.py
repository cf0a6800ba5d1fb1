"""What could hit more than is meant is refused: in one line, with its own status, and nothing is signalled."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.process.stage import NOBODY, Run, Stage, need, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.process.stage import Victim, Word

USED_WRONGLY, GUARDED = 2, 3

THREAD = """\
import threading

threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
say(next(name for name in os.listdir("/proc/self/task") if int(name) != os.getpid()))
sleep()
"""
AS_USER = """\
become(int(sys.argv[2]))
sleep()
"""
HIDDEN = ("--mount-proc", "sh", "-c", 'mount -o remount,hidepid=2 /proc && exec "$@"', "sh")


def check(run: Run, code: int, *words: str, victim: Victim) -> None:
    """Assert that swapctl has refused, for a reason that has these words, and signalled nobody."""
    assert run.code == code, run.err
    assert run.err.startswith("swapctl: ")
    assert run.err.count("\n") == 1
    assert "; hint: " in run.err or code == USED_WRONGLY
    assert all(word in run.err for word in words), run.err
    assert (run.json["changed"], run.json["error"]) == (False, "InvalidInput" if code == USED_WRONGLY else "Guard")
    assert victim.running
    assert state(victim.pid) in "RS"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Victim]]:
    """Give a process that many tests may fail to hit."""
    stage = Stage(tmp_path_factory.mktemp("target"))
    try:
        yield stage, stage.victim()
    finally:
        stage.close()


@pytest.mark.parametrize("verb", ["find", "kill"])
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(("",), id="empty"),
        pytest.param((" \t\n",), id="blank"),
        pytest.param(("/",), id="only-a-slash"),
        pytest.param(("-",), id="only-a-dash"),
        pytest.param(("", "--exact"), id="empty-exact"),
        pytest.param(("", "--name"), id="empty-name"),
        pytest.param(("", "--invert"), id="empty-inverted"),
        pytest.param(("", "--regex"), id="empty-regex"),
        pytest.param((".*", "--regex"), id="regex-anything"),
        pytest.param((".", "--regex"), id="regex-any-letter"),
        pytest.param(("^", "--regex"), id="regex-beginning"),
        pytest.param(("x*", "--regex"), id="regex-x-or-nothing"),
        pytest.param(("(?:)|x", "--regex"), id="regex-nothing-or-x"),
        pytest.param(("[A-Z]", "--regex", "--ignore-case"), id="regex-any-letter-ignoring-case"),
        pytest.param((".*", "--regex", "--name"), id="regex-any-name"),
        pytest.param(("*", "--glob"), id="glob-anything"),
        pytest.param(("**", "--glob"), id="glob-anything-twice"),
        pytest.param(("?*", "--glob"), id="glob-anything-but-nothing"),
        pytest.param(("*", "--glob", "--name"), id="glob-any-name"),
    ],
)
def test_a_pattern_that_matches_all(target: tuple[Stage, Victim], verb: str, pattern: tuple[str, ...]):
    stage, victim = target
    check(stage.swapctl(verb, *pattern, "--user", "root"), GUARDED, "pattern", victim=victim)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("(", "--regex"), ("'('", "not a regular expression")),
        (("[", "--regex", "--name"), ("'['", "not a regular expression")),
        (("x", "--regex", "--glob"), ("--regex or --glob",)),
        ((), ("nothing says",)),
        (("--newest",), ("nothing says",)),
        (("--invert", "--user", "root"), ("invert",)),
        (("--name", "--user", "root"), ("name", "pattern")),
        (("MARK", "--newest", "--oldest"), ("--newest or --oldest",)),
        (("--pid", "0"), ("process id", "'0'")),
        (("--pid=-1",), ("process id", "'-1'")),
        (("--pid", "4194305"), ("process id", "'4194305'")),
        (("--pid", "9" * 30), ("process id",)),
        (("--pid", "python"), ("process id", "'python'")),
        (("--pid", "1.0"), ("process id",)),
        (("--pid", "\u0661"), ("process id",)),  # a digit that is none of 0 to 9
        (("--pid", ""), ("process id",)),
        (("--pid", "5:"), ("process id",)),
        (("--pid", "5,,6"), ("process id",)),
        (("MARK", "--parent", "0"), ("--parent",)),
        (("MARK", "--ancestor=-1"), ("--ancestor",)),
        (("MARK", "--session", "x"), ("--session",)),
        (("MARK", "--user", "no-such-user"), ("no-such-user",)),
        (("MARK", "--user", ""), ("--user",)),
        (("MARK", "--group", "no-such-group"), ("no-such-group",)),
        (("MARK", "--tty", "no-such-tty"), ("no-such-tty",)),
        (("MARK", "--state", "Q"), ("'Q'",)),
        (("MARK", "--state", ""), ("state",)),
        (("MARK", "--port", "0"), ("--port",)),
        (("MARK", "--port", "65536"), ("--port",)),
        (("MARK", "--port", "http"), ("--port",)),
        (("MARK", "--older-than", "yesterday"), ("--older-than", "'yesterday'")),
        (("MARK", "--min-rss", "lots"), ("--min-rss", "'lots'")),
        (("MARK", "--min-rss", "50%"), ("--min-rss",)),
        (("MARK", "--cgroup", ""), ("--cgroup",)),
        (("MARK", "--exe", ""), ("--exe",)),
        (("--pidfile", ""), ("--pidfile",)),
        (("MARK", "--signal", "FROB"), ("'FROB'",)),
        (("MARK", "--signal", "0"), ("'0'",)),
        (("MARK", "--signal", "65"), ("'65'",)),
        (("MARK", "--signal", ""), ("signal",)),
        (("MARK", "--signal", "HUP", "--ladder", "TERM:1s"), ("--ladder",)),
        (("MARK", "--ladder", "FROB:1s"), ("'FROB'",)),
        (("MARK", "--ladder", "TERM:soon"), ("'soon'",)),
        (("MARK", "--ladder", "TERM:-1s"), ("'-1s'",)),
        (("MARK", "--ladder", ""), ("signal",)),
        (("MARK", "--ladder", "TERM:1s,,KILL:1s"), ("signal",)),
        (("MARK", "--include", "everybody"), ("'everybody'", "ancestor")),
        (("MARK", "--include", "kernel"), ("'kernel'",)),
        (("MARK", "--include", "self"), ("'self'",)),
        (("MARK", "--expect", "some"), ("'some'",)),
        (("MARK", "--expect", "-1"), ("expect",)),
        (("MARK", "--max", "0"), ("max",)),
        (("MARK", "MARK"), ("MARK",)),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, tuple) else None,
)
def test_used_wrongly(target: tuple[Stage, Victim], arguments: tuple[str, ...], words: tuple[str, ...]):
    stage, victim = target
    arguments = tuple(stage.mark if word == "MARK" else word for word in arguments)
    words = tuple(stage.mark if word == "MARK" else word for word in words)
    check(stage.swapctl("kill", *arguments), USED_WRONGLY, *words, victim=victim)


def test_a_thread(stage: Stage):
    """Its number is not listed, but a signal to it would reach the whole process."""
    victim = stage.start(sys.executable, "-S", stage.script(THREAD))
    thread = victim.heard()
    assert victim.heard() == "ready"
    check(
        stage.swapctl("kill", "--pid", thread), GUARDED, f"{thread} is a thread of process {victim.pid}", victim=victim
    )
    pidfile = write_pidfile(stage, thread)
    check(stage.swapctl("kill", "--pidfile", pidfile), GUARDED, "is a thread", victim=victim)


def write_pidfile(stage: Stage, text: str | int, *, age: float = 0, owner: int = 0, mode: int = 0o644) -> Path:
    path = stage.directory / "worker.pid"
    path.write_text(f"{text}\n", encoding="ascii")
    path.chmod(mode)
    os.chown(path, owner, owner)
    written = time.time() - age
    os.utime(path, (written, written))
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("empty",)),
        (" \n\t", ("empty",)),
        ("worker", ("'worker'",)),
        ("0", ("'0'",)),
        ("-1", ("'-1'",)),
        ("1.5", ("'1.5'",)),
        ("4194305", ("'4194305'",)),
        ("9" * 5000, ("999",)),
        ("1 2", ("'1 2'",)),
        ("1\n2", ("'1 2'",)),
        ("\x1b[31m1", ("no process id",)),
    ],
    ids=["empty", "blank", "text", "0", "-1", "fraction", "too-large", "long", "two", "two-lines", "control"],
)
def test_a_pidfile_that_holds_no_process_id(target: tuple[Stage, Victim], text: str, words: tuple[str, ...]):
    stage, victim = target
    run = stage.swapctl("kill", "--pidfile", write_pidfile(stage, text))
    check(run, GUARDED, "worker.pid", *words, victim=victim)


def test_a_pidfile_that_is_none(stage: Stage):
    fifo = stage.directory / "fifo"
    os.mkfifo(fifo)
    looping = stage.directory / "loop"
    looping.symlink_to(looping)
    victim = stage.victim()
    for path, why in (
        (fifo, "not a regular file"),
        (stage.directory, "not a regular file"),
        ("/dev/zero", "not a regular file"),
        (looping, "levels of symbolic links"),
        (fifo / "below", "Not a directory"),
    ):
        check(stage.swapctl("kill", "--pidfile", path), GUARDED, str(path), why, victim=victim)


def test_a_pidfile_that_cannot_be_read(stage: Stage):
    victim = stage.victim()
    pidfile = write_pidfile(stage, victim.pid, mode=0o600)
    stage.directory.chmod(0o711)
    run = stage.swapctl("kill", "--pidfile", pidfile, nobody=True)
    check(run, GUARDED, "worker.pid", "Permission denied", victim=victim)


def test_a_pidfile_of_a_process_that_has_ended(stage: Stage):
    victim = stage.victim()
    number = Path("/proc/sys/kernel/pid_max").read_text(encoding="ascii").strip()  # which no process ever has
    run = stage.swapctl("kill", "--pidfile", write_pidfile(stage, number))
    check(run, GUARDED, "stale", f"no process {number}", victim=victim)


def test_a_pidfile_older_than_its_process(stage: Stage):
    """The number was given anew."""
    victim = stage.victim()
    pidfile = write_pidfile(stage, victim.pid, age=3600)
    check(stage.swapctl("kill", "--pidfile", pidfile), GUARDED, "stale", f"process {victim.pid} began", victim=victim)


def test_a_pidfile_that_somebody_else_can_write(stage: Stage):
    victim = stage.victim()
    for how in ({"owner": NOBODY}, {"mode": 0o666}):
        pidfile = write_pidfile(stage, victim.pid, **how)
        run = stage.swapctl("kill", "--pidfile", pidfile)
        check(run, GUARDED, "can be written by others", f"--pid {victim.pid}", victim=victim)


def test_a_pidfile_of_the_user_of_the_process(stage: Stage):
    """A daemon that has given up root may write its own."""
    victim = stage.victim(AS_USER, str(NOBODY))
    run = stage.swapctl("kill", "--pidfile", write_pidfile(stage, victim.pid, owner=NOBODY))
    assert (run.code, run.pids, run.only["outcome"]) == (0, [victim.pid], "exited")


def test_no_pidfile(stage: Stage):
    """What wrote it has taken it away: there is nothing to stop."""
    victim = stage.victim()
    run = stage.swapctl("kill", "--pidfile", stage.directory / "none.pid")
    assert (run.code, run.json["processes"]) == (1, [])
    assert victim.running


def test_more_or_fewer_than_expected(stage: Stage):
    victims = [stage.victim() for _number in range(3)]
    for expected, options in (("2", ("--max", "20")), ("4", ()), ("0", ())):
        run = stage.swapctl("kill", stage.mark, "--expect", expected, *options)
        check(run, GUARDED, "3 processes match", f"{expected} were expected", victim=victims[0])
        assert run.pids == sorted(victim.pid for victim in victims)
        assert all(victim.running for victim in victims)


def test_as_many_as_expected(stage: Stage):
    """Then it is no matter how many may be stopped otherwise."""
    victims = [stage.victim() for _number in range(3)]
    run = stage.swapctl("kill", stage.mark, "--expect", "3", "--max", "2")
    assert (run.code, len(run.pids)) == (0, 3)
    assert not any(victim.running for victim in victims)


def test_none_expected(stage: Stage):
    run = stage.swapctl("kill", stage.mark, "--expect", "0")
    assert (run.code, run.json["processes"]) == (1, [])


def test_more_than_may_be(stage: Stage):
    victims = [stage.victim() for _number in range(3)]
    run = stage.swapctl("kill", stage.mark, "--max", "2")
    check(run, GUARDED, "3 processes match", "at most 2", "--max 3", victim=victims[0])
    assert run.pids == sorted(victim.pid for victim in victims)
    assert all(victim.running for victim in victims)


def test_more_than_may_be_without_a_word(stage: Stage):
    program = "for _child in range(20):\n    if not os.fork():\n        time.sleep(600)\nsleep()\n"
    victim = stage.victim(program)
    check(stage.swapctl("kill", stage.mark), GUARDED, "21 processes match", "at most 20", victim=victim)
    assert len(stage.find()) == 21


@pytest.mark.parametrize("arguments", [("--pid", "1"), ("--pid", "$$")], ids=["process-1", "an-ancestor"])
def test_asked_for_by_number_and_protected(stage: Stage, arguments: tuple[str, ...]):
    """In a namespace of its own: should it be killed all the same, that is not this machine's."""
    need("unshare")
    victim = stage.victim()
    shell = f'"$@" kill {" ".join(arguments)} --json; code=$?; : ; exit $code'
    run = stage.run("unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", shell, "sh", *stage.command())
    check(run, GUARDED, "process 1 (sh) is protected", victim=victim)
    assert [one["reason"] for one in run.json["processes"]] == ["init"]


def test_who_runs_it_is_protected(stage: Stage):
    victim = stage.victim()
    shell = '"$@" kill --pid $$ --json; code=$?; : ; exit $code'
    run = stage.run("sh", "-c", shell, "sh", *stage.command())
    check(run, GUARDED, "(sh) is protected", "--include ancestor", victim=victim)
    assert [one["reason"] for one in run.json["processes"]] == ["ancestor"]


def in_namespaces(stage: Stage, *arguments: Word, how: tuple[str, ...], **more) -> Run:
    """Run swapctl with namespaces of its own for processes and mounts."""
    need("unshare", "mount")
    wrapper = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", *how)
    return stage.swapctl(*arguments, wrapper=wrapper, **more)


def test_the_processes_of_others_are_hidden(stage: Stage):
    victim = stage.victim()
    for arguments in ((stage.mark,), (stage.mark, "--user", "root"), ("--pid", str(victim.pid))):
        run = in_namespaces(stage, "kill", *arguments, how=HIDDEN, nobody=True)
        check(run, GUARDED, "hidepid", "run as root", victim=victim)


def test_the_processes_of_others_are_hidden_and_not_meant(stage: Stage):
    run = in_namespaces(stage, "kill", stage.mark, "--user", str(NOBODY), how=HIDDEN, nobody=True)
    assert (run.code, run.json["processes"], run.json["partial"]) == (1, [], True)


def test_the_processes_of_others_are_hidden_from_who_only_looks(stage: Stage):
    run = in_namespaces(stage, "find", stage.mark, how=HIDDEN, nobody=True)
    assert (run.code, run.json["partial"], run.err) == (1, True, "")
    run = in_namespaces(stage, "find", stage.mark, how=HIDDEN, nobody=True, text=True)
    assert (run.code, run.out) == (1, "")
    assert "hidepid" in run.err
    run = in_namespaces(stage, "find", stage.mark, how=HIDDEN)
    assert (run.code, run.json["partial"]) == (1, False)  # root sees all


@pytest.mark.parametrize("verb", ["find", "kill"])
def test_a_proc_of_another_namespace(stage: Stage, verb: str):
    """Its numbers mean other processes."""
    victim = stage.victim()
    run = in_namespaces(stage, verb, stage.mark, how=())
    check(run, GUARDED, "/proc does not show this PID namespace", "mount -t proc", victim=victim)


@pytest.mark.parametrize("verb", ["find", "kill"])
@pytest.mark.parametrize("hide", ["umount --lazy /proc", "mount -t tmpfs none /proc"])
def test_no_proc(stage: Stage, verb: str, hide: str):
    victim = stage.victim()
    run = in_namespaces(stage, verb, stage.mark, how=("sh", "-c", f'{hide} && exec "$@"', "sh"))
    check(run, GUARDED, "/proc", "mount", victim=victim)
