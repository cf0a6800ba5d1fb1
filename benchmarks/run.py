"""Compare the speed with named peers, each pair in turn on the same machine, and print the ratios.

usage: python benchmarks/run.py [--runs N] [--directory DIR] [NAME ...]

NAME is a benchmark, or one of the three parts that they are in. The part `swap` needs root, changes fstab only in a
mount namespace of its own, and takes away what it makes; `processes` needs a C compiler and starts thousands of
processes, which end with it; `report` needs Chromium. A ratio is a command's time divided by that of its peer right
after it. Machines are noisy; look at the median, and run it again before you believe it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import processes, report, swap

PARTS = {"swap": swap, "processes": processes, "report": report}


def main() -> int:
    """Run the named benchmarks, all by default."""
    known = [name for part, module in PARTS.items() for name in (part, *module.BENCHMARKS)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="pairs to time (default: 15)")
    parser.add_argument("--directory", default="/var/tmp", help="a directory on the disk to measure")  # noqa: S108 (mkdtemp there)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *known], help=", ".join(known))
    args = parser.parse_args()
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # what is installed has its bytecode; a checkout gets it in the warm-up
    for part, module in PARTS.items():
        names = [name for name in module.BENCHMARKS if not args.names or {name, part} & set(args.names)]
        lacking = names and module.prepare()
        if lacking:
            print(f"{part}: left out: {lacking}")
        elif names:
            with tempfile.TemporaryDirectory(dir=args.directory, prefix="swapctl-bench-") as directory:
                _run(part, names, Path(directory), args.runs)
    return 0


def _run(part: str, names: list[str], directory: Path, runs: int) -> None:
    with PARTS[part].machine(directory):
        for name in names:
            for measured in PARTS[part].BENCHMARKS[name](directory):
                measured.report(runs)


if __name__ == "__main__":
    sys.exit(main())
