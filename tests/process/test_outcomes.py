"""Every process has a true outcome, in no more time than its ladder: the system call's success is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.silent import READER, SERVER, SILENT
from tests.process.stage import NOBODY, SLEEP, Run, Stage, need, stat, state, told, until
from tests.support import missing

START_UP = 5.0  # seconds that a busy machine may take to start Python and look at each process

CODE_42 = """\
signal.signal(signal.SIGTERM, lambda *given: os._exit(42))
sleep()
"""
IGNORES = """\
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sleep()
"""
BLOCKS = """\
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
sleep()
"""
HEARS = """\
def hear(number, frame):
    say(signal.Signals(number).name)


for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP):
    signal.signal(number, hear)
sleep()
"""
# Only the name of the zombie is left; its parent has no mark.
ZOMBIE = """\
pid = os.fork()
if not pid:
    name(os.environ["MARK"].encode())
    os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
sleep()
"""
# Its parent takes no notice.
CHILD_OF_SLOVEN = """\
say(start(sys.executable, "-S", *sys.argv[1:], os.environ["MARK"]))
time.sleep(600)
"""
NO_LEADER = """\
import threading


def stay():
    while open("/proc/self/stat").read().rpartition(") ")[2][0] != "Z":
        time.sleep(0.001)
    sleep()


threading.Thread(target=stay).start()
libc.pthread_exit(None)
"""
# clone3(CLONE_VFORK): the parent waits in the kernel until its child ends or runs another program.
IN_THE_KERNEL = """\
class Arguments(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in "flags pidfd child parent signal stack size tls".split()]


wanted = Arguments(flags=0x4000, signal=signal.SIGCHLD)
if libc.syscall(ctypes.c_long(435), ctypes.byref(wanted), ctypes.c_size_t(ctypes.sizeof(wanted))) == 0:
    libc.prctl(1, signal.SIGKILL)
    name(b"child")
    sleep()
"""
# It takes no notice of what its tracee is sent, and so that never comes to it.
TRACER = """\
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
if libc.ptrace(0x4206, int(sys.argv[1]), None, None):  # PTRACE_SEIZE
    raise OSError(ctypes.get_errno(), "ptrace")
name(b"the tracer")
sleep()
"""
# Process 1 of the new namespace starts the victim.
IN_A_NAMESPACE = """\
if libc.unshare(0x20000000):  # CLONE_NEWPID
    raise OSError(ctypes.get_errno(), "unshare")
if not os.fork():
    libc.prctl(1, signal.SIGKILL)
    start(sys.executable, "-S", *sys.argv[1:], os.environ["MARK"])
    os.wait()
    os._exit(0)
time.sleep(600)
"""
AS_NOBODY = """\
become(int(sys.argv[2]))
sleep()
"""
# Who is sent a signal leaves another one behind, which its grandparent then has for a child.
RISES_AGAIN = """\
signal.signal(signal.SIGTERM, lambda *given: os.fork() and os._exit(0))
sleep()
"""
ADOPTS = """\
libc.prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
start(sys.executable, "-S", sys.argv[1], os.environ["MARK"])
while True:
    os.wait()
"""
FAMILY = """\
if os.fork():  # the parent
    sleep()
name(b"child")
if os.fork():
    time.sleep(600)
