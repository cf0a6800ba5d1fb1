"""A root file system of its own, on this machine's kernel, for commands that name ``/swapfile`` and mean it.

A sparse ext4 image on a loop device is the root. Programs and the checkout are bound into it, read-only; ``/etc``, ``/run``
and ``/dev`` are its own, and the one disk in its ``/dev``, ``/dev/vdb``, is a second loop device. All of it is mounted in a
private mount namespace.

The processes are its own as well: commands run in a PID namespace where nothing is but they and the services below. Whatever
an example stops, it can be no process of this machine.

One process, the keeper, makes the sandbox and waits for the end of its standard input. Then, also when the tests were
killed, it ends the PID namespace with all that is in it, and turns off every area on the image and on the disk; the mounts
and loop devices go with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

FSTAB = """\
# <file system>  <mount point>  <type>  <options>          <dump>  <pass>
/dev/vda1        /              ext4    errors=remount-ro  0       1
"""

# Daemons for the examples: the name, the user, how many, and what its file in /etc says. Each is a copy of the shell that
# reads that file, so its name and its command line are those of a program: /opt/bin/NAME /etc/NAME.conf.
SERVICES = (
    ("worker", "app", 2, "read -r job < /run/jobs"),
    ("reporter", "app", 1, "trap '' TERM; read -r job < /run/jobs"),
    ("indexer", "app", 1, "read -r job < /run/jobs"),
    ("archiver", "app", 1, "read -r job < /run/jobs"),
    ("mailer", "root", 1, "trap : HUP; echo $$ > /run/mailer.pid; while :; do read -r job < /run/jobs; done"),
    ("spooler", "root", 1, "/opt/bin/printer /etc/printer.conf & read -r job < /run/jobs"),
)

CHECKOUT = "/opt/swapctl"
PATH = "/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

KEEPER = r"""
set -eu
root=$1 image=$2 disk=$3 checkout=$4 inside=$5 python=$6 venv=$7
number=

tidy() {
    status=$?
    trap '' HUP INT TERM
    cd /
    chroot "$root" cat /proc/swaps 2>/dev/null | while read -r name _; do
        # Areas of this machine have such names too. Ours are on the image, or are the disk.
        name=$(printf '%b' "$name")
        if [ "$name" = /dev/vdb ] || [ "$(stat -c %d "$root$name" 2>/dev/null)" = "$(stat -c %d "$root")" ]; then
            chroot "$root" swapoff "$name" || true
        fi
    done
    umount --recursive "$root" || true
    if [ -n "$number" ]; then losetup --detach "$number"; fi
    exit "$status"
}
trap tidy EXIT

bind() {
    mkdir -p "$root$2"
    mount --rbind "$1" "$root$2"
    mount -o remount,bind,ro "$root$2"
}

mount -o loop "$image" "$root"
number=$(losetup --find --show "$disk")
cd "$root"
mkdir -p dev etc mnt opt/bin proc root run srv sys tmp var/tmp
chmod 1777 tmp var/tmp
rmdir lost+found
for name in usr bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$name" ]; then
        cp -P "/$name" .
    elif [ -d "/$name" ]; then
        bind "/$name" "/$name"
    fi
done
for name in alternatives ld.so.cache ld.so.conf ld.so.conf.d localtime; do
    if [ -e "/etc/$name" ]; then cp -a "/etc/$name" etc; fi
