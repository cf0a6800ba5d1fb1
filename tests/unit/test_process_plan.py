"""Which of the processes that were found are stopped."""

from __future__ import annotations

import pytest

from swapctl.errors import Guard, InvalidInput
from swapctl.process import plan
from swapctl.process.plan import Limits, Protected
from swapctl.process.process import Process

ALLOWED = "allowed are init, ancestor, session, connection, namespace, sshd, swapctl, ansible"


def worker(pid: int) -> Process:
    return Process(pid, "worker", argv=("worker", str(pid)))


def found(*reasons: str) -> list[tuple[Process, str]]:
    """Return processes 1, 2, ... each with its reason to protect it."""
    return [(worker(number), reason) for number, reason in enumerate(reasons, 1)]


def test_whatever_is_not_protected_is_stopped_and_the_rest_is_listed():
    assert plan.choose(found("", "ancestor", "", "kernel"), Limits()) == (
        (worker(1), worker(3)),
        (Protected(worker(2), "ancestor"), Protected(worker(4), "kernel")),
    )


def test_where_nothing_is_found_there_is_nothing_to_do():
    assert plan.choose([], Limits()) == ((), ())


def test_the_candidates_may_come_one_by_one():
    assert plan.choose(iter(found("", "sshd")), Limits()) == ((worker(1),), (Protected(worker(2), "sshd"),))


@pytest.mark.parametrize("reason", plan.INCLUDABLE)
def test_what_is_included_is_stopped_though_it_is_protected(reason):
    assert plan.choose(found(reason), Limits()) == ((), (Protected(worker(1), reason),))
    assert plan.choose(found(reason), Limits(include=(reason,))) == ((worker(1),), ())


def test_only_the_kind_that_is_included_is_stopped():
    assert plan.choose(found("sshd", "session", ""), Limits(include=("sshd",))) == (
        (worker(1), worker(3)),
        (Protected(worker(2), "session"),),
    )


def test_this_process_and_the_kernels_threads_cannot_be_included():
    assert set(plan.REASONS) - set(plan.INCLUDABLE) == {"self", "kernel"}


@pytest.mark.parametrize(
    ("reasons", "limits"),
    [
        pytest.param(["", ""], Limits(expect=2), id="as-many-as-expected"),
        pytest.param([], Limits(expect=0), id="none-as-expected"),
        pytest.param(["sshd"], Limits(expect=0), id="protected-ones-do-not-count"),
        pytest.param(["sshd", ""], Limits(expect=2, include=("sshd",)), id="included-ones-count"),
        pytest.param([""] * 20, Limits(), id="as-many-as-usual"),
        pytest.param([""] * 20 + ["kernel"] * 5, Limits(), id="as-many-as-usual-beside-protected-ones"),
        pytest.param([""] * 3, Limits(most=3), id="as-many-as-allowed"),
        pytest.param([""] * 30, Limits(expect=30), id="more-than-usual-as-expected"),
        pytest.param([""] * 3, Limits(expect=3, most=1), id="the-expected-number-is-the-limit"),
    ],
)
def test_a_number_of_processes_that_is_right(reasons, limits):
    targets, protected = plan.choose(found(*reasons), limits)
    assert (len(targets), len(protected)) == (
        len([reason for reason in reasons if not limits.protects(reason)]),
        len([reason for reason in reasons if limits.protects(reason)]),
    )


LOOK = "look with find, then try again"


@pytest.mark.parametrize(
    ("reasons", "limits", "complaint"),
    [
        (["", ""], Limits(expect=1), f"2 processes match, and 1 were expected; hint: {LOOK}"),
        ([""], Limits(expect=2), f"1 process matches, and 2 were expected; hint: {LOOK}"),
        ([], Limits(expect=4), f"no processes match, and 4 were expected; hint: {LOOK}"),
        ([""], Limits(expect=0), f"1 process matches, and 0 were expected; hint: {LOOK}"),
        (["sshd"], Limits(expect=1), f"no processes match, and 1 were expected; hint: {LOOK}"),
        (
            [""] * 21,
            Limits(),
            (
                "21 processes match, and at most 20 are allowed;"
                " hint: look with find; narrow the choice, or allow it with --max 21"
            ),
        ),
        (
            ["", "", "kernel"],
            Limits(most=1),
            (
                "2 processes match, and at most 1 are allowed;"
                " hint: look with find; narrow the choice, or allow it with --max 2"
            ),
        ),
    ],
    ids=["too-many", "too-few", "none", "not-expected", "all-protected", "more-than-usual", "more-than-allowed"],
)
def test_a_number_of_processes_that_is_wrong_is_refused_with_those_that_were_found(reasons, limits, complaint):
    with pytest.raises(Guard) as caught:
        plan.choose(found(*reasons), limits)
    assert str(caught.value) == complaint
    assert caught.value.exit_code == 3
    assert caught.value.processes == tuple(
        process.to_dict() for process, reason in found(*reasons) if not limits.protects(reason)
    )


