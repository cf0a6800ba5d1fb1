"""What is known of a process, and what became of it."""

from __future__ import annotations

import pytest

from swapctl.process.find import Listing
from swapctl.process.plan import Protected
from swapctl.process.process import Process, Unknown
from swapctl.process.result import GONE, LEFT, SENT, Outcome, Result

WORKER = Process(
    4711,
    "worker",
    inode=99,
    parent=1,
    argv=("/srv/worker", "", "a b"),
    uid=1000,
    user="app",
    state="S",
    session=4000,
    threads=3,
    age=12.3456,
    started=5.0,
    rss=4096,
    swap=8192,
    foreign=True,
)
WORKER_DICT = {
    "pid": 4711,
    "inode": 99,
    "name": "worker",
    "command": "/srv/worker  a b",
    "argv": ["/srv/worker", "", "a b"],
    "user": "app",
    "uid": 1000,
    "parent_pid": 1,
    "session": 4000,
    "state": "S",
    "threads": 3,
    "age": 12.35,
    "rss": 4096,
    "swap": 8192,
}
SECRET = Unknown(7, "secret", "no permission to learn its exe")
SSHD = Protected(Process(8, "sshd"), "sshd")


def became(outcome: str, *signals: str, pid: int = 4711, detail: str = "") -> Outcome:
    return Outcome(Process(pid, "worker"), outcome, signals=signals, detail=detail)


def test_a_process_as_documented():
    assert WORKER.to_dict() == WORKER_DICT
    assert list(WORKER.to_dict()) == list(WORKER_DICT)


def test_a_process_of_which_little_is_known():
    assert Process(4711, "worker").to_dict() == {
        "pid": 4711,
        "inode": None,
        "name": "worker",
        "command": "",
        "argv": [],
        "user": "",
        "uid": None,
        "parent_pid": 0,
        "session": 0,
        "state": "",
        "threads": 1,
        "age": 0.0,
        "rss": 0,
        "swap": 0,
    }


@pytest.mark.parametrize(
    ("process", "shown"),
    [
        pytest.param(WORKER, "/srv/worker  a b", id="command"),
        pytest.param(Process(2, "kthreadd"), "[kthreadd]", id="name"),
        pytest.param(Process(2, "a", argv=("",)), "[a]", id="an-empty-program"),
        pytest.param(Process(2, ""), "[]", id="an-empty-name"),
        pytest.param(Process(2, "a", argv=("a\nb", "\udcff")), "a\nb \udcff", id="newline-and-not-utf-8"),
    ],
)
def test_a_process_shows_its_command_or_its_name(process, shown):
    assert process.shown == shown


@pytest.mark.parametrize(
    ("state", "threads", "zombie"),
    [("Z", 1, True), ("X", 1, True), ("Z", 0, True), ("Z", 2, False), ("S", 1, False), ("", 1, False)],
)
def test_a_zombie_has_no_thread_that_lives(state, threads, zombie):
    assert Process(1, "a", state=state, threads=threads).zombie is zombie


def test_an_unknown_process_as_documented():
    assert SECRET.to_dict() == {"pid": 7, "name": "secret", "reason": "no permission to learn its exe"}


def test_an_outcome_as_documented():
    outcome = Outcome(
        WORKER,
        "survived",
        signals=("TERM", "CONT", "KILL"),
        status=-9,
        elapsed=1.23456,
        parent=(1, "systemd"),
        tracer=(5, "strace"),
        wchan="do_exit",
        detail="strace (5) traces it",
    )
    expected = {
        **WORKER_DICT,
        "outcome": "survived",
        "signals": ["TERM", "CONT", "KILL"],
        "status": -9,
        "elapsed": 1.235,
        "parent": {"pid": 1, "name": "systemd"},
        "tracer": {"pid": 5, "name": "strace"},
        "wchan": "do_exit",
        "detail": "strace (5) traces it",
    }
    assert outcome.to_dict() == expected
    assert list(outcome.to_dict()) == list(expected)


def test_an_outcome_of_which_nothing_more_is_known():
    assert Outcome(WORKER, "vanished").to_dict() == {
        **WORKER_DICT,
        "outcome": "vanished",
        "signals": [],
        "status": None,
        "elapsed": None,
        "parent": None,
        "tracer": None,
        "wchan": None,
        "detail": "",
    }


def test_a_result_as_documented():
    gone = became("exited", "TERM")
    result = Result((gone,), (SSHD,), (SECRET,), partial=True)
    expected = {
        "changed": True,
        "processes": [gone.to_dict()],
        "protected": [SSHD.to_dict()],
        "unknown": [SECRET.to_dict()],
        "partial": True,
        "trouble": "",
    }
    assert result.to_dict() == expected
    assert list(result.to_dict()) == list(expected)


def test_a_listing_as_documented():
    assert Listing((WORKER,), (SECRET,), partial=True).to_dict() == {
        "processes": [WORKER_DICT],
        "unknown": [SECRET.to_dict()],
        "partial": True,
    }


@pytest.mark.parametrize(
    ("listing", "status"),
    [(Listing((WORKER,)), 0), (Listing(()), 1), (Listing((), (SECRET,)), 1)],
    ids=["found", "nothing", "nothing-for-certain"],
)
def test_the_exit_status_of_looking(listing, status):
    assert listing.exit_status == status