os.setsid()
name(b"grandchild")
time.sleep(600)
"""


def kill(stage: Stage, *arguments: str, ladder: str = "TERM:10s,KILL:5s", limit: float = 0.0, **how) -> Run:
    """Kill what has the mark; *limit*: how long that may take, if not as long as the ladder."""
    run = stage.swapctl("kill", *arguments, "--ladder", ladder, **how)
    longest = limit or sum(float(rung.partition(":")[2].rstrip("s")) for rung in ladder.split(","))
    assert run.elapsed < longest + START_UP
    return run


def test_exits_on_term(stage: Stage):
    victim = stage.victim()
    run = kill(stage, stage.mark, limit=1)
    one = run.only
    assert (run.code, run.json["changed"], run.json["protected"], run.json["unknown"]) == (0, True, [], [])
    assert (one["pid"], one["inode"], one["outcome"]) == (victim.pid, victim.inode, "exited")
    assert (one["signals"], one["status"], one["detail"]) == (["TERM"], told(-15), "")
    assert (one["parent"], one["tracer"], one["wchan"]) == (None, None, None)
    assert 0 <= one["elapsed"] < run.elapsed
    assert victim.status == -15


def test_exits_with_a_code_of_its_own(stage: Stage):
    victim = stage.victim(CODE_42)
    one = kill(stage, stage.mark, limit=1).only
    assert (one["outcome"], one["signals"], one["status"]) == ("exited", ["TERM"], told(42))
    assert victim.status == 42


def test_ignores_term(stage: Stage):
    """That is seen, and not waited for."""
    victim = stage.victim(IGNORES)
    run = kill(stage, stage.mark, ladder="TERM:60s,KILL:5s", limit=5)
    assert (run.code, run.only["outcome"], run.only["status"]) == (0, "exited", told(-9))
    assert run.only["signals"] == ["TERM", "KILL"]
    assert victim.status == -9


def test_ignores_all_that_it_is_sent(stage: Stage):
    victim = stage.victim(IGNORES)
    run = kill(stage, stage.mark, ladder="TERM:60s", limit=5)
    assert (run.code, run.json["changed"], run.only["outcome"]) == (4, True, "survived")
    assert (run.only["signals"], run.only["status"], run.only["elapsed"]) == (["TERM"], None, None)
    assert "ignores TERM" in run.only["detail"]
    assert victim.running


def test_blocks_term(stage: Stage):
    victim = stage.victim(BLOCKS)
    run = kill(stage, stage.mark, ladder="TERM:0.3s")
    assert (run.code, run.only["outcome"], run.only["signals"]) == (4, "survived", ["TERM"])
    assert "blocks TERM" in run.only["detail"]
    assert victim.running
    run = kill(stage, stage.mark, ladder="TERM:0.3s,KILL:5s")
    assert (run.code, run.only["outcome"], run.only["status"]) == (0, "exited", told(-9))


def test_hears_term_and_stays(stage: Stage):
    victim = stage.victim(HEARS)
    run = kill(stage, stage.mark, ladder="TERM:0.3s")
    assert (run.code, run.only["outcome"], run.only["signals"]) == (4, "survived", ["TERM"])
    assert victim.heard() == "SIGTERM"
    assert victim.running


def test_stopped(stage: Stage):
    """A signal waits until the process goes on, so it is made to."""
    victim = stage.victim()
    victim.send(signal.SIGSTOP)
    until(lambda: state(victim.pid) == "T", "stopped")
    run = kill(stage, stage.mark, limit=1)
    assert (run.code, run.only["state"], run.only["outcome"]) == (0, "T", "exited")
    assert (run.only["signals"], run.only["status"]) == (["TERM", "CONT"], told(-15))


def test_stopped_and_killed(stage: Stage):
    victim = stage.victim()
    victim.send(signal.SIGSTOP)
    until(lambda: state(victim.pid) == "T", "stopped")
    one = kill(stage, stage.mark, ladder="KILL:5s").only
    assert (one["outcome"], one["signals"], one["status"]) == ("exited", ["KILL"], told(-9))


def test_a_zombie(stage: Stage):
    parent = stage.victim(ZOMBIE, marked=False, env={"MARK": stage.mark})
    run = kill(stage, stage.mark, limit=1)
    assert (run.code, run.json["changed"], run.only["state"], run.only["outcome"]) == (0, False, "Z", "zombie")
    assert (run.only["signals"], run.only["status"]) == ([], None)
    assert run.only["parent"] == {"pid": parent.pid, "name": "python"}
    assert f"python ({parent.pid})" in run.only["detail"]


def test_killed_and_not_noticed(stage: Stage):
    sleeper = stage.script(SLEEP)
    parent = stage.start(sys.executable, "-S", stage.script(CHILD_OF_SLOVEN), sleeper, env={"MARK": stage.mark})
    child = int(parent.heard())
    assert parent.heard() == "ready"
    run = kill(stage, stage.mark, limit=1)
    assert (run.code, run.json["changed"], run.pids) == (0, True, [child])
    assert (run.only["outcome"], run.only["signals"]) == ("zombie", ["TERM"])
    assert run.only["parent"] == {"pid": parent.pid, "name": "python"}
    assert state(child) == "Z"


def test_whose_first_thread_has_ended(stage: Stage):
    """It looks like a zombie, without a command line, and is none."""
    victim = stage.victim(NO_LEADER)
    assert (state(victim.pid), Path(f"/proc/{victim.pid}/cmdline").read_bytes()) == ("Z", b"")
    run = kill(stage, stage.mark, limit=1)
    assert (run.code, run.json["changed"], run.pids, run.only["outcome"]) == (0, True, [victim.pid], "exited")
    assert (run.only["signals"], run.only["status"], run.only["threads"]) == (["TERM"], told(-15), 2)
    assert not victim.running


def start_in_the_kernel(stage: Stage) -> int:
    victim = stage.victim(IN_THE_KERNEL)
    until(lambda: state(victim.pid) == "D", "waiting in the kernel")
    return victim.pid


def test_waits_in_the_kernel(stage: Stage):
    pid = start_in_the_kernel(stage)
    run = kill(stage, "--pid", str(pid), ladder="URG:0.2s")
    place = Path(f"/proc/{pid}/wchan").read_text(encoding="ascii")
    assert (run.code, run.json["changed"], run.only["state"], run.only["outcome"]) == (4, True, "D", "stuck")
    assert (run.only["signals"], run.only["wchan"] or "0") == (["URG"], place)
    assert run.only["wchan"] in run.only["detail"]
    assert state(pid) == "D"


def test_waits_in_the_kernel_where_it_can_be_killed(stage: Stage):
    """The letter does not tell."""
    pid = start_in_the_kernel(stage)
    run = kill(stage, "--pid", str(pid), limit=1)
    assert (run.code, run.only["outcome"], run.only["signals"]) == (0, "exited", ["TERM"])
    assert run.only["status"] == told(-15)


def test_traced(stage: Stage):
    victim = stage.victim()
    tracer = stage.victim(TRACER, str(victim.pid), marked=False)
    run = kill(stage, stage.mark, ladder="TERM:0.5s")
    assert (run.code, run.pids, run.only["outcome"], run.only["signals"]) == (4, [victim.pid], "survived", ["TERM"])
    assert run.only["tracer"] == {"pid": tracer.pid, "name": "the tracer"}
    assert f"the tracer ({tracer.pid})" in run.only["detail"]
    assert victim.running


def test_traced_and_killed(stage: Stage):
    """Its end is told to its tracer first, and to its parent only after that one has taken notice."""
    victim = stage.victim()
    tracer = stage.victim(TRACER, str(victim.pid), marked=False)
    run = kill(stage, stage.mark, ladder="TERM:0.3s,KILL:5s")
    assert (run.code, run.only["outcome"], run.only["signals"]) == (0, "zombie", ["TERM", "KILL"])
    assert run.only["tracer"] == {"pid": tracer.pid, "name": "the tracer"}
    assert f"the tracer ({tracer.pid})" in run.only["detail"]
    assert not victim.running


def test_of_another_user(stage: Stage):
    victim = stage.victim()
    run = kill(stage, stage.mark, nobody=True, limit=1)
    assert (run.code, run.json["changed"], run.pids, run.only["outcome"]) == (4, False, [victim.pid], "denied")
    assert (run.only["user"], run.only["signals"]) == ("root", [])
    assert "root" in run.only["detail"]
    assert victim.running


def test_of_two_users(stage: Stage):
    mine, others = stage.victim(AS_NOBODY, str(NOBODY)), stage.victim()
    run = kill(stage, stage.mark, nobody=True, limit=1)
    outcomes = {one["pid"]: (one["outcome"], one["signals"]) for one in run.json["processes"]}
    assert outcomes == {mine.pid: ("exited", ["TERM"]), others.pid: ("denied", [])}
    assert (run.code, run.json["changed"]) == (4, True)
    assert others.running
    assert not mine.running


@pytest.fixture
def contained(stage: Stage) -> int:
    """Give a process in a PID namespace of its own."""
    sleeper = stage.script(SLEEP)
    holder = stage.start(sys.executable, "-S", stage.script(IN_A_NAMESPACE), sleeper, env={"MARK": stage.mark})
    assert holder.heard() == "ready"
    (pid,) = stage.find()
    return pid


def test_in_another_namespace(stage: Stage, contained: int):
    run = kill(stage, stage.mark, limit=1)
    assert (run.code, run.json["changed"], run.json["processes"]) == (1, False, [])
    (one,) = run.json["protected"]
    assert (one["pid"], one["reason"]) == (contained, "namespace")
    assert state(contained) == "S"


def test_in_another_namespace_by_number(stage: Stage, contained: int):
    run = kill(stage, "--pid", str(contained), limit=1)
    assert (run.code, run.json["changed"], run.pids) == (3, False, [contained])
    assert "--include namespace" in run.err
    assert state(contained) == "S"


def test_in_another_namespace_and_meant(stage: Stage, contained: int):
    run = kill(stage, stage.mark, "--include", "namespace", limit=1)
    assert (run.code, run.pids, run.json["protected"]) == (0, [contained], [])
    assert (run.only["outcome"], run.only["status"]) == ("exited", told(-15))


def test_in_another_namespace_with_its_memory_locked(stage: Stage):
    """What its status tells can be read all the same."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        missing("no /dev/fuse")
    path = stage.directory / "file"
    path.touch()
    server = stage.victim(SERVER, path, marked=False)
    holder = stage.start(
        sys.executable, "-S", stage.script(IN_A_NAMESPACE), stage.script(SILENT), f"/proc/{server.pid}/root{path}",
        env={"MARK": stage.mark},
    )  # fmt: skip
    assert holder.heard() == "ready"
    address = holder.heard()
    (pid,) = stage.find()
    stage.victim(READER, str(pid), address, marked=False)
    assert server.heard() == "somebody reads"
    holder.tell()
    until(lambda: state(pid) == "D", "waiting for its own memory")
    run = kill(stage, "--pid", str(pid), limit=5)
    assert (run.code, run.json["changed"], run.pids) == (3, False, [pid])
    assert "--include namespace" in run.err
    assert state(pid) == "D"


