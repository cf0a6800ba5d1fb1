"""One process in full: prepared ones, against what was done to them and what the kernel says."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import Browser
from tests.process.silent import LONGEST
from tests.process.stage import need, state, until
from tests.process.test_usage import FORKED, HOLDER, MIB, NEAR, SWAPPED, major_faults, status
from tests.support import ROOT, missing
from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.process.stage import Stage, Victim
    from tests.system.machine import Machine


def look(stage: Stage, pid: int | str, *options: str, **how: Any) -> dict[str, Any]:
    run = stage.swapctl("inspect", str(pid), *options, **how)
    assert run.code == 0, run.err
    one: dict[str, Any] = run.json
    return one


def child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return int(child)


def rollup(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def largest(one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = max(one["mappings"], key=lambda mapping: mapping["resident"] + mapping["swap"])
    return found


def test_it_is_the_one_that_is_meant(stage: Stage):
    victim = stage.victim()
    one = look(stage, victim.pid)
    assert (one["pid"], one["inode"], one["state"], one["user"]) == (victim.pid, victim.inode, "S", "root")
    assert one["exe"] == os.readlink(f"/proc/{victim.pid}/exe")
    raw = Path(f"/proc/{victim.pid}/cmdline").read_bytes()
    assert [os.fsencode(word) for word in one["argv"]] == raw.split(b"\0")[:-1]
    assert one["parents"][0]["pid"] == os.getpid()
    assert (one["orphan"], one["doubts"]) == (False, [])
    by_pattern = stage.swapctl("inspect", stage.mark).json
    assert by_pattern["inode"] == victim.inode


def test_memory_is_what_the_kernel_says(stage: Stage):
    victim = stage.victim(HOLDER + "os.read(0, 1)\n", "24")
    one = look(stage, victim.pid)
    memory = one["memory"]
    assert (memory["resident"], memory["virtual"]) == (status(victim.pid, "VmRSS"), status(victim.pid, "VmSize"))
    assert memory["page_tables"] == status(victim.pid, "VmPTE")
    for name, key in (("proportional", "Pss"), ("private_dirty", "Private_Dirty"), ("shared_clean", "Shared_Clean")):
        assert abs(memory[name] - rollup(victim.pid, key)) < NEAR
    assert 24 * MIB <= memory["private_dirty"] < 24 * MIB + 8 * NEAR
    held = largest(one)
    assert (held["kind"], held["permissions"]) == ("anonymous", "rw-p")
    assert held["resident"] >= 24 * MIB


def test_what_is_shared_out_is_the_kernels_own_sum(stage: Stage):
    victim = stage.victim()
    between: list[bool] = []
    while not any(between) and len(between) < 20:  # others who share its libraries come and go
        one = look(stage, victim.pid)
        missed = one["memory"]["proportional"] - sum(each["proportional"] for each in one["mappings"])
        between.append(0 < missed < len(one["mappings"]) << 10)  # of each mapping, less than one KiB
    assert any(between)


def test_shared_memory_in_swap_is_in_its_mapping_alone(stage: Stage, machine: Machine):
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "32000"))
    shared = HOLDER.replace("MAP_PRIVATE", "MAP_SHARED")
    victim = stage.victim(f"{shared}held.madvise(21)\nsay('swapped')\nos.read(0, 1)\n", "5")
    assert victim.heard() == "swapped"
    one = look(stage, victim.pid)
    held = largest(one)
    assert (held["kind"], held["swap"], held["swap_proportional"]) == ("shared", 5 * MIB, 0)
    assert (one["memory"]["swap"], one["memory"]["swap_proportional"]) == (0, 0)


def test_every_mapping_is_there(stage: Stage):
    victim = stage.victim()
    lines = Path(f"/proc/{victim.pid}/maps").read_text(encoding="utf-8").splitlines()
    one = look(stage, victim.pid)
    assert [f"{each['begin']}-{each['end']}" for each in one["mappings"]] == [
        "-".join(end.lstrip("0") for end in line.split()[0].split("-")) for line in lines
    ]
    kinds = {each["kind"] for each in one["mappings"]}
    assert {"text", "rodata", "data", "heap", "file", "anonymous", "stack", "vdso", "vvar"} <= kinds


def test_what_is_swapped_out_stays_there(stage: Stage, machine: Machine):
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "32000"))
    victim = stage.victim(SWAPPED, "48", "32")
    assert victim.heard() == "swapped"
    before = status(victim.pid, "VmSwap"), major_faults(victim.pid)
    assert before[0] >= 31 * MIB
    one = look(stage, victim.pid)
    held = largest(one)
    assert one["memory"]["swap"] == before[0]
    assert 31 * MIB <= held["swap"] <= 33 * MIB
    assert held["resident"] + held["swap"] >= 48 * MIB
    text = stage.swapctl("inspect", str(victim.pid), text=True)
    (filled,) = [line.split()[9] for line in text.out.splitlines() if "~" in line and " anonymous " in line]
    assert (len(filled), filled.count("#"), filled.count("~")) == (
        14,
        5,
        9,
    )  # 2 ** 13 pages and more: a third of it in RAM
    assert (status(victim.pid, "VmSwap"), major_faults(victim.pid)) == before


def test_a_command_line_in_swap_is_left_there_unless_asked_for(stage: Stage, machine: Machine):
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "32000"))
    victim = stage.victim()
    victim.send(signal.SIGSTOP)
    until(lambda: state(victim.pid) == "T", "it touches nothing any more")
    begin, end = next(
        (int(word, 16) for word in line.split()[0].split("-"))
        for line in Path(f"/proc/{victim.pid}/maps").read_text(encoding="utf-8").splitlines()
        if line.endswith("[stack]")
    )

    def stays() -> bool:
        page_out(victim.pid, begin, end - begin)
        before = status(victim.pid, "VmSwap")
        assert before
        one = look(stage, victim.pid)
        assert (one["argv"], len(one["doubts"])) == (None, 1)
        return status(victim.pid, "VmSwap") == before

    assert any(stays() for _try in range(5))  # somebody else who lists processes may have read it meanwhile
    assert stage.mark in look(stage, victim.pid, "--args")["argv"]


def page_out(pid: int, begin: int, length: int) -> None:
    """Have the kernel swap out what another process has (process_madvise(2), MADV_PAGEOUT)."""

    class Part(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.pidfd_open(pid)
    try:
        part = Part(begin, length)
        done = libc.syscall(440, descriptor, ctypes.byref(part), ctypes.c_size_t(1), 21, 0)
        assert done > 0, os.strerror(ctypes.get_errno())
    finally:
        os.close(descriptor)


def test_what_copy_on_write_has_copied_is_private_and_dirty(stage: Stage):
    parent = stage.victim(FORKED, "32", "8")
    assert parent.heard() == "ready"
    held = largest(look(stage, child_of(parent.pid)))
    assert (held["private_dirty"], held["shared_dirty"]) == (8 * MIB, 24 * MIB)
    assert held["proportional"] == 20 * MIB


def test_faults_are_counted_for_a_while(stage: Stage):
    busy = "import mmap\nsay()\nwhile True:\n    part = mmap.mmap(-1, 1 << 20)\n    part[::4096] = bytes(256)\n    part.close()"
    victim = stage.victim(busy)
    faults = look(stage, victim.pid, "--interval", "500ms")["faults"]
    assert faults["minor_per_second"] > 100
    assert faults["major_per_second"] == 0
    assert look(stage, stage.victim().pid)["faults"]["minor_per_second"] is None


def test_a_zombie_has_no_address_space(stage: Stage):
    victim = stage.victim("say()", reap=False)
    until(lambda: state(victim.pid) == "Z", "a zombie")
    one = look(stage, victim.pid)
    assert (one["state"], one["memory"], one["mappings"], one["argv"], one["doubts"]) == ("Z", None, None, None, [])
    assert f"({os.getpid()}) has not taken notice" in one["state_text"]
    run = stage.swapctl("inspect", str(victim.pid), text=True)
    assert "no address space: it is a process that has ended\n" in run.out
    assert (run.code, run.err) == (0, "")


def test_a_process_lives_on_without_its_first_thread(stage: Stage):
    victim = stage.victim("""\
        import threading
        threading.Thread(target=sleep).start()
        libc.pthread_exit(None)
    """)
    until(lambda: state(victim.pid) == "Z", "its first thread has ended")
    one = look(stage, victim.pid)
    assert one["state_text"] == "its first thread has ended (zombie), 1 thread of it lives on"
    assert stage.mark in one["argv"]
    assert one["memory"]["resident"] > MIB
    assert {"stack", "text"} <= {each["kind"] for each in one["mappings"]}
    assert sorted(each["state"] for each in one["threads"]) == ["S", "Z"]


def test_a_thread_of_the_kernel_has_no_address_space(stage: Stage):
    one = look(stage, 2)
    assert (one["kernel"], one["memory"], one["mappings"], one["exe"]) == (True, None, None, None)
    assert "it is a thread of the kernel" in stage.swapctl("inspect", "2", text=True).out


def test_who_waits_in_the_kernel_is_told_with_the_place(stage: Stage):
    victim = stage.victim("say()\n" + VFORK)
    until(lambda: state(victim.pid) == "D", "it waits for its child")
    one = look(stage, victim.pid)
    assert (one["state"], one["wchan"]) == ("D", Path(f"/proc/{victim.pid}/wchan").read_text(encoding="utf-8"))
    assert one["state_text"].startswith(f"waits in the kernel at {one['wchan']} (uninterruptible)")
    assert "unless that ends it" in one["state_text"]
    victim.send(signal.SIGKILL)
    assert victim.status == -signal.SIGKILL


# The child of posix_spawn borrows the memory until it executes something: here, what a pipe that nobody writes to holds.
VFORK = """\
os.mkfifo(sys.argv[0] + ".fifo")
os.posix_spawn("/bin/true", ["true"], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, sys.argv[0] + ".fifo", os.O_RDONLY, 0)])
"""


def test_a_stopped_and_a_traced_process_say_so(stage: Stage):
    victim = stage.victim()
    victim.send(signal.SIGSTOP)
    until(lambda: state(victim.pid) == "T", "it is stopped")
    assert look(stage, victim.pid)["state_text"] == "is stopped by a signal, until SIGCONT"
    traced = stage.victim()
    tracer = stage.victim(
        "name(b'the tracer')\nlibc.ptrace(16, int(sys.argv[1]), 0, 0)\nsleep()", str(traced.pid), marked=False
    )
    until(lambda: state(traced.pid) == "t", "it is traced")
    one = look(stage, traced.pid)
    assert one["tracer"] == {"pid": tracer.pid, "name": "the tracer"}
    assert one["state_text"] == f"is stopped by what traces it; the tracer ({tracer.pid}) traces it"


def test_an_orphan_is_told_by_its_session(stage: Stage):
    reaper = stage.victim("""\
        name(b'the reaper')
        libc.prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
        if not os.fork():
            os.setsid()
            if not os.fork():
                libc.prctl(1, signal.SIGKILL)
                while True:
                    signal.pause()
            os._exit(0)
        os.wait()
        sleep()
    """)
    one = look(stage, child_of(reaper.pid))
    assert one["orphan"] is True
    assert one["parents"][0] == {"pid": reaper.pid, "name": "the reaper"}


def test_one_whose_memory_is_locked_holds_nothing_up(stage: Stage, silent: Victim):
    run = stage.swapctl("inspect", str(silent.pid))
    one = run.json
    assert (run.code, one["state"], one["argv"], one["mappings"]) == (0, "D", None, None)
    assert one["doubts"] == ["no answer when asked for its address space: its memory is locked"]
    assert one["memory"]["resident"] == status(silent.pid, "VmRSS")
    assert one["memory"]["proportional"] is None
    assert run.elapsed < LONGEST


def test_nobody_is_told_what_may_be_known(stage: Stage):
    victim = stage.victim()
    one = look(stage, victim.pid, nobody=True)
    assert (one["mappings"], one["exe"], one["open_files"]) == (None, None, None)
    assert one["memory"]["resident"] == status(victim.pid, "VmRSS")
    assert one["doubts"] == ["no permission to learn its program, its address space, its open files; run it as root"]


def test_hidden_processes_are_not_said_to_be_absent(stage: Stage):
    need("unshare")
    victim = stage.victim()
    hide = 'mount -t proc -o hidepid=invisible proc /proc && exec "$@"'
    words = ("unshare", "--mount", "sh", "-c", hide, "sh")
    run = stage.run(*words, *stage.command(nobody=True), "inspect", str(victim.pid))
    assert (run.code, run.out) == (1, "")
    assert f"there is no process {victim.pid}; /proc hides the processes of others (hidepid)" in run.err


def test_a_process_of_another_namespace_says_its_number_there(stage: Stage):
    need("unshare")
    script = stage.script("sleep()")
    outer = stage.start("unshare", "--pid", "--fork", "--kill-child", sys.executable, "-S", script, stage.mark)
    assert outer.heard() == "ready"
    one = look(stage, child_of(outer.pid))
    assert one["namespace_pid"] == 1
    foreign = stage.run("unshare", "--pid", "--fork", *stage.command(), "inspect", str(outer.pid))
    assert foreign.code == 3
    assert "does not show this PID namespace" in foreign.err


def test_several_are_listed_and_none_is_shown(stage: Stage):
    pids = [stage.victim().pid for _number in range(3)]
    run = stage.swapctl("inspect", stage.mark)
    assert (run.code, run.pids, run.json["error"]) == (3, pids, "Guard")
    text = stage.swapctl("inspect", stage.mark, text=True)
    assert (text.code, text.out) == (3, "")
    assert [int(line.split()[0]) for line in text.err.splitlines()[1:-1]] == pids
    assert text.err.endswith("hint: choose by --newest, --oldest or a process id\n")
    assert {"pid", "name", "swap"} < set(run.json["processes"][0])
    assert not {"argv", "command"} & set(run.json["processes"][0])  # they are not read
    assert look(stage, stage.mark, "--newest")["pid"] == pids[-1]


def test_of_many_the_first_are_listed_and_the_rest_is_not_hidden(stage: Stage):
    victim = stage.victim("for _number in range(30):\n    os.fork() or sleep()\nsleep()")
    until(lambda: len(Path(f"/proc/{victim.pid}/task/{victim.pid}/children").read_text("ascii").split()) == 30, "all")
    text = stage.swapctl("inspect", stage.mark, text=True)
    assert len(text.err.splitlines()) == 1 + 20 + 1
    assert "31 processes match, the first 20 are listed, and one is looked at" in text.err


def test_a_number_that_is_no_process_id_is_called_so(stage: Stage):
    run = stage.swapctl("inspect", "0", text=True)
    assert (run.code, run.err.partition(";")[0]) == (2, "swapctl: '0' is not a process id")


@pytest.mark.parametrize("arguments", [("4194304",), ("1:1",), ("no process has this", "--exact")])
def test_none_is_one_clear_line(stage: Stage, arguments: tuple[str, ...]):
    run = stage.swapctl("inspect", *arguments, text=True)
    assert (run.code, run.out, len(run.err.splitlines())) == (1, "", 1)
    assert ("there is no process" in run.err) or ("no process matches" in run.err)


def test_one_that_ends_meanwhile_is_one_clear_line(stage: Stage):
    victim = stage.victim("say()\ntime.sleep(2)")  # long enough for the look to begin, and less than its interval
    run = stage.swapctl("inspect", str(victim.pid), "--interval", "10s", text=True)
    assert (run.code, run.out) == (1, "")
    assert run.err == f"swapctl: process {victim.pid} ended while it was looked at\n"


def test_control_groups_of_version_1_or_2_tell_their_limits(stage: Stage):
    victim = stage.victim()
    one = look(stage, victim.pid)
    lines = Path(f"/proc/{victim.pid}/cgroup").read_text(encoding="utf-8").splitlines()
    first = [line.split(":")[2] for line in lines if "memory" in line.split(":")[1].split(",")]
    assert one["cgroup"]["version"] == (1 if first else 2)
    assert one["cgroup"]["path"] == (first or [line[3:] for line in lines if line.startswith("0::")])[0]


def test_a_lower_limit_above_counts(stage: Stage):
    base = Path("/sys/fs/cgroup/memory")
    if not (base / "memory.limit_in_bytes").exists():
        missing("control groups of version 1 that limit memory")
    outer = base / stage.mark
    inner = outer / "inner"
    inner.mkdir(parents=True)
    try:
        (outer / "memory.limit_in_bytes").write_text(str(96 * MIB), encoding="ascii")
        victim = stage.victim()
        (inner / "cgroup.procs").write_text(str(victim.pid), encoding="ascii")
        group = look(stage, victim.pid)["cgroup"]
        assert (group["path"], group["memory_max"]) == (f"/{stage.mark}/inner", 96 * MIB)
        victim.send(signal.SIGKILL)
        assert victim.status == -signal.SIGKILL
    finally:
        until(lambda: not (inner / "cgroup.procs").read_text(encoding="ascii"), "it is empty")
        inner.rmdir()
        outer.rmdir()


def test_what_it_is_called_does_nothing_to_a_terminal(stage: Stage):
    victim = stage.victim("name(b'\\x1b[31mred')\nsleep()", "\x1b]0;title\x07\n")
    run = stage.swapctl("inspect", str(victim.pid), text=True)
    assert "\x1b" not in run.out
    assert "\\x1b[31mred" in run.out


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
@pytest.mark.parametrize("rich", [True, False], ids=["rich", "standard-library"])
def test_a_narrow_terminal_cuts_no_figure_and_breaks_no_word(stage: Stage, columns: int, *, rich: bool):
    victim = stage.victim(HOLDER + "os.read(0, 1)\n", "24")
    wide = stage.swapctl("inspect", str(victim.pid), "--all", text=True).out
    without = () if rich else ("-S",)
    command = [sys.executable, *without, "-m", "swapctl", "inspect", str(victim.pid), "--all"]
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with Terminal(command, {**environment, "PYTHONPATH": str(ROOT)}, columns=columns) as terminal:
        assert terminal.end() == 0
    shown = terminal.output.replace("\r", "")
    meanings, told = (
        re.sub(
            r"\s+", " ", re.sub(r"[0-9.]+ [KM]?i?B ", "", text[text.index("\nmemory\n") : text.index("address space")])
        )
        for text in (wide, shown)
    )
    assert told == meanings
    lines = shown[shown.index("\nmemory\n") :].splitlines()
    assert max(map(len, lines)) <= columns
    for row in wide[wide.index("ADDRESS") :].splitlines()[1:]:
        figures = " +".join(map(re.escape, re.split("  +", row)[:5]))
        assert [line for line in lines if re.match(f"{figures}(?: |$)", line)], row
    ends = {row[-12:] for row in wide.splitlines() if re.match(r".* /.*\.so\b", row)}
    assert ends, wide
    assert {end for end in ends if end not in shown} == set()


# As a name of a file that is mapped, and of the process.
HOSTILE = "<script>alert(1)</script><b id=broken>&amp;'\"\n"
MAPPED = """\
import mmap

