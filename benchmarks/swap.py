"""Swap areas against the same work typed by hand. It needs root."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Pair
from swapctl import swap

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
SWAPCTL = [str(BIN / "swapctl")]
IN_NAMESPACE = "SWAPCTL_BENCHMARK_NAMESPACE"
FOUR_GIB = 4 << 30


def no_change(directory: Path) -> Iterator[Pair]:
    """Compare a run that has nothing to do with the start of a bare Python."""
    path = directory / "idle.swap"
    command = [*SWAPCTL, "ensure", str(path), "--size", "64M", "--priority", "3"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    yield Pair("no change / python3 -c pass", command, [sys.executable, "-c", "pass"], 4)
    subprocess.run([*SWAPCTL, "remove", str(path)], check=True, stdout=subprocess.DEVNULL)


def create(directory: Path) -> Iterator[Pair]:
    """Compare making 4 GiB with the commands that one types for it."""
    path = directory / "large.swap"

    def reset() -> None:
        subprocess.run([*SWAPCTL, "remove", str(path)], check=True, stdout=subprocess.DEVNULL)
        os.sync()

    by_hand = 'fallocate -l 4G "$0" && chmod 600 "$0" && mkswap "$0" && swapon "$0"'
    with_fstab = f'{by_hand} && printf "%s none swap sw 0 0\\n" "$0" >> /etc/fstab && sync "$0" /etc/fstab'
    ours = [*SWAPCTL, "ensure", str(path), "--size", str(FOUR_GIB)]
    area = swap.Area(str(path), size=FOUR_GIB, persist="none")
    peer = ["sh", "-c", by_hand, str(path)]
    synced = ["sh", "-c", with_fstab, str(path)]
    by_library = functools.partial(swap.converge, area)
    yield Pair("4 GiB / by hand", [*ours, "--persist", "none"], peer, 1.3, reset=reset)
    yield Pair("4 GiB with fstab / by hand, synced", ours, synced, 1.3, reset=reset)
    yield Pair("4 GiB, a running Python's library / by hand", by_library, peer, 1.3, reset=reset)
    reset()


def play(directory: Path) -> Iterator[Pair]:
    """Compare an idempotent play of the role with the same play of a ping."""
    path = directory / "play.swap"
    head = "- hosts: localhost\n  gather_facts: false\n"
    area = f"{{path: {path}, size: 64M, priority: 3}}"
    plays = {
        "role.yml": f"{head}  roles: [swapctl.linux.swap]\n  vars: {{swap_areas: [{area}]}}\n",
        "ping.yml": f"{head}  tasks:\n    - ansible.builtin.ping:\n",
    }
    ours, peer = (_playbook(directory / name, text) for name, text in plays.items())
    yield Pair("idempotent play / ping", ours, peer, 1.25, slow=3)
    subprocess.run([*SWAPCTL, "remove", str(path)], check=True, stdout=subprocess.DEVNULL)


BENCHMARKS = {"no-change": no_change, "create": create, "play": play}


def prepare() -> str:
    """Go where a mount is nobody else's, by running this program once more; or return why that cannot be."""
    if os.geteuid() != 0:
        return "turning swap on needs root: sudo make bench"
    if not shutil.which("unshare"):
        return "unshare is not installed; it is in util-linux"
    if IN_NAMESPACE not in os.environ:
        os.environ[IN_NAMESPACE] = "1"
        os.execvp(  # noqa: S606 (no shell is what is wanted)
            "unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv]
        )
    return ""


@contextmanager
def machine(directory: Path) -> Iterator[None]:
    """Have an /etc of our own, and take away the areas that are made."""
    upper, work = directory / "etc", directory / "work"
    upper.mkdir()
    work.mkdir()
    options = f"lowerdir=/etc,upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, "/etc"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "/etc"], check=True)
        for path in directory.glob("*.swap"):
            subprocess.run(["swapoff", path], check=False, stderr=subprocess.DEVNULL)


def _playbook(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    inventory = f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n"
    (path.parent / "inventory").write_text(inventory, encoding="utf-8")
    return [str(BIN / "ansible-playbook"), "--inventory", str(path.parent / "inventory"), str(path)]