def test_one_signal_is_not_waited_for(stage: Stage):
    victim = stage.victim(HEARS)
    run = stage.swapctl("kill", stage.mark, "--signal", "usr1")
    assert (run.code, run.json["changed"], run.only["outcome"]) == (0, True, "signalled")
    assert (run.only["signals"], run.only["elapsed"]) == (["USR1"], None)
    assert victim.heard() == "SIGUSR1"


def test_one_signal_leaves_the_stopped_stopped(stage: Stage):
    victim = stage.victim(HEARS)
    victim.send(signal.SIGSTOP)
    until(lambda: state(victim.pid) == "T", "stopped")
    run = stage.swapctl("kill", stage.mark, "--signal", "HUP")
    assert (run.code, run.only["outcome"], run.only["signals"]) == (0, "signalled", ["HUP"])
    assert state(victim.pid) == "T"
    victim.send(signal.SIGCONT)
    assert victim.heard() == "SIGHUP"


def test_one_signal_to_a_zombie_reaches_nobody(stage: Stage):
    stage.victim(ZOMBIE, marked=False, env={"MARK": stage.mark})
    run = stage.swapctl("kill", stage.mark, "--signal", "HUP")
    assert (run.code, run.json["changed"], run.only["outcome"], run.only["signals"]) == (0, False, "zombie", [])


