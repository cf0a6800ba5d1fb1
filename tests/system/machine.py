"""A place on this machine for one test: a directory on a real disk, an /etc and a /run of its own, and the running kernel.

A mount namespace keeps the test's fstab, lock and mounts from everybody else's. The kernel's swap is not namespaced: areas are
told apart by a token in their name, and what is still active at the end is turned off.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support import ROOT, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
SWAPCTL = (sys.executable, "-S", "-m", "swapctl")  # -S: the standard library has to do
NOBODY = 65534

PREFIX = "swapctl-test-"

# What a test's fstab holds beside the area. None of it may change.
OTHERS = """\
# /etc/fstab: static file system information.
UUID=6a53d01c-4a5d-4a32-9c6e-2f8d4b1f3b5c\t/ ext4\terrors=remount-ro 0 1  # the root
  tmpfs /scratch tmpfs  defaults,noatime

#/swapfile none swap sw 0 0
"""

_ROOM = 1024 * MIB
_ADMIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_SETUP = """\
set -e
mount -t overlay -o lowerdir=/etc,upperdir=$1/upper,workdir=$1/work overlay /etc
mount -t tmpfs -o mode=0755 run /run
echo ready
exec cat > /dev/null
"""


class Run(NamedTuple):
    """A program that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What swapctl printed, without what others do meanwhile: any process's pages may be swapped out to the area."""
        return json.loads(re.sub(r", [0-9.]+ [KM]iB in use", "", self.out), object_hook=_unused)

    @property
    def names(self) -> list[str]:
        """The names of the actions that swapctl reports."""
        return [action["name"] for action in self.json["actions"]]


class Entry(NamedTuple):
    """One active area as /proc/swaps shows it: its size in bytes, and its priority, None if the kernel chose it."""

    size: int
    priority: int | None