name(b"<i>it</i>")
with open(sys.argv[2], "wb") as file:
    file.write(bytes(1 << 20))
with open(sys.argv[2], "r+b") as file:
    held = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE)
held[:5000] = bytes(5000)
sleep()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
def test_the_page_is_for_any_screen_and_hostile_names_are_names(
    stage: Stage, browser: Browser, width: int, *, dark: bool
):
    directory = stage.directory / HOSTILE.partition("/")[0]
    directory.mkdir()
    victim = stage.victim(MAPPED, directory / HOSTILE.partition("/")[2])
    page = stage.directory / "process.html"
    run = stage.swapctl("inspect", str(victim.pid), "--html", page, text=True)
    assert (run.out, run.err, run.code) == ("", "", 0)
    browser.look(width, 800, dark=dark)
    browser.open(page)
    assert (browser.complaints(), browser.requests()) == ([], [])
    assert browser.eval("document.querySelectorAll('img, script, #broken, body i:not([class])').length") == 0
    assert browser.eval("document.documentElement.scrollWidth") <= width
    assert browser.eval("document.querySelector('h1').textContent") == f"Process {victim.pid}, <i>it</i>"
    shown = str(directory / HOSTILE.partition("/")[2]).replace("\n", "\\012")
    assert shown in browser.eval("document.body.innerText")
    tips = browser.eval("[...document.querySelectorAll('svg title')].map((one) => one.textContent)")
    (tip,) = [one.split("\n") for one in tips if shown in one]
    assert tip[2:] == ["1 MiB, 8 KiB in RAM, 0 B in swap", "private dirty 8 KiB, shared clean 0 B", "access rw-p"]
    paper = browser.eval("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(15, 19, 23)" if dark else "rgb(255, 255, 255)")