done
cat "$image.fstab" > etc/fstab
for name in passwd group; do cat "$image.$name" - < "/etc/$name" > "etc/$name"; done
case $python in
    /usr | /usr/*) ;;
    *) bind "$python" "$python" ;;
esac
if [ "$venv" != "$python" ]; then bind "$venv" "$venv"; fi
bind "$checkout" "$inside"
mkdir -p opt/collections/ansible_collections/swapctl
ln -s "$inside" opt/collections/ansible_collections/swapctl/linux
for name in swapctl ansible-playbook; do cp -p "$image.$name" "opt/bin/$name"; done
for file in "$image".conf.*; do
    name=${file##*.}
    cp -L "$(command -v sh)" "opt/bin/$name"
    cp "$file" "etc/$name.conf"
done
mkfifo run/jobs
chmod 644 run/jobs
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs dev
mkdir -m 1777 dev/shm
ln -s /proc/self/fd dev/fd
for name in full null random tty urandom zero; do cp -a "/dev/$name" dev; done
mknod -m 660 dev/vdb b $((0x$(stat -c %t "$number"))) $((0x$(stat -c %T "$number")))
chgrp disk dev/vdb
# Process 1 of the sandbox, which takes notice of every end. It still sees the /proc outside, and there its own number.
cp -L "$(command -v sh)" opt/bin/init
unshare --pid --fork opt/bin/init -c '
    mount -t proc proc proc
    read -r number _rest < /proc/self/stat
    echo "ready $number"
    cat > /dev/null
    exit
'
"""

PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"

SWAPCTL = f"""\
#!/bin/sh
PYTHONPATH={CHECKOUT} exec {PYTHON} -B -s -m swapctl "$@"
"""

PLAYBOOK = f"""\
#!/bin/sh
export ANSIBLE_COLLECTIONS_PATH=/opt/collections ANSIBLE_PYTHON_INTERPRETER={PYTHON} ANSIBLE_NOCOWS=true
exec {sys.prefix}/bin/ansible-playbook "$@"
"""


class Sandbox:
    """A sandbox that stands."""

    def __init__(self, root: Path, first: int) -> None:
        self.root = root
        self.first = first
        # The Python of the tests, with the checkout and nothing else.
        self.python = ("env", f"PYTHONPATH={CHECKOUT}", str(PYTHON), "-B", "-s")

    def command(self, *argv: str) -> list[str]:
        """Return the command that runs *argv* inside."""
        enter = ["nsenter", f"--target={self.first}", "--mount", "--pid", "chroot", str(self.root)]
        environment = ["env", "-i", f"PATH={PATH}", "HOME=/root", "LC_ALL=C.UTF-8", "TERM=dumb", "COLUMNS=120"]
        # Both streams go into one pipe: what is printed first is to come first, as on a terminal.
        return [*enter, *environment, "PYTHONUNBUFFERED=1", *argv]

    def start(self) -> None:
        """Start the services, and wait until they are there."""
        for name, user, number, _script in SERVICES:
            become = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
            for _each in range(number):
                output, status = self.run("sh", "-c", 'setsid -f "$@" > /dev/null 2>&1', "sh", *become, *service(name))
                assert (output, status) == ("", 0)
        running = (
            "until [ $(grep -sl '^State:.S ' $(grep -lsx {} /proc/[0-9]*/comm | sed s/comm/status/) | wc -l) = {} ]"
        )
        for name, _user, number, _script in (*SERVICES, ("printer", "root", 1, "")):
            output, status = self.run("sh", "-c", f"{running.format(name, number)}; do sleep 0.05; done")
            assert (output, status) == ("", 0)

    def write(self, name: str, text: str) -> None:
        """Write a file in root's home directory."""
        subprocess.run(self.command("sh", "-c", f"cat > /root/{name}"), input=text, text=True, check=True)

    def run(self, *argv: str, typed: str = "") -> tuple[str, int]:
        """Run *argv* inside; return what it prints, both streams as a terminal mixes them, and its status."""
        done = subprocess.run(
            self.command(*argv),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            timeout=120,
            check=False,
        )
        return done.stdout, done.returncode

    def shell(self, line: str, status: int = 0) -> tuple[str, int]:
        """Run a shell line inside, in root's home directory, after a command that ended with *status*.

        The line is typed: a shell that had it among its arguments would match the patterns in it.
        """
        return self.run("sh", typed=f"cd; (exit {status}); {line}\n")


def service(name: str) -> list[str]:
    """Return the command line of a service."""
    return [f"/opt/bin/{name}", f"/etc/{name}.conf"]


@contextmanager
def sandbox(directory: Path) -> Iterator[Sandbox]:
    """Make a sandbox, with its files in *directory*, and take all of it away in the end."""
    image, disk, root = directory / "image", directory / "disk", directory / "root"
    for file, size in ((image, 24 << 30), (disk, 1 << 30)):
        with file.open("wb") as opened:
            opened.truncate(size)
    root.mkdir()
    subprocess.run(["mkfs.ext4", "-q", image], env=_admin(), check=True)
    for name, script in (("swapctl", SWAPCTL), ("ansible-playbook", PLAYBOOK)):
        wrapper = directory / f"image.{name}"
        wrapper.write_text(script, encoding="utf-8")
        wrapper.chmod(0o755)
    files = {"fstab": FSTAB, "passwd": "app:x:990:990::/srv:/bin/sh\n", "group": "app:x:990:\n"}
    scripts = {name: script for name, _user, _number, script in SERVICES} | {"printer": SERVICES[0][-1]}
    for name, text in (files | {f"conf.{name}": f"{script}\n" for name, script in scripts.items()}).items():
        (directory / f"image.{name}").write_text(text, encoding="utf-8")
    arguments = [str(one) for one in (root, image, disk, ROOT, CHECKOUT, sys.base_prefix, sys.prefix)]
    keeper = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", KEEPER, "keeper", *arguments],
        env=_admin(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C ends the tests, and the end of the tests ends the keeper
        text=True,
    )
    try:
        assert keeper.stdout
        word, _blank, number = keeper.stdout.readline().partition(" ")
        if word == "ready":
            stands = Sandbox(root, int(number))
            stands.start()
            yield stands
    finally:
        complaint = keeper.communicate()[1]
    assert (keeper.returncode, complaint) == (0, "")
    left = [subprocess.run(["losetup", "-j", file], env=_admin(), stdout=subprocess.PIPE, check=True).stdout
            for file in (image, disk)]  # fmt: skip
    # An area that is still in use would keep its loop device.
    assert left == [b"", b""]
    for file in (image, disk):
        file.unlink()


def _admin() -> dict[str, str]:
    return {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin", "LC_ALL": "C"}
