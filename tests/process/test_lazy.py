"""A search opens no more than it needs: reading a process's memory can bring swapped pages back, and takes time."""

from __future__ import annotations

import os
import re
import sys
from typing import NamedTuple

import pytest

from tests.process.stage import Stage, need

DEAR = {"environ", "smaps", "smaps_rollup", "maps", "mem", "pagemap", "fd", "exe"}
USER = 1 << 30 | os.getpid()

LISTENS = """\
import socket

one = socket.create_server(("127.0.0.1", 0))
say()
say(one.getsockname()[1])
time.sleep(600)
"""

_CALL = re.compile(r'\d+ +(\w+)\((?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"((?:[^"\\]|\\.)+)"')
_OF_PROCESS = re.compile(r"/proc/(\d+)/([^/]+).*")


class Traced(NamedTuple):
    """What a run did with files."""

    pids: list[int]
    programs: int
    touched: set[tuple[int, str]]

    def asked_for(self, name: str) -> set[int]:
        """The processes of which a file was opened, or a link read."""
        return {pid for pid, touched in self.touched if touched == name}

    @property
    def names(self) -> set[str]:
        """The files of processes that were opened."""
        return {name for _pid, name in self.touched}


def traced(stage: Stage, verb: str, *arguments: str, marked: bool = True) -> Traced:
    """Run swapctl and see the name of each file that it gives to the kernel, whether there is one or not."""
    need("strace")
    mark = (f"{stage.mark[:-1]}[{stage.mark[-1]}]", "--regex") if marked else ()  # strace's words do not match it
    trace = stage.directory / "trace"
    wrapper = ("strace", "-f", "-y", "-s", "4096", "-o", trace, "-e", "trace=%file")
    run = stage.swapctl(verb, *mark, *arguments, wrapper=wrapper)
    found = filter(None, map(_CALL.match, trace.read_text(encoding="utf-8", errors="replace").splitlines()))
    calls = [(one[1], os.path.join(one[2] or "", one[3])) for one in found]
    touched = [match for match in (_OF_PROCESS.fullmatch(path) for _name, path in calls) if match]
    return Traced(
        [one["pid"] for one in run.json["rows" if verb == "ps" else "processes"]],
        sum(name.startswith("exec") for name, _path in calls),
        {(int(match[1]), match[2]) for match in touched},
    )


def test_no_command_line_of_other_users_is_read(stage: Stage):
    victim = stage.victim(f"become({USER})\nsleep()")
    stage.victim()
    seen = traced(stage, "find", "--user", str(USER))
    assert (seen.pids, seen.asked_for("cmdline")) == ([victim.pid], {victim.pid})
    assert seen.names & DEAR == set()


def test_no_command_line_is_read_where_none_is_asked_for(stage: Stage):
    seen = traced(stage, "find", "--user", str(USER), marked=False)
    assert (seen.pids, seen.names) == ([], {"status"})


def test_who_uses_most_is_found_from_one_file_of_each(stage: Stage):
    stage.victim()
    seen = traced(stage, "ps", "--sort", "rss", "--limit", "1", marked=False)
    assert len(seen.asked_for("status")) > 3
    assert len(seen.asked_for("stat")) <= 1  # none, where the one that was to be shown has ended meanwhile
    assert seen.names <= {"status", "stat"}


def test_whose_figures_are_shown_needs_not_show_a_command_line(stage: Stage):
    victim = stage.victim(f"become({USER})\nsleep()")
    seen = traced(stage, "ps", "--user", str(USER), "--pss", marked=False)
    assert seen.pids == [victim.pid]
    assert seen.asked_for("smaps_rollup") == {victim.pid}
    assert seen.names == {"status", "stat", "smaps_rollup"}


@pytest.mark.parametrize(
    ("selector", "dear"),
    [
        ((), set()),
        (("--user", "0", "--parent", str(os.getpid()), "--state", "RSD", "--older-than", "0", "--min-rss", "1"), set()),
        (("--exe", sys.executable), {"exe"}),
        (("--env", "WANTED"), {"environ"}),
        (("--port", "PORT"), {"fd"}),
    ],
    ids=["nothing", "cheap", "exe", "env", "port"],
)
def test_nothing_dear_is_opened_unless_asked_for(stage: Stage, selector: tuple[str, ...], dear: set[str]):
    victim = stage.victim(LISTENS, env={"WANTED": "one"})
    port = victim.heard()
    seen = traced(stage, "find", *(port if word == "PORT" else word for word in selector))
    assert seen.pids == [victim.pid]
    assert {(pid, name) for pid, name in seen.touched if name in DEAR} == {(victim.pid, name) for name in dear}


@pytest.mark.parametrize("verb", ["find", "kill"])
def test_no_program_is_started(stage: Stage, verb: str):
    victim = stage.victim()
    seen = traced(stage, verb)
    assert (seen.pids, seen.programs) == ([victim.pid], 1)
