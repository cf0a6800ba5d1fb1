"""What ``/proc`` says: of a process, of all of them, of control groups. A directory tree stands in for it."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import time
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.errors import Guard
from swapctl.process import cgroups, match, table
from swapctl.process.cgroups import Hierarchies
from swapctl.process.table import TICKS, Denied, Gone, Stat, Table

ME = os.getpid()
PTRACE = 1 << 19
NOT_MINE = max([*os.getgroups(), os.getegid()]) + 1


def stat_bytes(
    comm: bytes = b"worker",
    *,
    pid: int = 42,
    state: bytes = b"S",
    parent: int = 1,
    session: int = 40,
    tty: int = 0,
    flags: int = 0x400000,
    threads: int = 1,
    start: int = 12345,
) -> bytes:
    """Return what /proc/PID/stat holds."""
    fields = [parent, 41, session, tty, -1, flags, 100, 0, 5, 0, 7, 8, 0, 0, 20, 0, threads, 0, start, 1 << 64, 250]
    rest = b" ".join(str(field).encode() for field in fields)
    return b"%d (%b) %b %b 0 0 17\n" % (pid, comm, state, rest)


def known(stat: Stat) -> dict[str, object]:
    return {name: getattr(stat, name) for name in Stat.__slots__}


@pytest.fixture
def proc(tmp_path):
    (tmp_path / str(ME)).mkdir()
    (tmp_path / "self").symlink_to(str(ME))
    return tmp_path


@pytest.fixture
def processes(proc):
    with closing(Table(str(proc))) as made:
        yield made


@pytest.fixture
def add(proc):
    """Give a function that writes files of a process, and of its threads."""

    def write(pid=42, **files):
        for name, content in files.items():
            path = proc / str(pid) / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return write


@pytest.fixture
def view(processes, add):
    """Give a function that writes files of a process and returns the process."""

    def make(pid=42, **files):
        add(pid, **files)
        return processes.view(pid)

    return make


# stat


def test_the_fields_of_stat():
    raw = stat_bytes(state=b"R", parent=7, session=40, tty=34816, flags=0x400040, threads=3, start=987654321)
    assert known(Stat(raw)) == {
        "comm": "worker",
        "flags": 0x400040,
        "group": 41,
        "parent": 7,
        "session": 40,
        "start": 987654321,
        "state": "R",
        "threads": 3,
        "tty": 34816,
    }


def test_stat_as_a_kernel_wrote_it():
    raw = (
        b"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 4 0 0 20 0 1 0 31 0 0 18446744073709551615 0 0 0 0 0 0 0"
        b" 2147483647 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
    )
    stat = Stat(raw)
    assert known(stat) == {
        "comm": "kthreadd",
        "flags": 2129984,
        "group": 0,
        "parent": 0,
        "session": 0,
        "start": 31,
        "state": "S",
        "threads": 1,
        "tty": 0,
    }
    assert stat.kernel


@pytest.mark.parametrize(
    ("comm", "name"),
    [
        pytest.param(b"", "", id="empty"),
        pytest.param(b"a) Z (b", "a) Z (b", id="brackets-and-a-state"),
        pytest.param(b") R 1 1 1 (", ") R 1 1 1 (", id="what-looks-like-fields"),
        pytest.param(b"((", "((", id="opening-brackets"),
        pytest.param(b"))", "))", id="closing-brackets"),
        pytest.param(b"x\ny", "x\ny", id="newline"),
        pytest.param(b" ", " ", id="blank"),
        pytest.param(b"tmux: server", "tmux: server", id="blank-between"),
        pytest.param(b"na\xc3\xafve", "naïve", id="utf-8"),
        pytest.param(b"\xff\xfe", "\udcff\udcfe", id="not-utf-8"),
        pytest.param("€€€€€€".encode()[:14], "€€€€\udce2\udc82", id="cut-in-a-letter"),
        pytest.param(b"pool_workqueue_release", "pool_workqueue_release", id="longer-than-any-program"),
    ],
)
def test_the_name_in_stat_can_be_anything(comm, name):
    assert known(Stat(stat_bytes(comm))) == {**known(Stat(stat_bytes())), "comm": name}


@given(st.binary(max_size=64), st.integers(0, 1 << 22), st.integers(0, 1 << 40))
def test_whatever_the_name_the_fields_behind_it_are_read(comm, parent, start):
    stat = Stat(stat_bytes(comm, parent=parent, start=start))
    assert match.encode(stat.comm) == comm
    assert {**known(stat), "comm": ""} == known(Stat(stat_bytes(b"", parent=parent, start=start)))


@pytest.mark.parametrize(
    ("state", "threads", "zombie"),
    [(b"Z", 1, True), (b"X", 1, True), (b"Z", 0, True), (b"Z", 2, False), (b"S", 1, False), (b"D", 1, False)],
)
def test_a_process_has_ended_when_all_its_threads_have(state, threads, zombie):
    assert Stat(stat_bytes(state=state, threads=threads)).zombie is zombie


@pytest.mark.parametrize(
    ("flags", "kernel"),
    [(0x00200000, True), (2129984, True), (0x400000, False), (0, False)],
)
def test_a_thread_of_the_kernel_is_known_by_its_flag(flags, kernel):
    assert Stat(stat_bytes(flags=flags)).kernel is kernel


# one process


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"worker\n", "worker"),
        (b"\n", ""),
        (b"x\ny\n", "x\ny"),
        (b" a \n", " a "),
        (b"\xff\n", "\udcff"),
        (b"kworker/R-kvfree_rcu_reclaim\n", "kworker/R-kvfree_rcu_reclaim"),
    ],
    ids=["plain", "empty", "newline", "blanks", "not-utf-8", "long"],
)
def test_the_kernels_name_of_a_process(view, raw, name):
    assert view(comm=raw).comm == name


@pytest.mark.parametrize("length", [0, 1, 4095, 4096, 4097, 8192, 200_000], ids=lambda length: f"{length}-bytes")
def test_a_command_line_is_read_to_its_end(view, length):
    raw = b"x" * length
    assert view(stat=stat_bytes(), cmdline=raw).cmdline == raw


def test_the_arguments_of_a_process(view):
    assert view(cmdline=b"/srv/worker\0\0a b\0\xff\0").argv == ("/srv/worker", "", "a b", "\udcff")


def test_where_the_first_thread_has_ended_another_one_tells_the_command_line(view):
    one = view(
        stat=stat_bytes(state=b"Z", threads=2), cmdline=b"", task__42__cmdline=b"", task__43__cmdline=b"worker\0"
    )
    assert one.cmdline == b"worker\0"


@pytest.mark.parametrize(
    "stat",
    [
        pytest.param(stat_bytes(state=b"Z"), id="zombie"),
        pytest.param(stat_bytes(b"kworker/0:1", flags=0x200000), id="kernel-thread"),
    ],
)
def test_what_has_no_command_line_has_none(view, stat):
    assert view(stat=stat, cmdline=b"", task__43__cmdline=b"worker\0").cmdline == b""


def test_threads_that_end_meanwhile_tell_nothing(view, proc):
    one = view(stat=stat_bytes(state=b"Z", threads=3), cmdline=b"", task__42__cmdline=b"")
    (proc / "42" / "task" / "43").mkdir()
    assert one.cmdline == b""


def test_the_fields_of_status(view):
    one = view(
        status=b"Name:\ta\\nb: c\nUmask:\t0022\nNSpid:\t42\t7\nUid:\t0\t1000\t1000\t1000\nGid:\t0\t100\t100\t100\n"
        b"VmRSS:\t     100 kB\nVmSwap:\t       3 kB\nCapEff:\t0000000000000000\n"
    )
    assert (one.uid, one.gid) == (1000, 100)
    assert (one.memory("VmRSS"), one.memory("VmSwap")) == (100 << 10, 3 << 10)
    assert one.status == {
        "Name": "a\\nb: c",
        "Umask": "0022",
        "NSpid": "42\t7",
        "Uid": "0\t1000\t1000\t1000",
        "Gid": "0\t100\t100\t100",
        "VmRSS": "100 kB",
        "VmSwap": "3 kB",
        "CapEff": "0000000000000000",
        "": "",
    }


def test_what_has_no_memory_of_its_own_has_none(view):
    assert view(status=b"Name:\tkthreadd\nVmSwapOther:\t5 kB\n").memory("VmSwap") == 0


@pytest.mark.parametrize(
    ("raw", "paths"),
    [
        pytest.param(b"0::/system.slice/a.service\n", ("/system.slice/a.service",), id="version-2"),
        pytest.param(b"12:cpu,cpuacct:/a\n1:name=systemd:/b\n0::/c\n", ("/a", "/b", "/c"), id="several-hierarchies"),
        pytest.param(b"2:cpu:/a\n1:memory:/a\n0::/\n", ("/a", "/"), id="each-once"),
        pytest.param(b"0::/a:b\n", ("/a:b",), id="colon"),
        pytest.param(b"0::/a b\n", ("/a b",), id="blank"),
        pytest.param(b"0::/\xff\n", ("/\udcff",), id="not-utf-8"),
        pytest.param(b"0::/a\rb\n", ("/a\rb",), id="carriage-return"),
        pytest.param(b"0::/a\x0cb\n", ("/a\x0cb",), id="form-feed"),
        pytest.param("0::/a\u2028b\n".encode(), ("/a\u2028b",), id="line-separator"),
        pytest.param(b"0::/a\x0c0::/root.slice\n", ("/a\x0c0::/root.slice",), id="what-looks-like-another-line"),
        pytest.param(b"", (), id="none"),
    ],
)
def test_the_control_groups_of_a_process(view, raw, paths):
    assert view(cgroup=raw).cgroups == paths


def test_the_sockets_among_the_descriptors(proc, view):
    one = view(comm=b"worker\n")
    (proc / "42" / "fd").mkdir()
    for number, target in enumerate(["/dev/null", "socket:[123]", "pipe:[9]", "socket:[77]", "socket:[123]"]):
        (proc / "42" / "fd" / str(number)).symlink_to(target)
    assert one.sockets() == {"socket:[123]", "socket:[77]"}


def test_what_a_link_says_and_where_it_leads(proc, view):
    one = view(comm=b"worker\n")
    program = proc / "program"
    program.write_bytes(b"")
    (proc / "42" / "exe").symlink_to(program)
    assert one.link("exe") == str(program)
    assert one.identity("exe").st_ino == program.stat().st_ino


def test_each_file_is_read_once(view, add):
    one = view(
        comm=b"before\n", cmdline=b"before\0", stat=stat_bytes(b"before"), status=b"Uid:\t0\t1\n", cgroup=b"0::/a\n"
    )
    first = (one.comm, one.cmdline, one.stat, one.uid, one.cgroups)
    add(comm=b"after\n", cmdline=b"after\0", stat=stat_bytes(b"after"), status=b"Uid:\t0\t2\n", cgroup=b"0::/b\n")
    assert (one.comm, one.cmdline, one.stat, one.uid, one.cgroups) == first
    assert view().comm == "after"


def test_what_was_read_is_remembered_when_the_process_is_gone(proc, view):
    one = view(comm=b"worker\n", cmdline=b"worker\0-v\0")
    assert one.remembered == ("", b"")
    assert (one.comm, one.cmdline) == ("worker", b"worker\0-v\0")
    shutil.rmtree(proc / "42")
    assert one.remembered == ("worker", b"worker\0-v\0")


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda one: one.comm, id="comm"),
        pytest.param(lambda one: one.stat, id="stat"),
        pytest.param(lambda one: one.status, id="status"),
        pytest.param(lambda one: one.cmdline, id="cmdline"),
        pytest.param(lambda one: one.cgroups, id="cgroups"),
        pytest.param(lambda one: one.link("exe"), id="link"),
        pytest.param(lambda one: one.identity("exe"), id="identity"),
        pytest.param(lambda one: one.list("fd"), id="list"),
        pytest.param(lambda one: one.sockets(), id="sockets"),
    ],
)
def test_a_process_that_is_no_more_is_gone(processes, ask):
    with pytest.raises(Gone):
        ask(processes.view(42))


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, Gone),
        (errno.ESRCH, Gone),
        (errno.EACCES, Denied),
        (errno.EPERM, Denied),
        (errno.EMFILE, OSError),
        (errno.EIO, OSError),
    ],
    ids=errno.errorcode.get,
)
def test_what_an_error_of_the_kernel_means(number, kind):
    assert isinstance(table._translated(OSError(number, os.strerror(number))), kind)


def test_what_is_denied_says_why():
    assert str(table._translated(OSError(errno.EACCES, "Permission denied", "42/exe"))) == "Permission denied"


# all processes


def test_every_number_is_a_process(proc, processes):
    for name in ("1", "42", "4194304"):
        (proc / name).mkdir()
    for name in ("net", "sys", "42x", "-1", "1.5"):
        (proc / name).mkdir()
    assert sorted(processes.pids()) == sorted([1, 42, 4194304, ME])


def test_a_pinned_process_is_never_another_one_with_its_number(proc, add, processes):
    add(comm=b"first\n")
    with processes.pinned(42) as (one, descriptor):
        assert os.fstat(descriptor).st_ino == (proc / "42").stat().st_ino
        (proc / "42").rename(proc / "before")
        add(comm=b"second\n", cmdline=b"second\0")
        assert (one.pid, one.comm) == (42, "first")
        assert processes.view(42).comm == "second"
        with pytest.raises(Gone):
            one.read("cmdline")


def test_what_was_pinned_is_let_go_afterwards(add, processes):
    add(comm=b"first\n")
    with processes.pinned(42) as (one, descriptor):
        assert one.comm == "first"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_what_is_not_there_cannot_be_pinned(processes):
    with pytest.raises(Gone), processes.pinned(42):
        pytest.fail("there is no such process")


def test_a_file_that_is_not_of_one_process(proc, processes):
    (proc / "meminfo").write_bytes(b"x\xff" * 5000)
    assert processes.text("meminfo") == "x\udcff" * 5000
    assert processes.text("self/net/tcp") == ""


def test_a_file_that_the_kernel_gives_page_by_page_is_read_to_its_end(proc, processes):
    names = [f"@swapctl-test-{ME}-{number:03}" for number in range(150)]
    sockets = [socket.socket(socket.AF_UNIX) for _name in names]
    try:
        for name, one in zip(names, sockets):
            one.bind(f"\0{name[1:]}")
        (proc / "unix").symlink_to("/proc/self/net/unix")
        assert set(names) <= set(processes.text("unix").split())
    finally:
        for one in sockets:
            one.close()


def test_the_age_of_a_process(processes):
    earliest = time.clock_gettime(time.CLOCK_BOOTTIME) - 0.01
    age = processes.age(Stat(stat_bytes(start=TICKS // 100)))
    assert earliest - 0.01 <= age <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_what_begins_in_the_future_has_no_age(processes):
    assert processes.age(Stat(stat_bytes(start=1 << 50))) == 0.0


@pytest.mark.parametrize(
    ("own", "name"),
    [(str(ME + 1), str(ME + 1)), ("1", "1"), (None, "nothing")],
    ids=["another", "the-first", "none"],
)
def test_a_proc_of_another_namespace_is_refused(tmp_path, own, name):
    if own:
        (tmp_path / "self").symlink_to(own)
    with pytest.raises(Guard) as caught:
        Table(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path} does not show this PID namespace: it calls this process {name};"
        " hint: mount a proc of this namespace: mount -t proc proc /proc"
    )
    assert caught.value.exit_code == 3


def test_a_proc_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Guard) as caught:
        Table(str(tmp_path / "proc"))
    assert str(caught.value) == (
        f"{tmp_path}/proc: No such file or directory; hint: mount proc there; without it no process can be seen"
    )


# what is hidden


@pytest.fixture
def partial(proc, add, processes):
    """Give a function that tells whether the view is partial, with some mounts; PROC stands for the tree's path."""

    def tell(*mounts, capabilities=0):
        text = "".join(f"{line}\n" for line in mounts).replace("PROC", str(proc))
        add(ME, mountinfo=match.encode(text), status=f"Name:\tpytest\nCapEff:\t{capabilities:016x}\n".encode())
        return processes.partial

    return tell