@pytest.mark.parametrize(
    ("result", "status"),
    [
        pytest.param(Result(()), 1, id="nothing-matched"),
        pytest.param(Result((), (SSHD,)), 1, id="all-protected"),
        pytest.param(Result((became("exited", "TERM"),)), 0, id="exited"),
        pytest.param(Result((became("zombie", "TERM"),)), 0, id="a-zombie-is-gone"),
        pytest.param(Result((became("vanished"),)), 0, id="vanished"),
        pytest.param(Result((became("signalled", "HUP"),)), 0, id="signalled"),
        pytest.param(Result((became("planned"),)), 0, id="planned"),
        pytest.param(Result((became("exited", "TERM"),), (SSHD,)), 0, id="gone-beside-protected"),
        pytest.param(Result((became("survived", "TERM"),)), 4, id="survived"),
        pytest.param(Result((became("stuck", "KILL"),)), 4, id="stuck"),
        pytest.param(Result((became("denied"),)), 4, id="denied"),
        pytest.param(Result((became("respawned"),)), 4, id="respawned"),
        pytest.param(Result((became("exited", "TERM"), became("survived", "TERM"))), 4, id="one-of-two-left"),
        pytest.param(Result((became("exited", "TERM"),), (), (SECRET,)), 4, id="one-not-known"),
        pytest.param(Result((), (), (SECRET,)), 4, id="none-for-certain"),
        pytest.param(Result((became("exited", "TERM"),), partial=True), 0, id="a-partial-view"),
        pytest.param(Result((became("survived", "TERM"),), interrupted=True), 130, id="interrupted"),
        pytest.param(Result((), interrupted=True), 130, id="interrupted-with-nothing-done"),
    ],
)
def test_the_exit_status_of_stopping(result, status):
    assert result.exit_status == status


@pytest.mark.parametrize(
    ("outcomes", "changed"),
    [
        pytest.param((), False, id="nothing-matched"),
        pytest.param((became("vanished"),), False, id="gone-before-any-signal"),
        pytest.param((became("zombie"),), False, id="a-zombie-before-any-signal"),
        pytest.param((became("denied"),), False, id="denied"),
        pytest.param((became("respawned"),), False, id="not-signalled-any-more"),
        pytest.param((became("exited", "TERM"),), True, id="exited"),
        pytest.param((became("zombie", "TERM"),), True, id="made-a-zombie"),
        pytest.param((became("survived", "TERM"),), True, id="a-signal-came-though-it-lives"),
        pytest.param((became("denied", "TERM"),), True, id="denied-after-a-signal"),
        pytest.param((became("signalled", "HUP"),), True, id="signalled"),
        pytest.param((became("planned"),), True, id="planned"),
        pytest.param((became("vanished"), became("planned")), True, id="one-of-two"),
    ],
)
def test_changed_is_whether_a_signal_came_or_would_come_to_a_live_process(outcomes, changed):
    assert Result(outcomes).changed is changed


def test_every_outcome_is_good_or_bad():
    assert {"exited", "zombie", "vanished", "signalled", "planned"} == GONE | SENT
    assert {"survived", "stuck", "denied", "respawned"} == LEFT


def test_those_that_are_left():
    outcomes = tuple(became(outcome) for outcome in sorted(GONE | SENT | LEFT))
    assert Result(outcomes).left == tuple(became(outcome) for outcome in sorted(LEFT))


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        pytest.param(Result(()), "", id="nothing-matched"),
        pytest.param(Result((became("exited", "TERM"), became("zombie"))), "", id="all-gone"),
        pytest.param(Result((became("planned"),), (SSHD,)), "", id="planned"),
        pytest.param(Result((became("survived", "TERM"),)), "4711 (worker) survived", id="left"),
        pytest.param(
            Result((became("survived", "TERM", detail="it ignores TERM"), became("exited"), became("denied", pid=5))),
            "4711 (worker) survived: it ignores TERM; 5 (worker) denied",
            id="several-left",
        ),
        pytest.param(Result((), (), (SECRET,)), "1 process could not be examined", id="one-not-known"),
        pytest.param(Result((), (), (SECRET, SECRET)), "2 processes could not be examined", id="two-not-known"),
        pytest.param(
            Result((became("stuck", "KILL", detail="it waits"),), (), (SECRET, SECRET), interrupted=True),
            "4711 (worker) stuck: it waits; 2 processes could not be examined; interrupted",
            id="everything-at-once",
        ),
        pytest.param(Result((), interrupted=True), "interrupted", id="interrupted"),
    ],
)
def test_what_is_wrong_in_one_line(result, failure):
    assert result.failure == failure


LINE = "4711 [worker]\n"


@pytest.mark.parametrize(
    ("outcome", "before", "after"),
    [
        pytest.param(became("exited", "TERM"), LINE, "", id="exited"),
        pytest.param(became("planned"), LINE, "", id="planned"),
        pytest.param(became("zombie", "TERM"), LINE, "", id="made-a-zombie"),
        pytest.param(became("zombie"), "", "", id="a-zombie-already"),
        pytest.param(became("vanished"), "", "", id="vanished"),
        pytest.param(became("signalled", "HUP"), LINE, LINE, id="signalled"),
        pytest.param(became("survived", "TERM"), LINE, LINE, id="survived"),
        pytest.param(became("stuck", "KILL"), LINE, LINE, id="stuck"),
        pytest.param(became("denied"), LINE, LINE, id="denied"),
        pytest.param(became("respawned"), "", LINE, id="respawned"),
    ],
)
def test_the_processes_before_and_after(outcome, before, after):
    assert Result((outcome,)).diff() == {"before": before, "after": after}


def test_each_process_is_one_line_of_the_difference():
    first = Outcome(Process(1, "a", argv=("/srv/a", "-v")), "exited", signals=("TERM",))
    second = Outcome(Process(2, "b"), "survived", signals=("TERM",))
    assert Result((first, second)).diff() == {"before": "1 /srv/a -v\n2 [b]\n", "after": "2 [b]\n"}
