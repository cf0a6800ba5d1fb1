"""What changes of configuration do to a file tree, and how they take it back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from swapctl.errors import Failed, RolledBack
from swapctl.host import LocalHost
from swapctl.swap.action import Action
from swapctl.swap.texts import Link, MakeDirectory, Mask, RemoveDirectory, SetValue, Unlink, WriteText
from swapctl.swap.transaction import Transaction

if TYPE_CHECKING:
    from pathlib import Path


class Fail(Action):
    """An action that fails, so that those before it are taken back."""

    name = "fail"

    def apply(self, run: Transaction) -> None:  # noqa: ARG002
        raise Failed("it failed on purpose")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "conf").write_text("one\ntwo\n")
    (tmp_path / "etc" / "link").symlink_to("conf")
    (tmp_path / "etc" / "empty").mkdir()
    (tmp_path / "sys").mkdir()
    (tmp_path / "sys" / "value").write_text("60\n")
    return tmp_path


def perform(tree: Path, *actions: Action) -> None:
    Transaction(LocalHost(str(tree))).perform(actions)


def look(tree: Path) -> dict[str, str]:
    """Return what every name holds or leads to."""
    return {
        str(path.relative_to(tree)): f"-> {os.readlink(path)}"
        if path.is_symlink()
        else "directory"
        if path.is_dir()
        else path.read_text()
        for path in sorted(tree.rglob("*"))
    }


DONE = [
    pytest.param(WriteText("one\ntwo\n", "one\n", "/etc/conf"), {"etc/conf": "one\n"}, id="text"),
    pytest.param(WriteText(None, "new\n", "/etc/new"), {"etc/new": "new\n"}, id="new-text"),
    pytest.param(WriteText("one\ntwo\n", None, "/etc/conf"), {"etc/conf": None}, id="text-deleted"),
    pytest.param(MakeDirectory("/etc/conf.d"), {"etc/conf.d": "directory"}, id="directory"),
    pytest.param(RemoveDirectory("/etc/empty"), {"etc/empty": None}, id="directory-removed"),
    pytest.param(Link("/etc/other", "link"), {"etc/other": "-> link"}, id="link"),
    pytest.param(Link("/etc/link", "other", "conf"), {"etc/link": "-> other"}, id="link-elsewhere"),
    pytest.param(Mask("/etc/a.swap"), {"etc/a.swap": "-> /dev/null"}, id="mask"),
    pytest.param(Unlink("/etc/link", "conf"), {"etc/link": None}, id="unlink"),
    pytest.param(SetValue("/sys/value", "10\n", "60\n"), {"sys/value": "10\n"}, id="value"),
]


@pytest.mark.parametrize(("action", "change"), DONE)
def test_what_it_changes(tree, action, change):
    wanted = {**look(tree), **change}
    perform(tree, action)
    assert look(tree) == {name: text for name, text in wanted.items() if text is not None}


@pytest.mark.parametrize(("action", "change"), DONE)
def test_it_is_undone_when_a_later_action_fails(tree, action, change):
    before = look(tree)
    with pytest.raises(RolledBack):
        perform(tree, action, Fail())
    assert look(tree) == before
    assert change.items() - before.items()


def test_a_directory_that_others_have_filled_meanwhile_stays(tree):
    class Fill(Fail):
        def apply(self, run):
            (tree / "etc" / "conf.d" / "theirs").write_text("")
            super().apply(run)

    with pytest.raises(RolledBack):
        perform(tree, MakeDirectory("/etc/conf.d"), Fill())
    assert (tree / "etc" / "conf.d" / "theirs").exists()


def test_a_directory_is_not_removed_when_somebody_has_put_something_there(tree):
    (tree / "etc" / "empty" / "theirs").write_text("")
    before = look(tree)
    perform(tree, RemoveDirectory("/etc/empty"))
    assert look(tree) == before


def test_a_text_that_somebody_else_changed_is_not_overwritten(tree):
    with pytest.raises(RolledBack, match=r"^/etc/conf: somebody else changed it meanwhile"):
        perform(tree, WriteText("something else\n", "after\n", "/etc/conf"))
    assert (tree / "etc" / "conf").read_text() == "one\ntwo\n"


@pytest.mark.parametrize(
    ("action", "name", "detail"),
    [
        (WriteText("one\ntwo\n", "one\n2\n", "/etc/conf"), "write", "/etc/conf: - two; + 2"),
        (WriteText(None, "one\n", "/etc/conf"), "write", "/etc/conf: + one"),
        (WriteText("one\n", None, "/etc/conf"), "write", "/etc/conf, deleted: - one"),
        (WriteText(None, "", "/etc/conf"), "write", "/etc/conf: empty"),
        (MakeDirectory("/etc/conf.d"), "mkdir", "/etc/conf.d"),
        (RemoveDirectory("/etc/conf.d"), "rmdir", "/etc/conf.d"),
        (Link("/etc/a", "b"), "link", "/etc/a to b"),
        (Unlink("/etc/a", "b"), "unlink", "/etc/a"),
        (Mask("/etc/systemd/system/dev-zram0.swap"), "mask", "dev-zram0.swap"),
        (SetValue("/proc/sys/vm/swappiness", "10", "60"), "set", "vm.swappiness from 60 to 10"),
        (SetValue("/sys/module/zswap/parameters/enabled", "Y", "N"), "set", "/sys/module/zswap/parameters/enabled from N to Y"),
    ],
)  # fmt: skip
def test_what_a_dry_run_says_of_it(action, name, detail):
    assert action.to_dict() == {"name": name, "detail": detail}


def test_a_value_that_the_kernel_rounds_is_named_and_taken_back(tree):
    class Rounding(LocalHost):
        def set_value(self, path, value):
            super().set_value(path, "64" if value == "63" else value)

    with pytest.raises(
        RolledBack, match=r"^the kernel makes 64 of 63 for /sys/value; what was done is undone"
    ) as caught:
        Transaction(Rounding(str(tree))).perform([SetValue("/sys/value", "63", "60")])
    assert caught.value.hint == "take 64"
    assert (tree / "sys" / "value").read_text() == "60\n"


def test_a_value_that_cannot_be_set_is_named_and_nothing_remains(tree):
    class ReadOnly(LocalHost):
        def set_value(self, path, _value):
            raise Failed(f"could not write to {path}: Read-only file system")

    with pytest.raises(
        RolledBack, match=r"^the kernel does not take 10 for /sys/value: could not write to /sys/value: Rea"
    ):
        Transaction(ReadOnly(str(tree))).perform([SetValue("/sys/value", "10", "60")])
