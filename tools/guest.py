"""Build a Debian guest for the tests in a virtual machine: its kernel, a small initrd and its disk.

usage: python -m tools.guest SUITE[,PACKAGE...]...

A guest is kept in $SWAPCTL_CACHE, ~/.cache/swapctl when left out, and is made again when this file changes. Building it
needs root, for the owners of its files. No file system is mounted for it but by mmdebstrap, in a namespace of its own.

It has what a test of swap and of Ansible needs, `_PACKAGES`. A test that needs more names it, and that makes another
guest: ``image("bookworm", ("lvm2",))``. The kernel is the one that Debian makes for clouds, with all its modules: zram,
dm-crypt, dm-flakey and so on.
"""

from __future__ import annotations

import fcntl
import hashlib
import lzma
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ADDRESS = "10.0.2.15"  # where QEMU's network has its first guest

# What builds it; see `missing_programs`.
PROGRAMS = ("lz4", "mke2fs", "mmdebstrap", "setpriv", "ssh-keygen", "unshare", "xz", "zstd")

# The first says which kernel is the newest. Where the archive's index is ahead of its pool that package cannot be had,
# but the kernels can that it names (apt-patterns(7)).
_KERNELS = ("linux-image-cloud-amd64", "?reverse-depends(?exact-name(linux-image-cloud-amd64))")
_UNPACKERS = {b"\x02\x21\x4c\x18": "lz4", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_PACKAGES = ("busybox-static", "kmod", "openssh-server", "python3", "strace", "systemd-sysv", "udev")
_DISK = "1200M"  # sparse
_UNUSED_AFTER = 14 * 86400  # seconds

_FILES = {
    "etc/hostname": "guest\n",
    "etc/hosts": "127.0.0.1 localhost guest\n",
    "etc/machine-id": "6f0c2d9a54e84c0f8c1a7d3be9b25a10\n",
    "etc/ssh/sshd_config.d/swapctl.conf": "UseDNS no\nUsePAM no\nPrintMotd no\nPrintLastLog no\n",
    "etc/systemd/journald.conf.d/swapctl.conf": "[Journal]\nStorage=volatile\n",
}

# What no test asks for. Each takes a second or so of a boot without hardware support.
_MASKED = [
    "apt-daily-upgrade.timer", "apt-daily.timer", "dev-hugepages.mount", "dev-mqueue.mount", "dpkg-db-backup.timer",
    "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "getty-static.service", "getty@tty1.service",
    "kmod-static-nodes.service", "modprobe@configfs.service", "modprobe@dm_mod.service", "modprobe@drm.service",
    "modprobe@efi_pstore.service", "modprobe@fuse.service", "modprobe@loop.service",
    "proc-sys-fs-binfmt_misc.automount", "serial-getty@ttyS0.service", "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
    "systemd-ask-password-console.path", "systemd-ask-password-wall.path", "systemd-binfmt.service",
    "systemd-firstboot.service", "systemd-hwdb-update.service", "systemd-journal-flush.service",
    "systemd-logind.service", "systemd-machine-id-commit.service", "systemd-networkd.service",
    "systemd-pstore.service", "systemd-random-seed.service", "systemd-sysusers.service", "systemd-timesyncd.service",
    "systemd-update-utmp-runlevel.service", "systemd-update-utmp.service", "systemd-user-sessions.service",
]  # fmt: skip

_MODULES = ("virtio_pci", "virtio_blk", "virtio_net")
_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in {modules}; do /bin/busybox insmod "/$module"; done
/bin/busybox ip address add {address}/24 dev eth0
/bin/busybox ip link set eth0 up
until [ -b /dev/vda ]; do /bin/busybox usleep 20000; done
/bin/busybox mount -t ext4 -o rw,noatime /dev/vda /root
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
"""


class Unavailable(Exception):
    """A guest cannot be built here; the machine is as it was."""


class Image(NamedTuple):
    """A guest as it is before its first start; none of this may be written to."""

    directory: Path

    @property
    def kernel(self) -> Path:
        """What QEMU starts."""
        return self.directory / "kernel"

    @property
    def initrd(self) -> Path:
        """What finds its disk."""
        return self.directory / "initrd"

    @property
    def disk(self) -> Path:
        """The disk with its root file system, raw."""
        return self.directory / "disk"

    @property
    def key(self) -> Path:
        """What root logs in with."""
        return self.directory / "key"


def missing_programs() -> list[str]:
    """Return the names of those that are needed to build a guest, and are not here."""
    return [name for name in PROGRAMS if not shutil.which(name)]


def image(suite: str, extra: Iterable[str] = ()) -> Image:
    """Return the guest of *suite* with the packages *extra* as well, which is built unless it is there.

    Raises `Unavailable`. The first use of each set of packages takes a minute, so tests do well to share one.
    """
    cache = Path(os.environ.get("SWAPCTL_CACHE") or Path.home() / ".cache" / "swapctl")
    cache.mkdir(parents=True, exist_ok=True)
    packages = sorted({*_PACKAGES, *extra})
    recipe = hashlib.sha256(b"\0".join([Path(__file__).read_bytes(), *map(str.encode, packages)])).hexdigest()[:12]
    directory = cache / f"guest-{suite}-{recipe}"
    with _locked(cache / f"guest-{suite}.lock"):
        if not directory.exists():
            _remove_old(cache, suite)
            _build(suite, packages, directory)
        os.utime(directory)
    return Image(directory)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_old(cache: Path, suite: str) -> None:
    """Delete what an interrupted build left, and guests of another recipe that nobody has used for long."""
    for left in cache.glob(f".guest-{suite}-*"):
        shutil.rmtree(left)
    for old in cache.glob(f"guest-{suite}-*"):
        if old.stat().st_mtime < time.time() - _UNUSED_AFTER:
            shutil.rmtree(old)


def _build(suite: str, packages: list[str], directory: Path) -> None:
    if os.uname().machine != "x86_64":
        raise Unavailable(f"the guests are for x86_64, and this is {os.uname().machine}")
    programs = missing_programs()
    if programs:
        raise Unavailable(f"not installed: {', '.join(programs)}")
    if os.geteuid() != 0:
        raise Unavailable("building a guest needs root")
    print(f"guest: {suite}: building it, a minute or so", file=sys.stderr)
    staging = Path(tempfile.mkdtemp(prefix=f".guest-{suite}-", dir=directory.parent))
    try:
        root = staging / "root"
        _install(suite, packages, root)
        new = Image(staging / "image")
        new.directory.mkdir()
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "swapctl-guest", "-f", new.key)
        _configure(root, new.key.with_suffix(".pub"))
        version = max((root / "lib" / "modules").iterdir(), key=_numbers).name
        new.kernel.write_bytes(_unpacked((root / "boot" / f"vmlinuz-{version}").read_bytes()))
        new.initrd.write_bytes(_initrd(root, version))
        lazy = "lazy_itable_init=1,lazy_journal_init=1"
        _run("mke2fs", "-q", "-t", "ext4", "-E", lazy, "-d", root, new.disk, _DISK)
        new.directory.rename(directory)
    finally:
        shutil.rmtree(staging)


def _install(suite: str, packages: list[str], root: Path) -> None:
    meta, named = _KERNELS
    try:
        _install_with([*packages, meta], suite, root)
    except Unavailable as problem:
        shutil.rmtree(root, ignore_errors=True)
        print(f"guest: {suite}: once more, with {named}: {problem}", file=sys.stderr)
        _install_with([*packages, named], suite, root)


def _install_with(packages: list[str], suite: str, root: Path) -> None:
    options = [
        "--aptopt=Acquire::Languages none",
        "--aptopt=APT::Install-Recommends false",
        "--aptopt=APT::Sandbox::User root",  # the cache may lie where nobody else can look
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man")),
    ]
    _run(
        # Should this be killed, all that mmdebstrap runs and mounts is gone with it.
        *("setpriv", "--pdeathsig", "KILL", "--"),
        *("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"),
        *("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", *options),
        *(f"--include={package}" for package in packages),
        *(suite, root),
        environment={"INITRD": "No"},  # initramfs-tools takes half a minute, and this guest has an initrd of its own
    )


def _configure(root: Path, key: Path) -> None:
    for name, text in _FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "root" / ".ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(key, root / "root" / ".ssh" / "authorized_keys")
    for unit in _MASKED:
        mask = root / "etc" / "systemd" / "system" / unit
        mask.unlink(missing_ok=True)
        mask.symlink_to("/dev/null")


def _numbers(path: Path) -> list[int]:
    return [int(word) for word in path.name.replace("-", ".").split(".") if word.isdigit()]


def _unpacked(kernel: bytes) -> bytes:
    """Return the kernel inside *kernel*: QEMU starts that without the seconds that it takes to unpack itself.

    See The Linux/x86 Boot Protocol. How it is packed is Debian's choice, and as it was it would start all the same.
    """
    setup = (kernel[0x1F1] + 1) * 512
    offset, length = struct.unpack_from("<II", kernel, 0x248)
    packed = kernel[setup + offset : setup + offset + length]
    for magic, program in _UNPACKERS.items():
        if packed.startswith(magic):
            # What it says of the length that follows the packed kernel does not matter.
            done = subprocess.run([program, "-dcq"], input=packed, capture_output=True, check=False)
            if done.stdout.startswith(b"\x7fELF"):
                return done.stdout
    return kernel


def _initrd(root: Path, version: str) -> bytes:
    """Return an initrd that loads what leads to the disk and the network, and goes on from there."""
    modules = _modules(root / "lib" / "modules" / version)
    init = _INIT.format(modules=" ".join(modules), address=ADDRESS)
    files = {
        "bin/busybox": (root / "bin" / "busybox").read_bytes(),
        "init": init.encode(),
        **modules,
    }
    entries = [_cpio(name, stat.S_IFDIR | 0o755) for name in ("bin", "dev", "root")]
    entries += [_cpio(name, stat.S_IFREG | 0o755, data) for name, data in files.items()]
    return b"".join([*entries, _cpio("TRAILER!!!", 0)])


def _modules(directory: Path) -> dict[str, bytes]:
    """Return the modules that the initrd loads, in this order, unpacked."""
    needs = {}
    for line in (directory / "modules.dep").read_text(encoding="ascii").splitlines():
        path, _colon, others = line.partition(":")
        needs[Path(path).name.partition(".")[0]] = [path, *others.split()]
    builtin = {Path(line).name.partition(".")[0] for line in (directory / "modules.builtin").read_text().splitlines()}
    # The last one that a module needs is to be loaded first: depmod(8).
    paths = dict.fromkeys(path for name in _MODULES if name not in builtin for path in reversed(needs[name]))
    found = {Path(path).name.partition(".")[0]: (directory / path).read_bytes() for path in paths}
    return {name: lzma.decompress(data) if data.startswith(b"\xfd7zXZ\0") else data for name, data in found.items()}


def _cpio(name: str, mode: int, data: bytes = b"") -> bytes:
    """Return an entry of a cpio archive, in the format that the kernel reads: initramfs buffer format."""
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % number for number in numbers) + name.encode() + b"\0"
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _run(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"{command[0]} exited with {done.returncode}\n{done.stdout}")


if __name__ == "__main__":
    try:
        for each in sys.argv[1:]:
            suite, *extra = each.split(",")
            print(image(suite, extra).directory)
    except Unavailable as problem:
        raise SystemExit(f"guest: {problem}") from None