def test_a_dry_run(stage: Stage):
    victim = stage.victim(HEARS)
    run = kill(stage, stage.mark, "--dry-run")
    assert (run.code, run.json["changed"], run.pids) == (0, True, [victim.pid])
    assert (run.only["outcome"], run.only["signals"]) == ("planned", [])
    victim.send(signal.SIGUSR1)
    assert victim.heard() == "SIGUSR1"


def test_a_dry_run_on_a_zombie(stage: Stage):
    parent = stage.victim(ZOMBIE, marked=False, env={"MARK": stage.mark})
    run = kill(stage, stage.mark, "--dry-run")
    assert (run.code, run.json["changed"], run.only["outcome"]) == (0, False, "zombie")
    assert run.only["parent"] == {"pid": parent.pid, "name": "python"}


def test_nothing_matches(stage: Stage):
    run = kill(stage, stage.mark, limit=1)
    assert (run.code, run.json["changed"], run.json["processes"]) == (1, False, [])


def test_comes_again(stage: Stage):
    """What comes while others are stopped is stopped as well, but no more than may be; then it is named."""
    program = stage.script(RISES_AGAIN)
    parent = stage.start(sys.executable, "-S", stage.script(ADOPTS), program, env={"MARK": stage.mark})
    assert parent.heard() == "ready"
    run = kill(stage, stage.mark, "--max", "2", ladder="TERM:10s")
    *stopped, last = run.json["processes"]
    assert [(one["outcome"], one["signals"][0], one["status"]) for one in stopped] == [("exited", "TERM", told(0))] * 2
    assert (run.code, last["outcome"], last["signals"]) == (4, "respawned", [])
    assert last["parent"] == {"pid": parent.pid, "name": "python"}
    assert stage.find() == [last["pid"]]
    assert last["pid"] not in {one["pid"] for one in stopped}
    until(lambda: state(last["pid"]) == "S", "going on, if it was kept from that")