def mount(options: str = "rw", *, own: str = "rw,nosuid,relatime", point: str = "PROC") -> str:
    return f"22 1 0:21 / {point} {own} shared:5 - proc proc {options}"


ROOT = "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro"


@pytest.mark.parametrize(
    ("options", "is_partial"),
    [
        ("rw", False),
        ("rw,hidepid=0", False),
        ("rw,hidepid=off", False),
        ("rw,hidepid=1", True),
        ("rw,hidepid=noaccess", True),
        ("rw,hidepid=2", True),
        ("rw,hidepid=invisible", True),
        ("rw,hidepid=4", True),
        ("rw,hidepid=ptraceable", True),
        (f"rw,gid={os.getegid()},hidepid=invisible", False),
        (f"rw,gid={os.getegid()},hidepid=2", False),
        (f"rw,gid={os.getegid()},hidepid=ptraceable", True),
        (f"rw,gid={os.getegid()},hidepid=4", True),
        (f"rw,gid={NOT_MINE},hidepid=invisible", True),
        (f"rw,gid={NOT_MINE}", False),
        ("rw,subset=pid", False),
    ],
    ids=lambda case: (
        case.replace(f"gid={os.getegid()}", "gid=mine").replace(f"gid={NOT_MINE}", "gid=of-others")
        if isinstance(case, str)
        else ""
    ),
)
def test_processes_of_others_can_be_hidden_by_the_mount(partial, options, is_partial):
    assert partial(ROOT, mount(options)) is is_partial


