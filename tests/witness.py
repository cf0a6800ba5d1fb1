"""What the kernel and other tools than swapctl say about the hosts of a Molecule scenario."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testinfra.host import Host

MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
_BACKENDS = {"containers.podman.podman": "podman", "community.docker.docker": "docker"}


class Entry(NamedTuple):
    """An active area as /proc/swaps shows it: its size in bytes, without the header page, and its priority."""

    type: str
    size: int
    priority: int


class Witness:
    """What *host* says of itself."""

    def __init__(self, host: Host, name: str) -> None:
        self.host = host
        self.name = name
        self.area = f"/swap/{name}"

    def swaps(self) -> dict[str, Entry]:
        """Return the areas that the kernel swaps to, those of all hosts and of this machine, by their names."""
        rows = (line.split() for line in self.host.file("/proc/swaps").content_string.splitlines()[1:])
        return {row[0]: Entry(row[1], int(row[2]) * 1024, int(row[4])) for row in rows}

    def table(self) -> list[str]:
        """Return the names in the kernel's table, one as often as it stands there."""
        return [line.split()[0] for line in self.host.file("/proc/swaps").content_string.splitlines()[1:]]

    def own_swaps(self) -> dict[str, Entry]:
        """Return those whose name has the host's own."""
        return {name: entry for name, entry in self.swaps().items() if self.name in name}

    def out(self, command: str, *arguments: str) -> str:
        """Return what a program prints that must succeed."""
        return str(self.host.check_output(command, *arguments))

    def listed(self) -> list[tuple[str, set[str]]]:
        """Return source and options of the swap entries in fstab, as libmount reads them."""
        command = "findmnt --fstab --types swap --noheadings --raw --output SOURCE,OPTIONS"
        found = self.host.run_expect([0, 1], command)  # 1: there is none, or it could not read
        assert not found.stderr, found.stderr
        rows = (line.split() for line in found.stdout.splitlines())
        return [(source, set(options.split(","))) for source, options in rows]

    def signature(self, path: str) -> dict[str, str]:
        """Return what blkid finds at *path*, nothing if it knows nothing there."""
        found = self.host.run_expect([0, 2], "blkid --probe --output export -- %s", path)
        return dict(re.findall(r"^(\w+)=(.*)$", found.stdout, re.MULTILINE))

    def disk(self, name: str) -> str:
        """Return the device that the kernel has given the host's disk *name*."""
        command = "grep -s -l -x -e %s /sys/block/loop*/loop/backing_file"
        found = self.host.run_expect([0, 2], command, f".*/{self.name}/{name}.disk")  # 2: another host's went meanwhile
        return f"/dev/{found.stdout.split('/')[3]}"

    def names(self, directory: str) -> list[str]:
        """Return the names in a directory, hidden ones too."""
        return sorted(self.out("ls -A %s", directory).split())


def hosts() -> Iterator[tuple[str, str]]:
    """Return the name and testinfra's address of each host of the scenario that is being verified."""
    with open(os.environ["MOLECULE_INVENTORY_FILE"], encoding="utf-8") as file:
        inventory = yaml.safe_load(file)
    for name, variables in sorted(inventory["all"]["hosts"].items()):
        yield name, f"{_BACKENDS[variables['ansible_connection']]}://{name}"