def test_comes_no_more(stage: Stage):
    """It is not asked."""
    program = stage.script(RISES_AGAIN)
    parent = stage.start(sys.executable, "-S", stage.script(ADOPTS), program, env={"MARK": stage.mark})
    assert parent.heard() == "ready"
    run = kill(stage, stage.mark, ladder="KILL:10s")
    assert (run.code, run.only["outcome"]) == (0, "exited")
    assert stage.find() == []


def test_a_tree(stage: Stage):
    """Also who has a session of its own."""
    victim = stage.victim(FAMILY)
    until(lambda: len(stage.find()) == 3, "three of them")
    family = stage.find()
    grandchild = next(pid for pid in family if int(stat(pid)[3]) == pid)
    child = next(pid for pid in family if pid not in {victim.pid, grandchild})
    run = kill(stage, "--pid", str(victim.pid), "--tree", limit=2)
    assert (run.code, sorted(run.pids)) == (0, family)
    outcomes = {one["pid"]: one["outcome"] for one in run.json["processes"]}
    assert (outcomes[victim.pid], outcomes[child] in {"exited", "zombie"}) == ("exited", True)
    assert stage.find("--state", "RSDTtI") == []


def test_all_outcomes_at_once(stage: Stage):
    """The ladder is climbed by all together, and its time does not add up."""
    gone = [stage.victim() for _number in range(4)]
    left = [stage.victim(HEARS) for _number in range(3)]
    run = kill(stage, stage.mark, ladder="TERM:1s,HUP:1s")
    outcomes = {one["pid"]: (one["outcome"], one["signals"]) for one in run.json["processes"]}
    assert outcomes == {
        **{victim.pid: ("exited", ["TERM"]) for victim in gone},
        **{victim.pid: ("survived", ["TERM", "HUP"]) for victim in left},
    }
    assert (run.code, run.json["changed"]) == (4, True)


def test_a_dry_run_on_one_whose_first_thread_has_ended(stage: Stage):
    victim = stage.victim(NO_LEADER)
    run = kill(stage, stage.mark, "--dry-run")
    assert (run.code, run.json["changed"], run.pids, run.only["outcome"]) == (0, True, [victim.pid], "planned")


def waited_for(pid: int) -> int:
    """Return how many processes another one waits for with epoll(7)."""
    return sum(path.read_text(encoding="ascii").count("tfd:") for path in Path(f"/proc/{pid}/fdinfo").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_interrupted(stage: Stage, number: signal.Signals):
    """What has been done is told."""
    need("env")
    gone, left = stage.victim(), stage.victim(HEARS)
    process = subprocess.Popen(
        ["env", "--default-signal", *stage.command(), "kill", stage.mark, "--ladder", "TERM:60s", "--json"],
        env=stage.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert (left.heard(), gone.status) == ("SIGTERM", -15)
        until(lambda: waited_for(process.pid) == 1, "waiting for the other one")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    run = Run(process.returncode, out, err, 0.0)
    outcomes = {one["pid"]: (one["outcome"], one["signals"]) for one in run.json["processes"]}
    assert outcomes == {gone.pid: ("exited", ["TERM"]), left.pid: ("survived", ["TERM"])}
    assert (run.code, run.json["changed"]) == (130, True)
    assert "Traceback" not in run.err
    assert left.running