def test_the_option_may_stand_before_the_dash_too(partial):
    assert partial(ROOT, mount(own="rw,hidepid=2"))


@pytest.mark.parametrize(
    ("capabilities", "is_partial"),
    [(PTRACE, False), ((1 << 41) - 1, False), ((1 << 41) - 1 - PTRACE, True), (0, True)],
    ids=["ptrace", "all", "all-others", "none"],
)
def test_nothing_is_hidden_from_who_may_trace_any_process(partial, capabilities, is_partial):
    assert partial(mount("rw,hidepid=invisible"), capabilities=capabilities) is is_partial


@pytest.mark.parametrize(
    ("mounts", "is_partial"),
    [
        pytest.param((), False, id="no-mounts"),
        pytest.param((mount("rw,hidepid=2", point="/srv/proc"),), False, id="another-place"),
        pytest.param((mount("rw,hidepid=2", point="PROC/sys"),), False, id="below-it"),
        pytest.param((mount(), mount("rw,hidepid=2")), True, id="the-one-on-top-hides"),
        pytest.param((mount("rw,hidepid=2"), mount()), False, id="the-one-on-top-hides-nothing"),
        pytest.param(
            (mount("rw,hidepid=2"), mount(point="/mnt/a\x0c\x0cb"), mount(point="/mnt/a\u2028b"), mount(point="/a\rb")),
            True,
            id="odd-line-ends-elsewhere",
        ),
        pytest.param(
            (mount("rw,hidepid=2"), mount(point="/mnt\x0c1\xa01\xa00:1\xa0/\xa0PROC\xa0rw\xa0-\xa0proc\xa0proc\xa0rw")),
            True,
            id="a-directory-that-looks-like-a-mount",
        ),
        pytest.param(
            (mount("rw,hidepid=2"), "9 1 0:1 /a\xa0PROC /mnt rw - ext4 /dev/sda1 rw"),
            True,
            id="a-root-that-looks-like-a-mount",
        ),
        pytest.param(
            (*[mount(point=f"/mnt/{number}") for number in range(200)], mount("rw,hidepid=2")), True, id="many"
        ),
    ],
)
def test_the_mount_that_counts_is_the_last_one_at_that_place(partial, mounts, is_partial):
    assert partial(*mounts) is is_partial


