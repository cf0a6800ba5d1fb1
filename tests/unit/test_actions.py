"""What actions do to a file tree, and how they take it back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from swapctl.errors import Failed, Incomplete, RolledBack
from swapctl.host import LocalHost
from swapctl.swap.action import Action
from swapctl.swap.actions import (
    Create,
    Delete,
    DeleteOld,
    Rename,
    Replace,
    Resize,
    SetMode,
    Wipe,
    WriteFstab,
)
from swapctl.swap.signatures import Signature
from swapctl.swap.transaction import Transaction

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 1 << 20


class Fail(Action):
    """An action that fails, so that those before it are taken back."""

    name = "fail"

    @property
    def detail(self) -> str:
        return "on purpose"

    def apply(self, run: Transaction) -> None:  # noqa: ARG002
        raise Failed("it failed on purpose")


class FailToTidy(Fail):
    tidying = True


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "fstab").write_text("before\n")
    (tmp_path / "file").write_bytes(b"data")
    (tmp_path / "file").chmod(0o644)
    (tmp_path / "other").write_bytes(b"other")
    with (tmp_path / "hole").open("wb") as hole:
        hole.truncate(SIZE)
    return tmp_path


def perform(tree: Path, *actions: Action) -> Transaction:
    run = Transaction(LocalHost(str(tree)))
    run.perform(actions)
    return run


def look(tree: Path) -> dict[str, tuple[int, bytes]]:
    """Return the mode and bytes of every file."""
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    return {str(path.relative_to(tree)): (path.stat().st_mode & 0o777, path.read_bytes()) for path in files}


def test_create_makes_a_private_file_with_all_its_blocks(tree):
    perform(tree, Create("/new", SIZE, reserve=True), Create("/written", SIZE, reserve=False))
    for name in ("new", "written"):
        status = (tree / name).stat()
        assert (status.st_mode & 0o777, status.st_size) == (0o600, SIZE)
        assert status.st_blocks * 512 >= SIZE


def test_create_is_private_whatever_the_umask(tree):
    before = os.umask(0)
    try:
        perform(tree, Create("/new", SIZE))
    finally:
        os.umask(before)
    assert (tree / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("there", ["file", "link"])
def test_create_never_takes_what_is_there(tree, there):
    (tree / "link").symlink_to("nowhere")
    before = look(tree)
    with pytest.raises(RolledBack, match=rf"^/{there}: could not create it: File exists; what was done is undone"):
        perform(tree, Create(f"/{there}", SIZE))
    assert look(tree) == before


@pytest.mark.parametrize("reserve", [False, True])
@pytest.mark.parametrize("size", [SIZE * 2, SIZE // 2], ids=["longer", "shorter"])
def test_resize_leaves_the_file_with_all_its_blocks(tree, size, reserve):
    perform(tree, Create("/new", SIZE), Resize("/new", SIZE, size, reserve))
    status = (tree / "new").stat()
    assert status.st_size == size
    assert status.st_blocks * 512 >= size


@pytest.mark.parametrize("size", [SIZE * 2, SIZE, SIZE // 2], ids=["longer", "as-long", "shorter"])
def test_resize_fills_the_holes_of_a_sparse_file(tree, size):
    perform(tree, Resize("/hole", SIZE, size, reserve=True))
    status = (tree / "hole").stat()
    assert status.st_size == size
    assert status.st_blocks * 512 >= size


def test_replace_keeps_the_old_file_under_its_second_name(tree):
    perform(tree, Replace("/file", "/other", "/old"))
    found = {name: data for name, (_status, data) in look(tree).items() if name != "hole"}
    assert found == {"etc/fstab": b"before\n", "file": b"other", "old": b"data"}


def test_wipe_overwrites_the_signature_and_nothing_else(tree):
    perform(tree, Wipe("/file", (Signature("a name", 1, 2),)))
    assert (tree / "file").read_bytes() == b"d\0\0a"


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(Create("/new", SIZE), id="create"),
        pytest.param(Create("/new", SIZE, reserve=False), id="create-written"),
        pytest.param(Resize("/file", 4, SIZE), id="grow"),
        pytest.param(Resize("/hole", SIZE, SIZE // 2), id="shrink"),
        pytest.param(Rename("/file", "/new"), id="rename"),
        pytest.param(SetMode("/file", 0o644), id="mode"),
        pytest.param(Wipe("/file", (Signature("one", 0, 2), Signature("two", 1, 2))), id="wipe"),
        pytest.param(WriteFstab("before\n", "after\n"), id="fstab"),
        pytest.param(WriteFstab("before\n", "a\n", in_place=True), id="fstab-in-place"),
        pytest.param(WriteFstab("before\n", "after\n", backup=True), id="fstab-and-its-backup"),
    ],
)
def test_what_was_done_is_undone_when_a_later_action_fails(tree, action):
    before = look(tree)
    with pytest.raises(RolledBack) as caught:
        perform(tree, action, Fail())
    assert str(caught.value) == "it failed on purpose; what was done is undone, the machine is as it was"
    assert look(tree) == before


def test_an_fstab_that_was_not_there_is_taken_away_again(tree):
    (tree / "etc" / "fstab").unlink()
    with pytest.raises(RolledBack):
        perform(tree, WriteFstab(None, "after\n"), Fail())
    assert not (tree / "etc" / "fstab").exists()


def test_several_actions_are_undone_in_reverse(tree):
    actions = [
        Create("/new", SIZE),
        Replace("/file", "/new", "/old"),
        SetMode("/other", 0o644),
        Rename("/other", "/elsewhere"),
        WriteFstab("before\n", "after\n"),
    ]
    (tree / "other").chmod(0o644)
    before = look(tree)
    with pytest.raises(RolledBack):
        perform(tree, *actions, Fail())
    assert look(tree) == before


def test_an_fstab_that_somebody_else_changed_is_not_overwritten(tree):
    with pytest.raises(RolledBack, match=r"^/etc/fstab: somebody else changed it meanwhile"):
        perform(tree, WriteFstab("something else\n", "after\n"))
    assert (tree / "etc" / "fstab").read_text() == "before\n"


def test_what_tidies_up_is_no_reason_to_go_back(tree):
    with pytest.raises(Incomplete) as caught:
        perform(tree, WriteFstab("before\n", "after\n"), FailToTidy())
    assert str(caught.value) == (
        "the wanted state is reached, but not tidied up: it failed on purpose; hint: run it again: that tidies up"
    )
    assert caught.value.remains == ("fail on purpose",)
    assert (tree / "etc" / "fstab").read_text() == "after\n"


def test_what_cannot_be_undone_is_told(tree):
    class Hinder(Fail):
        def apply(self, run: Transaction) -> None:
            (tree / "made").unlink()
            (tree / "made").mkdir()
            super().apply(run)

    with pytest.raises(Incomplete) as caught:
        perform(tree, Create("/made", SIZE), Hinder())
    assert len(caught.value.remains) == 1
    assert caught.value.remains[0].startswith("/made, a new file, is there (")


@pytest.mark.parametrize("action", [Delete("/file"), DeleteOld("/file")], ids=["delete", "delete-old"])
def test_delete_is_content_with_a_file_that_is_gone(tree, action):
    perform(tree, action, action)
    assert not (tree / "file").exists()


@pytest.mark.parametrize("backup", [False, True])
def test_a_backup_is_kept_on_request_only(tree, backup):
    run = perform(tree, WriteFstab("before\n", "after\n", backup=backup))
    copies = [path for path in (tree / "etc").iterdir() if path.name != "fstab"]
    assert [path.read_text() for path in copies] == ["before\n"] * backup
    assert [f"/etc/{path.name}" for path in copies] == [run.backup_file] * backup


def test_progress_is_told_up_to_the_end(tree):
    told = []
    run = Transaction(LocalHost(str(tree)), lambda *words: told.append(words))
    run.perform([Create("/new", SIZE)])
    assert told == [("allocating /new", SIZE, SIZE)]
