"""Drop-ins of swap units: what they say, which of them counts, and that nothing is done that they would undo at boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from swapctl.errors import Refused
from swapctl.swap import units
from swapctl.swap.area import Area
from swapctl.swap.drop_ins import DropIn, Values, directories, overridden, values
from swapctl.swap.plan import plan
from swapctl.swap.remedies import listed_priority
from tests.builders import active_file, facts

if TYPE_CHECKING:
    from swapctl.swap.facts import Target

PATH = "/etc/systemd/system/swapfile.swap.d/10-local.conf"
HERE = units.Surroundings(is_there=True)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        pytest.param(["[Swap]\nWhat=/x%%y\nPriority = 3\nOptions=discard,nofail"], ("/x%y", 3, "discard,nofail"), id="plain"),
        pytest.param(["[Swap]\nPriority=3", "[Swap]\nPriority=4"], ("", 4, ""), id="the-last-word"),
        pytest.param(["[Swap]\nPriority=3\nOptions=a", "[Swap]\nPriority=\nOptions="], ("", None, ""), id="taken-back"),
        pytest.param(["[Swap]\nPriority=3", "[Swap]\nPriority=-1"], ("", None, ""), id="the-kernel-chooses"),
        pytest.param(["[Swap]\nPriority=3", "[Swap]\nPriority=-2\nPriority=many\nPriority=40000"], ("", 3, ""), id="nonsense"),
        pytest.param(["[Unit]\nPriority=3\n[X-Ours]\nPriority=4"], ("", None, ""), id="other-sections"),
        pytest.param(["[Swap]\n#Priority=3\n ; Priority=4\n"], ("", None, ""), id="comments"),
        pytest.param(["[Swap]\nOptions=a,\\\n# between\n b\nPriority=2"], ("", 2, "a,b"), id="lines-that-go-on"),
        pytest.param(["[Swap]\nPriority=3\nOptions=pri=7,pri=8"], ("", 8, "pri=7,pri=8"), id="options-come-first"),
    ],
)  # fmt: skip
def test_reads_what_a_unit_says(texts, said):
    found = values(texts)
    assert (found.what, found.priority, ",".join(found.options)) == said


def test_looks_where_systemd_does():
    assert directories(r"var-my\x2dlib-swap.swap") == [
        r"var-my\x2dlib-swap.swap.d",
        r"var-my\x2dlib-.swap.d",
        "var-.swap.d",
    ]
    assert directories("swapfile.swap") == ["swapfile.swap.d"]


@pytest.mark.parametrize(
    ("texts", "culprit"),
    [
        pytest.param([], None, id="none"),
        pytest.param(["[Swap]\nTimeoutSec=5"], None, id="another-matter"),
        pytest.param(["[Swap]\nPriority=10\nOptions=sw,nofail"], None, id="the-same"),
        pytest.param(["[Swap]\nPriority=5"], (0, "Priority=5"), id="priority"),
        pytest.param(["[Swap]\nPriority="], (0, "an empty value"), id="taken-back"),
        pytest.param(["[Swap]\nOptions=discard"], (0, "Options=discard"), id="options"),
        pytest.param(["[Swap]\nWhat=/other"], (0, "What=/other"), id="what"),
        pytest.param(["[Swap]\nPriority=5", "[Swap]\nPriority=6", "[Swap]\nTimeoutSec=5"], (1, "Priority=6"), id="the-last"),
        pytest.param(["[Swap]\nPriority=5", "[Swap]\nPriority=10"], None, id="set-right-again"),
    ],
)  # fmt: skip
def test_tells_which_one_wins(texts, culprit):
    files = [DropIn("swapfile.swap", f"/{number}", text) for number, text in enumerate(texts)]
    expected = culprit and (f"/{culprit[0]}", culprit[1])
    assert overridden(Values("/swapfile", 10), files) == expected


def with_drop_in(text: str, name: str = "swapfile.swap") -> Target:
    return active_file(priority=10, drop_ins=(DropIn(name, PATH, text),))


@pytest.mark.parametrize("persist", ["fstab", "systemd"])
def test_refuses_what_a_drop_in_would_undo_at_boot(persist):
    target = with_drop_in("[Swap]\nPriority=5\nOptions=pri=5\n")
    with pytest.raises(
        Refused, match=f"^{PATH} says Priority=5 Options=pri=5, which wins at boot over What=/swapfile"
    ) as refusal:
        plan(Area("/swapfile", priority=10, persist=persist), facts(target, systemd=HERE))
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("text", "name", "persist"),
    [
        pytest.param("[Swap]\nTimeoutSec=5", "swapfile.swap", "systemd", id="another-matter"),
        pytest.param("[Swap]\nOptions=pri=5", "other.swap", "fstab", id="another-unit"),
        pytest.param("[Swap]\nPriority=5", "swapfile.swap", "fstab", id="fstab-says-pri"),
        pytest.param("[Swap]\nOptions=pri=5", "swapfile.swap", "none", id="not-listed"),
        pytest.param("[Swap]\nOptions=pri=5", "swapfile.swap", "keep", id="not-asked-about"),
    ],
)
def test_lets_be_what_changes_nothing(text, name, persist):
    plan(Area("/swapfile", priority=10, persist=persist), facts(with_drop_in(text, name), systemd=HERE))


def test_minds_no_drop_in_where_there_is_no_systemd():
    plan(Area("/swapfile", priority=10), facts(with_drop_in("[Swap]\nOptions=pri=5")))


def test_a_unit_is_what_it_says_with_its_drop_ins():
    drop_in = DropIn("swapfile.swap", PATH, "[Swap]\nPriority=5\nOptions=discard=once\n")
    unit = units.parse("swapfile.swap", "/etc/systemd/system/swapfile.swap", "[Swap]\nWhat=/swapfile\n", (), [drop_in])
    assert (unit.what, unit.priority, unit.options) == ("/swapfile", 5, ("discard=once",))
    assert unit.text == "[Swap]\nWhat=/swapfile\n"


def test_the_priority_at_boot_is_that_of_the_drop_in():
    target = with_drop_in("[Swap]\nOptions=pri=5")
    (listed,) = facts(target, text="/swapfile none swap pri=10 0 0\n").targets
    assert listed_priority(listed) == 5
