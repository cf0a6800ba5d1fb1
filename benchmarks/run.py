"""Compare the speed with named peers, each pair in turn on the same machine, and print the ratios.

usage: python benchmarks/run.py [--runs N] [--directory DIR] [NAME ...]

It needs root, changes fstab only in a mount namespace of its own, and takes away what it makes. Its figures are ratios
of whole commands: a command's time divided by that of its peer right after it. Machines are noisy; look at the median,
and run it again before you believe it.
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from swapctl import swap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Work = list[str] | Callable[[], object]

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SWAPCTL = [str(BIN / "swapctl")]
IN_NAMESPACE = "SWAPCTL_BENCHMARK_NAMESPACE"
FOUR_GIB = 4 << 30


class Pair:
    """Two commands, or calls in this process, to compare, and what puts the machine back before each run."""

    def __init__(self, name: str, ours: Work, peer: Work, goal: float, reset: Callable[[], None]) -> None:
        self.name, self.ours, self.peer, self.goal, self.reset = name, ours, peer, goal, reset


def main() -> int:
    """Run the named benchmarks, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="pairs to time (default: 15)")
    parser.add_argument("--directory", default="/var/tmp", help="a directory on the disk to measure")  # noqa: S108 (mkdtemp there)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *BENCHMARKS], help=", ".join(BENCHMARKS))
    args = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("benchmarks: turning swap on needs root: sudo make bench")
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # what is installed has its bytecode; a checkout gets it in the warm-up
    if IN_NAMESPACE not in os.environ:
        os.environ[IN_NAMESPACE] = "1"
        os.execvp(  # noqa: S606
            "unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv]
        )
    with tempfile.TemporaryDirectory(dir=args.directory, prefix="swapctl-bench-") as directory:
        _own_etc(Path(directory))
        try:
            for name in args.names or BENCHMARKS:
                for pair in BENCHMARKS[name](Path(directory)):
                    report(pair, max(args.runs // 3, 3) if name == "play" else args.runs)
        finally:
            subprocess.run(["umount", "/etc"], check=True)
            for path in Path(directory).glob("*.swap"):
                subprocess.run(["swapoff", path], check=False, stderr=subprocess.DEVNULL)
    return 0


def report(pair: Pair, runs: int) -> None:
    """Time *pair* in turn and print the ratios."""
    timed(pair, pair.ours)
    timed(pair, pair.peer)
    times = [(timed(pair, pair.ours), timed(pair, pair.peer)) for _run in range(runs)]
    ratios = sorted(ours / peer for ours, peer in times)
    ours, peer = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
    print(
        f"{pair.name}: median ratio {statistics.median(ratios):.2f} (min {ratios[0]:.2f}, max {ratios[-1]:.2f},"
        f" goal at most {pair.goal:g}); {ours:.1f} ms against {peer:.1f} ms, {runs} pairs"
    )


def timed(pair: Pair, work: Work) -> float:
    """Return the seconds that *work* takes once."""
    pair.reset()
    start = time.perf_counter()
    if callable(work):
        work()
    else:
        subprocess.run(work, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - start


def no_change(directory: Path) -> Iterator[Pair]:
    """Compare a run that has nothing to do with the start of a bare Python."""
    path = directory / "idle.swap"
    command = [*SWAPCTL, "ensure", str(path), "--size", "64M", "--priority", "3"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    yield Pair("no change / python3 -c pass", command, [sys.executable, "-c", "pass"], 4, lambda: None)
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
    yield Pair("4 GiB / by hand", [*ours, "--persist", "none"], ["sh", "-c", by_hand, str(path)], 1.3, reset)
    yield Pair("4 GiB with fstab / by hand, synced", ours, ["sh", "-c", with_fstab, str(path)], 1.3, reset)
    by_library = functools.partial(swap.converge, area)
    yield Pair("4 GiB, a running Python's library / by hand", by_library, ["sh", "-c", by_hand, str(path)], 1.3, reset)
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
    yield Pair("idempotent play / ping", ours, peer, 1.25, lambda: None)
    subprocess.run([*SWAPCTL, "remove", str(path)], check=True, stdout=subprocess.DEVNULL)


BENCHMARKS = {"no-change": no_change, "create": create, "play": play}


def _playbook(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    inventory = f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}\n"
    (path.parent / "inventory").write_text(inventory, encoding="utf-8")
    return [str(BIN / "ansible-playbook"), "--inventory", str(path.parent / "inventory"), str(path)]


def _own_etc(directory: Path) -> None:
    upper, work = directory / "etc", directory / "work"
    upper.mkdir()
    work.mkdir()
    options = f"lowerdir=/etc,upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, "/etc"], check=True)


if __name__ == "__main__":
    if not shutil.which("unshare"):
        sys.exit("benchmarks: unshare is not installed; it is in util-linux")
    sys.exit(main())