def test_the_picture_is_to_scale_and_in_order(stage: Stage, browser: Browser):
    victim = stage.victim(HOLDER + "os.read(0, 1)\n", "16")
    page = stage.directory / "process.html"
    assert stage.swapctl("inspect", str(victim.pid), "--html", page, text=True).code == 0
    browser.look(1000, 800)
    browser.open(page)
    boxes = browser.eval(
        "[...document.querySelectorAll('.picture > g')].map((one) => [one.querySelector('text').textContent,"
        " one.querySelector('title').textContent.split('-')[0], one.querySelector('rect').getBoundingClientRect().height])"
    )
    starts = [int(start, 16) for _label, start, _height in boxes]
    assert starts == sorted(starts)
    labels = {label.split(" ")[0] for label, _start, _height in boxes}
    assert {"text", "rodata", "data", "heap", "file", "anonymous", "stack", "vdso", "vvar", "gap", "kernel:"} <= labels
    heights = {label: height for label, _start, height in boxes}
    assert heights["stack"] > heights["vdso"]
    assert max(height for label, _start, height in boxes if label == "anonymous") == 24 + 3 * 12  # 16 MiB: 4096 pages


def test_a_zombie_has_a_page_without_a_picture(stage: Stage, browser: Browser):
    victim = stage.victim("say()", reap=False)
    until(lambda: state(victim.pid) == "Z", "a zombie")
    page = stage.directory / "process.html"
    assert stage.swapctl("inspect", str(victim.pid), "--html", page, text=True).code == 0
    browser.open(page)
    assert "no address space: it is a process that has ended" in browser.eval("document.body.innerText")
    assert browser.eval("document.querySelectorAll('svg').length") == 0


def test_a_page_and_json_do_not_go_together(stage: Stage):
    run = stage.swapctl("inspect", "1", "--html", stage.directory / "x")
    assert (run.code, run.json["error"]) == (2, "InvalidInput")