# control groups


@pytest.mark.parametrize(
    ("path", "groups", "within"),
    [
        ("/a", ["/a"], True),
        ("/a/b", ["/a"], True),
        ("/ab", ["/a"], False),
        ("/a", ["/a/b"], False),
        ("/a/b", ["/x", "/a/"], True),
        ("/a", ["/"], True),
        ("/", ["/"], True),
        ("/a", [""], True),
        ("/a", [], False),
    ],
)
def test_whether_a_group_is_one_of_several_or_below(path, groups, within):
    assert cgroups.is_within(path, groups) is within


@pytest.mark.parametrize(
    ("names", "units"),
    [
        (["nginx"], {"nginx.service"}),
        (["nginx.service"], {"nginx.service"}),
        (["app@1", "app@2.service"], {"app@1.service", "app@2.service"}),
        (["org.example.App"], {"org.example.App.service"}),
        (
            ["session-3.scope", "user.slice", "a.socket", "b.mount", "c.swap", "d.timer"],
            {"session-3.scope", "user.slice", "a.socket", "b.mount", "c.swap", "d.timer"},
        ),
        ([], set()),
    ],
    ids=["bare", "whole", "instances", "dots", "other-kinds", "none"],
)
def test_a_unit_without_a_kind_is_a_service(names, units):
    assert cgroups.unit_names(names) == units


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/system.slice/nginx.service", "/system.slice/nginx.service"),
        ("/system.slice/nginx.service/worker", "/system.slice/nginx.service"),
        ("/user.slice/nginx.service/x/nginx.service", "/user.slice/nginx.service"),
        ("/system.slice/xnginx.service", None),
        ("/system.slice", None),
        ("/", None),
    ],
)
def test_the_group_of_a_unit(path, group):
    assert cgroups.of_unit(path, frozenset({"nginx.service"})) == group


