"""A machine of its own for logins: users, sudo and an SSH server, in a mount namespace of this one.

It has an /etc and a /run of its own, so the users, the rules of sudo and the server's files are nowhere else. Processes are those
of this machine. All that runs in the namespace when it is closed is ended, and the server when the test run is.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.support import ROOT, missing
from tests.system.machine import need

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESSES = ("127.0.0.1", "127.0.0.2")
_ADMIN = ":/usr/local/sbin:/usr/sbin:/sbin"
_SETUP = """\
set -e
mount -t tmpfs -o mode=0755 etc "$1"
mkdir "$1/upper" "$1/work"
mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc
mount -t tmpfs -o mode=0755 run /run
mkdir /run/sshd
echo "$2" > /proc/sys/kernel/hostname
"$3" -D -f "$4" -E "$5" &
echo ready
cat > /dev/null
kill $!
"""
_CONFIG = """\
{listen}
Port {port}
HostKey {keys}/host_key
PidFile none
AuthorizedKeysFile {keys}/key.pub
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
PrintMotd no
PrintLastLog no
MaxStartups 100
MaxSessions 50
Subsystem sftp internal-sftp
"""
_OPTIONS = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes")
ANSIBLES_OPTIONS = " ".join(["-F none", *(f"-o {option}" for option in _OPTIONS)])
_PATIENCE = 20.0


class User(NamedTuple):
    """An account of the server's."""

    name: str
    uid: int
    home: Path


