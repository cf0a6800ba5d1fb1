"""Run ``ansible-test sanity`` on a copy of the collection.

usage: python -m tools.sanity [ARGUMENT OF ANSIBLE-TEST SANITY]...

The copy holds what git knows or would add. It is needed because ansible-test insists on a real directory named
``ansible_collections/swapctl/linux``, and reads everything that it finds there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.pythons import SUPPORTED, find_python

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "sanity" / "ansible_collections" / "swapctl" / "linux"

# ansible-test gets pip for its environments from a script that it downloads. Where that cannot be fetched, this takes
# the pip inside Python. In a child, because ensurepip turns pip's configuration off for the process it runs in.
BOOTSTRAP = '''\
"""Put by swapctl's tools/sanity.py in place of get-pip.py, which could not be fetched."""

import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip"])
packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + packages))
'''
NO_BOOTSTRAP = re.compile(r"bootstrap script can be manually downloaded and saved to: (\S+)")


def copy_checkout() -> None:
    """Make the copy anew: links as links, and nothing that git ignores."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    for name in sorted(set(listed.stdout.decode().split("\0")) - {""}):
        source, target = ROOT / name, COPY / name
        if source.is_symlink() or source.exists():  # else: deleted, but not yet in git
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    # Without a repository of its own, ansible-test asks the one around it, which ignores build/.
    subprocess.run(["git", "init", "--quiet"], cwd=COPY, check=True)


def sanity(arguments: list[str]) -> tuple[int, str]:
    """Run ansible-test, showing what it says; return its status and that text."""
    here = Path(sys.executable).parent
    # ansible-test takes any python3.N on PATH for one that runs; pyenv's shims may not.
    pythons = [python.parent for python in map(find_python, SUPPORTED) if python]
    path = os.pathsep.join([*map(str, [here, *pythons]), os.environ["PATH"]])
    output = []
    with subprocess.Popen(
        [here / "ansible-test", "sanity", "--color", "no", *arguments],
        cwd=COPY,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            output.append(line)
    return process.returncode, "".join(output)


def main(arguments: list[str]) -> int:
    """Run the tests, twice if the first run lacks its bootstrap script."""
    copy_checkout()
    status, output = sanity(arguments)
    missing = NO_BOOTSTRAP.search(output)
    if status and missing:
        print(f"sanity: writing a stand-in to {missing[1]}", flush=True)
        Path(missing[1]).write_text(BOOTSTRAP, encoding="utf-8")
        status = sanity(arguments)[0]
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