class Machine:
    """See the module."""

    def __init__(self, disk: Path, token: str = "") -> None:
        self.token = token or uuid.uuid4().hex[:12]
        self.directory = disk / f"{PREFIX}{self.token}"
        self.area = self.directory / "areas" / f"swap-{self.token}"
        self.loops: list[str] = []
        self._fakes, self._wrappers = self.directory / "fakes", self.directory / "wrappers"
        self._prepare: list[str] = []
        for name in ("", "etc", "etc/upper", "etc/work", "areas", "fakes", "wrappers"):
            (self.directory / name).mkdir(exist_ok=bool(token))
        self._mark = os.open(self.directory, os.O_RDONLY)
        fcntl.flock(self._mark, fcntl.LOCK_EX)  # as long as this process lives
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SETUP, "sh", self.directory / "etc"],
            stdin=subprocess.PIPE,  # it ends when this process does, whatever becomes of it
            stdout=subprocess.PIPE,
            text=True,
        )

    def open(self) -> None:
        """Wait until the namespace is there, and give it an fstab."""
        assert self._holder.stdout
        assert self._holder.stdout.readline() == "ready\n"
        self.fstab.write_text(OTHERS)

    # what the namespace holds, seen from outside

    def real(self, path: str | Path) -> Path:
        """Return a name that leads from here to what *path* is in the namespace."""
        return Path(f"/proc/{self._holder.pid}/root{path}")

    @property
    def fstab(self) -> Path:
        etc = self.real("/etc")
        assert etc.stat().st_dev != Path("/etc").stat().st_dev, "this would be the machine's own fstab"
        return self.real("/etc/fstab")

    # programs

    def command(self, *argv: str | Path) -> list[str]:
        """Return *argv* as a command that runs in the namespace, with no signal ignored: nohup would have it so."""
        return ["env", "--default-signal", "nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "--", *map(str, argv)]

    @property
    def environment(self) -> dict[str, str]:
        mine = {
            "PATH": f"{self._fakes}:{self._wrappers}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
        }
        return {**{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}, **mine}

    def run(self, *argv: str | Path, env: Mapping[str, str] | None = None, check: bool = True) -> Run:
        """Run a program in the namespace."""
        if self._prepare:
            subprocess.run(self._prepare, check=True)
        done = subprocess.run(
            self.command(*argv),
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        run = Run(done.returncode, *(text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr)))
        assert not check or run.code == 0, f"{argv} exited with {run.code}: {run.err}{run.out}"
        return run

    def swapctl(
        self, *arguments: str | Path, check: bool = True, nobody: bool = False, wrapper: tuple[str | Path, ...] = ()
    ) -> Run:
        """Run swapctl in the namespace; status and changes come as JSON."""
        if nobody:
            user, python, env = self._nobody()
            run = self.run(*user, *wrapper, python, *SWAPCTL[1:], *arguments, "--json", check=check, env=env)
        else:
            run = self.run(*wrapper, *SWAPCTL, *arguments, "--json", check=check)
        assert "Traceback" not in run.err, run.err
        return run

    def start(self, *arguments: str | Path, wrapper: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Start swapctl in the namespace."""
        return subprocess.Popen(
            self.command(*wrapper, *SWAPCTL, *arguments, "--json"),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _nobody(self) -> tuple[tuple[str, ...], str, dict[str, str]]:
        """Return how an ordinary user runs swapctl, who may be able to read neither this checkout nor this Python."""
        need("setpriv")
        copy = self.directory / "for-nobody"
        if not copy.exists():
            self.directory.chmod(0o755)
            shutil.copytree(ROOT / "swapctl", copy / "swapctl", ignore=shutil.ignore_patterns("__pycache__"))
            for path in [copy, *copy.rglob("*")]:
                path.chmod(0o755)
        user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        for python in (sys.executable, "/usr/bin/python3"):
            if not self.run(*user, "sh", "-c", '"$0" -c ""', python, check=False).code:  # setpriv itself may run it
                return user, python, {"PYTHONPATH": str(copy)}
        return missing("no Python that an ordinary user can run")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, as another run does."""
        holder = subprocess.Popen(self.command("flock", "--no-fork", "/run/swapctl.lock", "sleep", "60"))
        self.run("sh", "-c", "while flock -n /run/swapctl.lock true; do sleep 0.02; done")
        try:
            yield
        finally:
            holder.terminate()
            holder.wait()

    def fake(self, name: str, script: str) -> None:
        """Put a shell script in the place of a program; ``$REAL`` in it is the real one."""
        wrapper = self._wrappers / name
        _make_program(self._fakes / name, wrapper if wrapper.exists() else shutil.which(name), script)

    def substitute(self, name: str, program: str) -> None:
        """Have another program play one, through a link."""
        (self._fakes / name).symlink_to(program)

    def without(self, name: str) -> tuple[str, ...]:
        """Return a wrapper for a command for which a program is not installed: overlayfs shows no file at a whiteout."""
        mounts = []
        places = (Path(place).resolve() for place in (*os.environ["PATH"].split(":"), *_ADMIN))
        for number, place in enumerate(place for place in dict.fromkeys(places) if (place / name).exists()):
            upper, work = (self.directory / "etc" / f"{part}-{number}" for part in ("upper", "work"))
            upper.mkdir()
            work.mkdir()
            os.mknod(upper / name, stat.S_IFCHR, os.makedev(0, 0))
            mounts.append(f"mount -t overlay -o lowerdir={place},upperdir={upper},workdir={work} overlay {place}")
        script = " && ".join([*mounts, 'exec "$@"'])
        return ("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh")

    def unfake(self) -> None:
        """Have the real programs back."""
        for program in self._fakes.iterdir():
            program.unlink()

    def hide_other_areas(self) -> None:
        """Have only the test's own areas stand in /proc/swaps from now on, so that others have no room for what these hold.

        It is a copy, made anew before every program, and whenever swapon and swapoff have run.
        """
        copy, kernel = self.directory / "swaps", f"/proc/{os.getpid()}/root/proc/swaps"
        update = f"grep -e ^Filename -e {self.token} {kernel} > {copy}"
        copy.touch()
        self.run("mount", "--bind", copy, "/proc/swaps")
        self._prepare = self.command("sh", "-c", update)
        for name in ("swapon", "swapoff"):
            _make_program(self._wrappers / name, shutil.which(name), f'"$REAL" "$@"; code=$?; {update}; exit $code')

    # making things

    def make_area(
        self,
        path: Path | None = None,
        size: int = 32 * MIB,
        *,
        active: bool = False,
        options: tuple[str, ...] = (),
        **mkswap: str,
    ) -> Path:
        """Make a swap file by hand; *mkswap* holds label, uuid and so on for mkswap, *options* are for swapon."""
        path = path or self.area
        with self.real(path).open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            os.posix_fallocate(file.fileno(), 0, size)
        self.mkswap(path, **mkswap)
        if active:
            self.run("swapon", *options, "--", path)
        return path

    def mkswap(self, path: str | Path, **options: str) -> None:
        self.run("mkswap", *(f"--{name}={value}" for name, value in options.items()), "--", path)

    def loop(self, backing: Path, *options: str) -> str:
        """Return a loop device over a file."""
        device = self.run("losetup", "--find", "--show", *options, "--", backing).out.strip()
        self.loops.append(device)
        return device

    def mount(self, file_system: str, size: int = 64 * MIB, *options: str) -> Path:
        """Return where a new file system on an image is mounted; *options* are for mkfs."""
        image, point = self.directory / f"{file_system}.img", self.directory / file_system
        with image.open("xb") as file:
            file.truncate(size)
        self.run(f"mkfs.{file_system}", "-q", *options, image)
        point.mkdir()
        self.run("mount", image, point)
        return point

    def freeze(self, path: str) -> None:
        """Have the kernel refuse to write to one of its files here, which it would take elsewhere."""
        self.run("mount", "--bind", path, path)
        self.run("mount", "-o", "remount,bind,ro", path)

    def list_in_fstab(self, *lines: str) -> None:
        """Add lines to the test's fstab."""
        self.fstab.write_text(OTHERS + "".join(f"{line}\n" for line in lines))

    # witnesses

    def swaps(self) -> dict[str, Entry]:
        """Return the active areas of this test."""
        rows = (line.rsplit(maxsplit=4) for line in self.run("cat", "/proc/swaps").out.split("\n")[1:] if line)
        found = {_unescape(row[0]): Entry(int(row[2]) * 1024, _set_priority(int(row[4]))) for row in rows}
        return {name: entry for name, entry in found.items() if self.token in name or name in self.loops}

    def active(self, path: str | Path) -> Entry | None:
        """Return what the kernel says of the area at *path*, if it is active."""
        return self.swaps().get(str(path))

    def used(self, path: Path) -> int:
        """Return how many bytes are swapped out to an active area."""
        table = self.run("cat", "/proc/swaps").out
        return next(int(line.split()[3]) * 1024 for line in table.splitlines() if line.startswith(f"{path} "))

    def signature(self, path: str | Path) -> dict[str, str]:
        """Return what blkid finds at *path*, by looking at nothing else."""
        out = self.run("blkid", "--probe", "--output", "export", "--", path, check=False).out
        return dict(line.split("=", 1) for line in out.splitlines() if "=" in line)

    def header_size(self, path: str | Path) -> int:
        """Return how many bytes the area at *path* says it has: its last page stands at byte 1028."""
        with self.real(path).open("rb") as file:
            file.seek(1028)
            return (int.from_bytes(file.read(4), "little") + 1) * PAGE

    def is_whole_area(self, path: Path, size: int) -> bool:
        """Whether a file of *size* bytes stands at *path*, with all its blocks, secret, formatted to its end."""
        status = self.real(path).lstat()
        return (
            stat.S_ISREG(status.st_mode)
            and stat.S_IMODE(status.st_mode) == 0o600
            and status.st_size == size <= status.st_blocks * 512
            and self.signature(path).get("TYPE") == "swap"
            and self.header_size(path) == size
        )

    def listed(self, *also: str) -> list[tuple[str, str]]:
        """Return source and options of the swap entries in fstab, as libmount reads it."""
        run = self.run(
            "findmnt", "--fstab", "--types", "swap", "--json", "--output", "SOURCE,OPTIONS", *also, check=False
        )
        rows = json.loads(run.out)["filesystems"] if run.out else []
        return [(row["source"], row["options"]) for row in rows]

    def snapshot(self) -> dict[str, object]:
        """Return all that swapctl could change, to compare: fstab, the directory, what is active."""
        etc = self.real("/etc")
        places = {"/etc": [name for name in etc.iterdir() if "fstab" in name.name]}
        roots = [
            self.directory / "areas",
            *(self.directory / name for name in ("ext4", "ext2", "ext3", "btrfs", "xfs")),
        ]
        for root in roots:
            places[str(root)] = list(self.real(root).rglob("*")) if self.real(root).is_dir() else []
        return {
            "files": {name.name: _look(name) for found in places.values() for name in sorted(found)},
            "swaps": self.swaps(),
            "devices": {name: self.signature(name) for name in self.loops},
            "bridges": sorted(path.name for path in Path("/var/tmp").glob(f".*{self.token}*")),
        }

    # the end

    def close(self) -> None:
        """Turn off, unmount and delete all that the test made."""
        self.unfake()
        for name in ("swapon", "swapoff"):
            (self._wrappers / name).unlink(missing_ok=True)
        if self._prepare:
            self._prepare = []
            self.run("umount", "/proc/swaps", check=False)
        for name in self.swaps():
            self.run("chattr", "-i", "-a", "--", name, check=False)
            self.run("swapoff", "--", name, check=False)
        remaining = self.swaps()
        for device in self.loops:
            self.run("losetup", "--detach", device, check=False)
        self._holder.communicate()
        subprocess.run(["chattr", "-R", "-f", "-i", "-a", "--", self.directory], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.directory)
        os.close(self._mark)
        for stray in (*Path("/var/tmp").glob(f".*{self.token}*"), *Path("/").glob(f"*{self.token}*")):
            stray.unlink()
        assert not remaining, f"could not turn off {remaining}"


def find_disk() -> Path:
    """Return a directory that can hold swap files, without what killed test runs left there."""
    for directory in (Path("/var/tmp"), ROOT / "build", Path("/")):
        if directory.is_dir() and _kind(directory) in {"ext2/ext3", "xfs"} and _free(directory) > _ROOM:
            sweep(directory)
            return directory
    return missing("no directory on ext4 or XFS with 1 GiB of room")


@contextlib.contextmanager
def running(disk: Path) -> Iterator[Machine]:
    """Give a machine, and take all away in the end."""
    need("unshare", "nsenter", "losetup", "findmnt", "mkswap", "swapon", "swapoff", "blkid")
    machine = Machine(disk)
    try:
        machine.open()
        yield machine
    finally:
        machine.close()


def sweep(disk: Path) -> None:
    """Take away what test runs left that were killed."""
    for left in disk.glob(f"{PREFIX}*"):
        mark = os.open(left, os.O_RDONLY)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        finally:
            os.close(mark)
        machine = Machine(disk, left.name[len(PREFIX) :])
        machine.open()
        rows = machine.run("losetup", "--noheadings", "--output", "NAME,BACK-FILE").out.splitlines()
        machine.loops = [row.split()[0] for row in rows if machine.directory.name in row]
        # By the file itself: what the kernel calls it belongs to a namespace that is gone.
        areas: list[str | Path] = [*machine.area.parent.iterdir(), *machine.loops]
        for area in areas:
            machine.run("swapoff", "--", area, check=False)
        machine.close()


def digest(path: Path) -> str:
    """Return a sum of the data in a file. Zeros count for nothing, so that a sparse file takes no time."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        extents = list(_extents(file.fileno()))
        for offset in sorted({place for start, end in extents for place in range(start - start % MIB, end, MIB)}):
            part = os.pread(file.fileno(), MIB, offset).rstrip(b"\0")
            if part:
                total.update(f"{offset}:{len(part)};".encode() + part)
    return total.hexdigest()


def without_inodes(snapshot: dict[str, object]) -> dict[str, object]:
    """Return a snapshot in which a file and its copy look the same."""
    files = snapshot["files"]
    assert isinstance(files, dict)
    return {**snapshot, "files": {name: look[:-1] for name, look in files.items()}}


def need(*programs: str) -> None:
    """Leave the test, or fail it where everything must be there, if a program is not installed."""
    absent = [name for name in programs if not shutil.which(name)]
    if absent:
        missing(f"not installed: {', '.join(absent)}")


def _kind(directory: Path) -> str:
    done = subprocess.run(
        ["stat", "--file-system", "--format=%T", directory], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _free(directory: Path) -> int:
    numbers = os.statvfs(directory)
    return numbers.f_bavail * numbers.f_frsize


def _unused(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "used"}


def _make_program(path: Path, real: Path | str | None, script: str) -> None:
    path.write_text(f"#!/bin/sh\nREAL={real}\n{script}\n")
    path.chmod(0o755)


def _extents(descriptor: int) -> Iterator[tuple[int, int]]:
    end = 0
    with contextlib.suppress(OSError):  # ENXIO: no data behind this place
        while True:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
            end = os.lseek(descriptor, start, os.SEEK_HOLE)
            yield start, end


def _look(path: Path) -> tuple[object, ...]:
    status = path.lstat()
    what: object = ""
    if stat.S_ISREG(status.st_mode):
        with path.open("rb") as file:
            what = hashlib.sha256(file.read(64 * 1024)).hexdigest()
    attributes = [(name, os.getxattr(path, name)) for name in os.listxattr(path, follow_symlinks=False)] if what else []
    return (
        oct(status.st_mode), status.st_uid, status.st_gid, status.st_size, what, attributes,
        status.st_ino if "fstab" not in path.name else 0,
    )  # fmt: skip


def _set_priority(priority: int) -> int | None:
    return priority if priority >= 0 else None


def _unescape(field: str) -> str:
    raw = field.encode("utf-8", "surrogateescape")
    plain = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match.group(1), 8)]), raw)
    return plain.decode("utf-8", "surrogateescape")
