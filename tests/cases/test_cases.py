"""Run the cases: each directory here is one. README.md tells how they are written."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from swapctl import sizes, swap
from swapctl.errors import SwapctlError
from swapctl.swap.actions import WriteFstab
from tests.builders import header_bytes
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HERE = ROOT / "tests" / "cases"
CASES = sorted(path.name for path in HERE.iterdir() if re.match(r"\d\d-", path.name))
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
FSTAB = "etc/fstab"
# How blocks come about is the business of the file system that the tests happen to run on.
HOW = re.compile(r", (preallocated|written in full)(, no copy-on-write)?$")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return an empty root."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "etc").mkdir()
    return root


@pytest.mark.parametrize("case", CASES)
def test_case(case, tree):
    directory = HERE / case
    _build(tree, directory)
    before = _contents(tree)

    told = _dry_run(tree, _areas(directory))

    assert told == {path.name: path.read_text(encoding="utf-8") for path in (directory / "expected").iterdir()}
    assert _contents(tree) == before


@pytest.mark.parametrize("case", CASES)
def test_case_is_complete(case):
    """A directory that lacks a part would test less than it shows."""
    names = {path.name for path in (HERE / case).iterdir()}
    expected = {path.name for path in (HERE / case / "expected").iterdir()}
    assert {"wanted.json", "expected"} <= names <= {"wanted.json", "expected", "root", "files.txt"}
    assert expected in ({"error"}, {"actions"}, {"actions", "fstab"})


def _areas(directory: Path) -> list[swap.Area]:
    wanted = json.loads((directory / "wanted.json").read_text(encoding="utf-8"))
    return [swap.Area(**one) for one in (wanted if isinstance(wanted, list) else [wanted])]


def _dry_run(tree: Path, areas: list[swap.Area]) -> dict[str, str]:
    """Return what a dry run tells, under the names of the files that say what it should."""
    try:
        result = swap.converge(areas, dry_run=True, host=swap.LocalHost(str(tree)))
    except SwapctlError as error:
        return {"error": f"{error}\n"}
    actions = [f"{action.name} {HOW.sub('', action.detail)}\n" for action in result.actions]
    told = {"actions": "".join(actions)}
    text = _read(tree / FSTAB)
    for action in result.actions:
        if isinstance(action, WriteFstab):
            assert action.before == text
            text = action.after
    return told if text is None else {**told, "fstab": text}


# making the tree


def _build(tree: Path, directory: Path) -> None:
    if (directory / "root").is_dir():
        shutil.copytree(directory / "root", tree, symlinks=True, dirs_exist_ok=True)
    for line in (_read(directory / "files.txt") or "").splitlines():
        if line and not line.startswith("#"):
            what, path, *more = shlex.split(line)
            about = dict(word.split("=", 1) for word in more if "=" in word)
            _MAKE[what](tree / path.lstrip("/"), [word for word in more if "=" not in word], about)


def _swap(path: Path, words: list[str], about: dict[str, str]) -> None:
    size = sizes.parse(words[0]).amount
    told = sizes.parse(about.get("header", words[0])).amount
    header = header_bytes(
        told // PAGE_SIZE, page_size=PAGE_SIZE, uuid=about.get("uuid", ""), label=about.get("label", "").encode()
    )
    _write(path, header, size, about, holes="sparse" in words)


def _zeros(path: Path, words: list[str], about: dict[str, str]) -> None:
    _write(path, b"", sizes.parse(words[0]).amount, about)


def _hole(path: Path, words: list[str], about: dict[str, str]) -> None:
    _write(path, b"", sizes.parse(words[0]).amount if words else 0, about, holes=True)


def _text(path: Path, _words: list[str], about: dict[str, str]) -> None:
    data = about["text"].encode()
    _write(path, data, len(data), about)


def _write(path: Path, head: bytes, size: int, about: dict[str, str], *, holes: bool = False) -> None:
    """Write a file that begins with *head* and is zeros or a hole from there, as swapctl itself would on this disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    host = swap.LocalHost()
    host.create(str(path), nocow=_copies_on_write(path))
    if not holes:
        host.allocate(str(path), 0, size, reserve=False)
    with path.open("r+b") as file:
        file.write(head)
        file.truncate(size)
    path.chmod(int(about.get("mode", "600"), 8))


def _copies_on_write(path: Path) -> bool:
    place = swap.facts(swap.LocalHost(), [str(path)]).targets[0].filesystem
    return place is not None and place.copies_on_write


def _directory(path: Path, _words: list[str], _about: dict[str, str]) -> None:
    path.mkdir(parents=True)


def _link(path: Path, _words: list[str], about: dict[str, str]) -> None:
    path.symlink_to(about["to"])


def _fifo(path: Path, _words: list[str], _about: dict[str, str]) -> None:
    os.mkfifo(path)


_MAKE = {
    "swap": _swap,
    "zeros": _zeros,
    "hole": _hole,
    "text": _text,
    "directory": _directory,
    "link": _link,
    "fifo": _fifo,
}


# looking at it


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _contents(tree: Path) -> dict[str, tuple[int, bytes]]:
    """Return the mode and the bytes of everything in *tree*."""
    paths = sorted(tree.rglob("*"))
    return {
        str(path.relative_to(tree)): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() and not path.is_symlink() else b"",
        )
        for path in paths
    }
