"""A virtual machine of a test's own, with a kernel and a swap of its own: QEMU without hardware support, driven over SSH.

Its disks are the test's to break. Whatever becomes of the test, QEMU is killed and its files are deleted, at the latest when the
next one starts. It reaches nothing, and it is reached at one port of the loopback interface alone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.server import free_port
from tools import pyz
from tools.guest import ADDRESS

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from tools.guest import Image

MIB = 1 << 20
DISK = 128 * MIB
PROGRAMS = ("qemu-system-x86_64", "qemu-img", "setpriv", "ssh")

_DISKS = Path("/var/tmp")  # /tmp may be memory
_PREFIX = "swapctl-guest-"
_YOUNG = 60  # seconds; another test run may have made it just now, and not locked it yet
_PATIENCE = 600.0  # seconds for a boot: without hardware support, and whatever else this machine does meanwhile
_MEMORY = "384"  # MiB
_OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=120",
    "LogLevel=ERROR",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
)


class Guest:
    """See the module. Its second disk, of 128 MiB, is */dev/vdb*."""

    def __init__(self, image: Image) -> None:
        self.key, self.port = image.key, free_port()
        self.has_second_disk = True  # from the next start on
        self.boot_id = ""
        self._image = image
        _sweep()
        self.directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_DISKS))
        self._mark = _lock(self.directory)
        self._control = self.directory / "control"
        self._qemu: subprocess.Popen[bytes] | None = None
        self._login: subprocess.Popen[bytes] | None = None
        try:
            self._make_disks()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def ssh_options(self) -> list[str]:
        """Say to ssh how it gets in, through the connection that is open already."""
        options = (*_OPTIONS, f"ControlPath={self._control}")
        return ["-F", "none", "-i", str(self.key), *(word for one in options for word in ("-o", one))]

    # power

    def start(self) -> None:
        """Switch it on, and wait until root can log in."""
        before = self.boot_id
        self._qemu = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL)
        self._wait()
        assert self.boot_id != before, "it has not booted"

    def reboot(self) -> None:
        """Boot it anew, as its users do, and wait until root can log in."""
        self._end("systemctl reboot")
        self.start()

    def shut_down(self) -> None:
        """Shut it down, as its users do, and wait until it is off."""
        self._end("systemctl poweroff")

    def cut_power(self) -> None:
        """Switch it off in the middle of whatever it does.

        What it had in memory alone is lost. Of what went to its first disk, all is kept that it made sure of (fsync), and
        the rest perhaps: QEMU's own tables of the disk (qcow2) tell where it is, and are written when the guest asks for that.
        """
        assert self._qemu
        self._qemu.kill()
        self._qemu.wait()
        self._log_out()

    def close(self) -> None:
        """Take all away."""
        if self._qemu:
            self._qemu.kill()
            self._qemu.wait()
        self._log_out()
        shutil.rmtree(self.directory)
        os.close(self._mark)

    # what runs in it

    def run(self, script: str, *, check: bool = True, timeout: float = _PATIENCE) -> str:
        """Run a shell script as root and return what it prints; its own failure fails the test if *check*."""
        done = subprocess.run(
            self._ssh(),
            input=f"{'set -e' if check else ''}\n{script}\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, f"{script}\nexited with {done.returncode}\n{done.stdout}"
        return done.stdout

    def put(self, source: Path, target: str) -> None:
        """Copy a file into it."""
        with source.open("rb") as file:
            subprocess.run([*self._ssh(), f"cat > {target}"], stdin=file, timeout=60, check=True)

    def install_swapctl(self) -> None:
        """Put the command line of this checkout on its PATH: ``guest.run("swapctl status")``."""
        archive = self.directory / "swapctl.pyz"
        pyz.build(archive)
        self.put(archive, "/usr/local/bin/swapctl")
        self.run("chmod 755 /usr/local/bin/swapctl; sync")

    @property
    def console(self) -> str:
        """The last lines that it printed on its console."""
        log = self.directory / "console"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return "\n".join(text.splitlines()[-30:])

    def _ssh(self) -> list[str]:
        return ["ssh", *self.ssh_options, "-p", str(self.port), "root@127.0.0.1"]

    def _log_in(self) -> bool:
        """Open the connection that all others go through; whether it came about."""
        self._log_out()
        self._login = subprocess.Popen(
            [*self._ssh()[:-1], "-o", "ControlMaster=yes", "-N", "root@127.0.0.1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while self._login.poll() is None and not self._control.exists():
            time.sleep(0.05)
        return self._control.exists()

    def _log_out(self) -> None:
        """Give up the connection: one to a guest that has gone would be waited for."""
        if self._login:
            self._login.kill()
            self._login.wait()
            self._login = None
        self._control.unlink(missing_ok=True)

    def _end(self, command: str) -> None:
        self.run(command, check=False)
        self._log_out()
        assert self._qemu
        assert self._qemu.wait(_PATIENCE) == 0, self.console

    def _wait(self) -> None:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            assert self._qemu
            assert self._qemu.poll() is None, f"QEMU exited with {self._qemu.returncode}\n{self.console}"
            if self._listens() and self._log_in():
                self.boot_id = self.run("cat /proc/sys/kernel/random/boot_id").strip()
                return
            time.sleep(0.2)
        raise AssertionError(f"nobody can log in after {_PATIENCE:.0f} s\n{self.console}")

    def _listens(self) -> bool:
        """Whether an SSH server answers: QEMU takes connections before there is one."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.settimeout(2)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    # what it is made of

    def _make_disks(self) -> None:
        overlay = ("create", "-q", "-f", "qcow2", "-F", "raw", "-b", self._image.disk, self.directory / "disk1")
        subprocess.run(["qemu-img", *overlay], check=True)
        with (self.directory / "disk2").open("wb") as file:
            file.truncate(DISK)

    def _command(self) -> list[str]:
        disks = [("disk1", "qcow2")] + [("disk2", "raw")] * self.has_second_disk
        # Without hardware support one processor is the dependable choice.
        return [
            *("setpriv", "--pdeathsig", "KILL", "--"),  # it ends when the test run does, whatever becomes of that
            *("qemu-system-x86_64", "-M", "pc", "-accel", "tcg", "-cpu", "qemu64", "-smp", "1", "-m", _MEMORY),
            "-no-reboot",  # it ends QEMU, which is started again: so no connection to the boot before outlives it
            *("-nodefaults", "-display", "none", "-monitor", "none", "-serial", f"file:{self.directory / 'console'}"),
            *("-kernel", str(self._image.kernel), "-initrd", str(self._image.initrd)),
            *("-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1 mitigations=off net.ifnames=0"),
            *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-{ADDRESS}:22"),
            *("-device", "virtio-net-pci,netdev=net,romfile="),
            *("-object", "rng-random,filename=/dev/urandom,id=rng", "-device", "virtio-rng-pci,rng=rng"),
            *(word for name, kind in disks for word in self._drive(name, kind)),
        ]

    def _drive(self, name: str, kind: str) -> tuple[str, ...]:
        # cache=unsafe: what the guest makes sure of goes to this machine's memory, not to its disk. It outlives QEMU.
        drive = f"file={self.directory / name},if=none,id={name},format={kind},cache=unsafe"
        return ("-drive", drive, "-device", f"virtio-blk-pci,drive={name}")


def _lock(directory: Path) -> int:
    """Mark a directory as in use for as long as this process lives; raises BlockingIOError if it is."""
    mark = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(mark)
        raise
    return mark


def _sweep() -> None:
    """Delete the files of test runs that were killed."""
    for left in _DISKS.glob(f"{_PREFIX}*"):
        try:
            if left.stat().st_mtime > time.time() - _YOUNG:
                continue
            mark = _lock(left)
        except (BlockingIOError, FileNotFoundError):
            continue
        shutil.rmtree(left)
        os.close(mark)