VERSION_2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
HYBRID = (
    "30 23 0:26 / /sys/fs/cgroup ro,nosuid shared:4 - tmpfs tmpfs ro,mode=755",
    "31 30 0:27 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw",
    "32 30 0:28 / /sys/fs/cgroup/systemd rw shared:6 - cgroup cgroup rw,xattr,name=systemd",
)
CONTAINER = "30 23 0:26 /docker/abc /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw"
ODD = "31 30 0:27 / /mnt/a\x0cb\u2028c rw - ext4 /dev/sdb1 rw"


@pytest.fixture
def hierarchies(add, processes):
    def read(*mounts):
        add(ME, mountinfo=match.encode("".join(f"{line}\n" for line in mounts)))
        return Hierarchies(processes)

    return read


@pytest.mark.parametrize(
    ("mounts", "name", "path"),
    [
        pytest.param((ROOT, VERSION_2), "/system.slice/a.service", "/system.slice/a.service", id="path"),
        pytest.param((ROOT, VERSION_2), "system.slice/a.service/", "/system.slice/a.service", id="without-slash"),
        pytest.param((ROOT, VERSION_2), "/sys/fs/cgroup/system.slice/", "/system.slice", id="directory"),
        pytest.param((ROOT, VERSION_2), "/sys/fs/cgroup", "/", id="the-mount-itself"),
        pytest.param((ROOT, VERSION_2), "/sys/fs/cgroups/a", "/sys/fs/cgroups/a", id="another-directory"),
        pytest.param(HYBRID, "/sys/fs/cgroup/systemd/a", "/a", id="version-1"),
        pytest.param(HYBRID, "/sys/fs/cgroup/unified/a", "/a", id="both-versions"),
        pytest.param((CONTAINER,), "/sys/fs/cgroup/a", "/docker/abc/a", id="a-part-of-the-tree"),
        pytest.param((ODD, VERSION_2), "/sys/fs/cgroup/a", "/a", id="odd-line-ends-elsewhere"),
        pytest.param((), "/a", "/a", id="no-mounts"),
    ],
)
def test_the_path_of_a_control_group(hierarchies, mounts, name, path):
    assert hierarchies(*mounts).path(name) == path