@pytest.mark.parametrize(
    ("reason", "complaint"),
    [
        ("init", "process 2 (worker) is protected: it is process 1; hint: --include init if it is meant all the same"),
        (
            "ancestor",
            (
                "process 2 (worker) is protected: it started this process, or what did;"
                " hint: --include ancestor if it is meant all the same"
            ),
        ),
        ("kernel", "process 2 (worker) is protected: it is a thread of the kernel"),
        ("self", "process 2 (worker) is protected: it is this process"),
    ],
)
def test_a_protected_process_that_is_asked_for_by_number_is_refused_with_why(reason, complaint):
    with pytest.raises(Guard) as caught:
        plan.choose(found("", reason), Limits(), by_number=True)
    assert str(caught.value) == complaint
    assert caught.value.processes == (Protected(worker(2), reason).to_dict(),)


def test_an_included_process_that_is_asked_for_by_number_is_stopped():
    assert plan.choose(found("init"), Limits(include=("init",)), by_number=True) == ((worker(1),), ())


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, {"expect": None, "most": 20, "include": ()}),
        ({"include": "sshd"}, {"expect": None, "most": 20, "include": ("sshd",)}),
        ({"include": ["sshd", "init"]}, {"expect": None, "most": 20, "include": ("sshd", "init")}),
        ({"include": None}, {"expect": None, "most": 20, "include": ()}),
        ({"expect": 0, "most": 1}, {"expect": 0, "most": 1, "include": ()}),
    ],
    ids=str,
)
def test_limits_hold_what_they_were_given(given, fields):
    assert Limits(**given).__dict__ == fields


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"expect": -1}, "expect -1 is not a whole number from 0"),
        ({"expect": "2"}, "expect '2' is not a whole number from 0"),
        ({"expect": 1.0}, "expect 1.0 is not a whole number from 0"),
        ({"expect": True}, "expect True is not a whole number from 0"),
        ({"most": 0}, "max 0 is not a whole number from 1"),
        ({"most": "2"}, "max '2' is not a whole number from 1"),
        ({"most": True}, "max True is not a whole number from 1"),
        ({"most": None}, "max None is not a whole number from 1"),
        ({"include": "all"}, f"include 'all' is no kind of protected process; hint: {ALLOWED}"),
        ({"include": ["sshd", "self"]}, f"include 'self' is no kind of protected process; hint: {ALLOWED}"),
        ({"include": ["kernel"]}, f"include 'kernel' is no kind of protected process; hint: {ALLOWED}"),
        ({"include": [""]}, f"include '' is no kind of protected process; hint: {ALLOWED}"),
    ],
    ids=lambda case: str(case) if isinstance(case, dict) else "",
)
def test_limits_that_make_no_sense_are_refused_with_what_is_allowed(given, complaint):
    with pytest.raises(InvalidInput) as caught:
        Limits(**given)
    assert str(caught.value) == complaint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("limits", "highest"),
    [(Limits(), 20), (Limits(most=5), 5), (Limits(expect=0), 0), (Limits(expect=30, most=5), 30)],
    ids=["usual", "most", "none", "expected"],
)
def test_how_many_may_be_stopped_in_all(limits, highest):
    assert limits.highest == highest


@pytest.mark.parametrize(
    ("reason", "protects"),
    [("", False), ("sshd", True), ("kernel", True), ("init", False)],
)
def test_whether_a_reason_protects(reason, protects):
    assert Limits(include=("init",)).protects(reason) is protects


@pytest.mark.parametrize(("reason", "detail"), plan.REASONS.items())
def test_a_protected_process_says_why(reason, detail):
    told = {"outcome": "protected", "reason": reason, "detail": detail}
    assert Protected(worker(7), reason).to_dict() == {**worker(7).to_dict(), **told}