class SSHD:
    """An SSH server in a mount namespace with an /etc, a /run and a host name of its own.

    It takes the keys in the directory *keys*. *directory*, where it has its files, is the caller's to delete.
    """

    def __init__(self, directory: Path, name: str, keys: Path, port: int, *addresses: str) -> None:
        self._log, self._addresses = directory / "sshd.log", len(addresses)
        (directory / "etc").mkdir()
        listen = "\n".join(f"ListenAddress {address}" for address in addresses)
        (directory / "sshd_config").write_text(_CONFIG.format(listen=listen, port=port, keys=keys), encoding="utf-8")
        self._holder = subprocess.Popen(
            [
                *("unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c", _SETUP, "sh"),
                *(directory / "etc", name, _sshd(), directory / "sshd_config", self._log),
            ],
            stdin=subprocess.PIPE,  # it ends when this process does, whatever becomes of it
            stdout=subprocess.PIPE,
            text=True,
        )

    def open(self) -> None:
        """Wait until it listens."""
        assert self._holder.stdout
        assert self._holder.stdout.readline() == "ready\n"
        for _attempt in range(int(_PATIENCE / 0.02)):
            log = self._log.read_text(encoding="utf-8") if self._log.exists() else ""
            if log.count("Server listening on") == self._addresses:
                return
            time.sleep(0.02)
        raise AssertionError(log)

    def etc(self, name: str) -> Path:
        """Return a name that leads from here to a file in its /etc."""
        etc = Path(f"/proc/{self._holder.pid}/root/etc")
        assert etc.stat().st_dev != Path("/etc").stat().st_dev, "this would be the machine's own /etc"
        return etc / name

    def command(self, *argv: str | Path) -> list[str]:
        """Return *argv* as a command that runs in the namespace, with no signal ignored: nohup would have it so."""
        return ["env", "--default-signal", "nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "--", *map(str, argv)]

    def close(self) -> None:
        """End all that runs in it."""
        held = os.open(f"/proc/{self._holder.pid}/ns/mnt", os.O_RDONLY)  # so that no other gets its number meanwhile
        namespace = _namespace(self._holder.pid)
        self._holder.communicate()
        if namespace != _namespace(os.getpid()):
            while _end_members(namespace):
                pass
        os.close(held)


class Server:
    """See the module."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            missing("accounts of its own need root")
        need_ssh()
        need("sudo")
        self.directory = Path(tempfile.mkdtemp(prefix="swapctl-server-"))
        self.directory.chmod(0o755)
        self._users = 0
        self.port = free_port()
        make_keys(self.directory)
        self._sshd = SSHD(self.directory, socket.gethostname(), self.directory, self.port, *ADDRESSES)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._sshd.open()
        with self._sshd.etc("sudoers").open("w", encoding="utf-8") as file:
            file.write("root ALL=(ALL:ALL) ALL\nDefaults use_pty\n@includedir /etc/sudoers.d\n")
        self.python = self._python()
        self._install()

    def _python(self) -> str:
        """Return a Python that every user can run."""
        for python in (sys.executable, "/usr/bin/python3"):
            command = self.command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
            tried = subprocess.run([*command, "sh", "-c", '"$0" -c ""', python], capture_output=True, check=False)
            if not tried.returncode:
                return python
        return missing("no Python that an ordinary user can run")

    def _install(self) -> None:
        library = self.directory / "lib" / "swapctl"
        shutil.copytree(ROOT / "swapctl", library, ignore=shutil.ignore_patterns("__pycache__"))
        program = self.directory / "bin" / "swapctl"
        program.parent.mkdir()
        lines = [
            f"#!{self.python} -S",
            "import sys",
            f"sys.path.insert(0, {str(library.parent)!r})",
            "from swapctl.cli import main",
            "raise SystemExit(main())",
        ]
        program.write_text("\n".join(lines), encoding="utf-8")
        for path in [library.parent, *library.parent.rglob("*"), program.parent, program]:
            path.chmod(0o755)

    def sudo(self, name: str, rules: str) -> None:
        """Have sudo follow *rules* as well, sudoers(5)."""
        path = self._sshd.etc("sudoers.d") / name
        path.write_text(f"{rules}\n", encoding="utf-8")
        path.chmod(0o440)

    def user(self, name: str, *, sudo: bool = False) -> User:
        """Return a new account, which can log in with the key and, if so told, use sudo without being asked."""
        self._users += 1
        uid = 50000 + self._users
        home = self.directory / "home" / name
        home.mkdir(parents=True)
        os.chown(home, uid, uid)
        for file, line in (
            ("passwd", f"{name}:x:{uid}:{uid}::{home}:/bin/sh"),
            ("group", f"{name}:x:{uid}:"),
            ("shadow", f"{name}:*:19000:0:99999:7:::"),
        ):
            with self._sshd.etc(file).open("a", encoding="utf-8") as entries:
                entries.write(f"{line}\n")
        if sudo:
            self.sudo(name, f"{name} ALL=(ALL:ALL) NOPASSWD: ALL")
        key = home / "key"
        shutil.copy(self.directory / "key", key)
        os.chown(key, uid, uid)
        return User(name, uid, home)

    def command(self, *argv: str | Path) -> list[str]:
        """Return *argv* as a command that runs in the namespace."""
        return self._sshd.command(*argv)

    def by(self, user: User, *argv: str | Path) -> list[str]:
        """Return *argv* as a command of one user's, with no more than cron gives him in his environment."""
        who = ("setpriv", f"--reuid={user.uid}", f"--regid={user.uid}", "--clear-groups")
        return self.command(*who, "env", "-i", f"HOME={user.home}", "PATH=/usr/bin:/bin", *argv)

    def ssh(self, user: User, *options: str) -> list[str]:
        """Return the beginning of a command by which a user logs in: to the same account, here."""
        more = [word for option in (*_OPTIONS, *options) for word in ("-o", option)]
        return [
            "ssh",
            "-F",
            "none",
            "-i",
            str(user.home / "key"),
            "-p",
            str(self.port),
            *more,
            f"{user.name}@127.0.0.1",
        ]

    @property
    def environment(self) -> Mapping[str, str]:
        """What programs find in their environment: swapctl on the PATH, and nothing of Python's or of a login's."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SSH_", "TMUX"))}
        return {**mine, "PATH": f"{self.directory / 'bin'}:{os.environ['PATH']}{_ADMIN}", "LC_ALL": "C.UTF-8"}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run what `command` or `by` returned; no terminal, and both streams in one."""
        return subprocess.run(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )

    def close(self) -> None:
        """End all that runs in the namespace, and take the files away."""
        self._sshd.close()
        shutil.rmtree(self.directory)


def need_ssh() -> None:
    """Leave the test where there is no SSH, or no namespaces to put its servers in."""
    need("ssh", "ssh-keygen", "nsenter", "unshare")
    if not _sshd():
        missing("not installed: sshd")


def _sshd() -> str:
    return shutil.which("sshd", path=os.environ["PATH"] + _ADMIN) or ""


def make_keys(directory: Path) -> None:
    """Make a key for hosts, `host_key`, and one for users, `key`."""
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)


def free_port() -> int:
    """Return a port at which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _end_members(namespace: str) -> bool:
    found = False
    for name in filter(str.isdecimal, os.listdir("/proc")):
        pid = int(name)
        if _namespace(pid) != namespace:
            continue
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            if _namespace(pid) == namespace:  # asked again, for what is held
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                found = True
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)
    return found


def _namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return ""