@pytest.mark.parametrize(
    ("mounts", "path", "directory"),
    [
        pytest.param((ROOT, VERSION_2), "/a/b", "/sys/fs/cgroup/a/b", id="version-2"),
        pytest.param(HYBRID, "/a/b", "/sys/fs/cgroup/unified/a/b", id="both-versions"),
        pytest.param(HYBRID[2:], "/a/b", None, id="version-1"),
        pytest.param((CONTAINER,), "/docker/abc/a", "/sys/fs/cgroup/a", id="a-part-of-the-tree"),
        pytest.param((CONTAINER,), "/docker/abcd/a", None, id="not-in-that-part"),
        pytest.param((), "/a", None, id="no-mounts"),
    ],
)
def test_the_directory_of_a_control_group(hierarchies, mounts, path, directory):
    assert hierarchies(*mounts).directory(path) == directory


@pytest.mark.parametrize(
    ("paths", "groups", "units", "directories"),
    [
        pytest.param(["/a/b", "/a/c"], ["/a"], [], ["/sys/fs/cgroup/a"], id="one-for-all-in-it"),
        pytest.param(["/a", "/x/y"], ["/a", "/x"], [], ["/sys/fs/cgroup/a", "/sys/fs/cgroup/x"], id="two"),
        pytest.param(["/s/w.service/x"], [], ["w"], ["/sys/fs/cgroup/s/w.service"], id="unit"),
        pytest.param(["/a"], ["/"], [], None, id="never-the-root"),
        pytest.param(["/a/b", "/b"], ["/a"], [], None, id="one-is-in-one-of-version-1"),
        pytest.param(["/a", ""], ["/a"], [], None, id="one-is-in-none"),
        pytest.param([], ["/a"], [], [], id="no-processes"),
    ],
)
def test_the_groups_that_can_be_ended_as_a_whole(hierarchies, paths, groups, units, directories):
    assert cgroups.whole_groups(paths, groups, units, hierarchies(ROOT, VERSION_2)) == directories
