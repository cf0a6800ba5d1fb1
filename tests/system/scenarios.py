"""Changes to interrupt: each can be brought to its beginning again and again, and tells whether its end is reached."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from tests.system.machine import MIB, NOBODY, OTHERS

if TYPE_CHECKING:
    from tests.system.machine import Machine

OLD, NEW = 16 * MIB, 32 * MIB
_UUID = "3f2c1e0d-5b6a-4978-8899-aabbccddeeff"
_ENSURE = ("ensure", "{}", "--size", "32M", "--priority", "5")


class Scenario:
    """A change, and how to come to the state before it, again and again."""

    tries = re.compile(".*")  # calls that are worth a kill; what another scenario has as well is left to that one

    def __init__(self, machine: Machine, words: tuple[str, ...] = _ENSURE) -> None:
        self.machine = machine
        self.words = tuple(word.format(machine.area) for word in words)

    def arrange(self) -> None:
        """Bring about the state before."""
        machine = self.machine
        machine.unfake()
        for name in machine.swaps():
            machine.run("swapoff", "--", name)
        for path in machine.real(machine.area.parent).iterdir():
            if path.is_file():
                path.unlink()
        for path in machine.real("/etc").glob("*fstab*"):
            path.unlink()
        machine.fstab.write_text(OTHERS)
        self.prepare()

    def prepare(self) -> None:
        """Make what is there before."""

    def is_done(self) -> bool:
        """Whether the wanted state is reached, by witnesses."""
        machine = self.machine
        entry = machine.active(machine.area)
        return (
            entry is not None
            and entry.priority == 5
            and machine.is_whole_area(machine.area, NEW)
            and machine.listed() == [(str(machine.area), "sw,pri=5")]
            and [path.name for path in machine.real(machine.area.parent).iterdir() if path.is_file()]
            == [machine.area.name]
        )

    def has_whole_area(self) -> bool:
        """Whether what has the final name, if anything, is a whole area: the old or the new one."""
        machine = self.machine
        path = machine.area
        return not machine.real(path).exists() or machine.is_whole_area(path, OLD) or machine.is_whole_area(path, NEW)


class Fresh(Scenario):
    """There is nothing yet."""

    tries = re.compile(r".*swapctl-new")


class Larger(Scenario):
    """There is a smaller area, in use and listed; its names are to be kept."""

    def prepare(self) -> None:
        self.machine.make_area(size=OLD, active=True, options=("--priority", "3"), label="mine", uuid=_UUID)
        self.machine.list_in_fstab(f"{self.machine.area} none swap sw,pri=3 0 0")

    def is_done(self) -> bool:
        found = self.machine.signature(self.machine.area)
        return super().is_done() and (found["LABEL"], found["UUID"]) == ("mine", _UUID)


class LargerWithoutRoom(Larger):
    """There is a smaller area, and no room for a whole new one beside it."""

    def __init__(self, machine: Machine) -> None:
        machine.area = machine.mount("ext4", 48 * MIB, "-O", "^has_journal") / machine.area.name
        super().__init__(machine)


class WrittenInFull(Scenario):
    """There is nothing yet, on a file system where every block has to be written."""

    tries = re.compile("pwrite64.*8388608")

    def __init__(self, machine: Machine) -> None:
        machine.area = machine.mount("ext2", 64 * MIB) / machine.area.name
        super().__init__(machine)


class Unprotected(Scenario):
    """There is a right area that others can read."""

    tries = re.compile("fchmod|fchown")

    def prepare(self) -> None:
        area = self.machine.make_area(size=NEW)
        os.chown(area, NOBODY, NOBODY)
        area.chmod(0o644)

    def has_whole_area(self) -> bool:
        return True


class Removed(Larger):
    """An area is to go."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, ("remove", "{}"))

    def is_done(self) -> bool:
        machine = self.machine
        return not machine.swaps() and machine.fstab.read_text() == OTHERS and not list(machine.area.parent.iterdir())


class MovedWithoutRoom(LargerWithoutRoom):
    """The area is elsewhere under another name, and there is no room for both files: by a layout, with a unit besides."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.old = machine.area.with_name(f"before-{machine.token}")
        layout = machine.directory / "layout.json"
        new = {"path": str(machine.area), "size": NEW, "priority": 5}
        layout.write_text(json.dumps({"swap": {"areas": [{"path": str(self.old), "state": "absent"}, new]}}))
        self.words = ("apply", str(layout))

    def prepare(self) -> None:
        self.machine.make_area(self.old, size=OLD, active=True, options=("--priority", "3"))
        self.machine.list_in_fstab(f"{self.old} none swap sw,pri=3 0 0")

    def is_done(self) -> bool:
        return Scenario.is_done(self)

    def has_whole_area(self) -> bool:
        old = self.machine.real(self.old)
        return super().has_whole_area() and (not old.exists() or self.machine.is_whole_area(self.old, OLD))


class ToAUnit(Larger):
    """An area of fstab's gets a unit of systemd's, with no systemd to tell."""

    tries = re.compile(".*(systemd|fstab)")

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, (*_ENSURE, "--persist", "systemd"))
        self.units = machine.real("/etc/systemd/system")

    def arrange(self) -> None:
        for path in self.units.rglob("*"):
            if self.machine.token in path.name.replace("\\x2d", "-"):
                path.unlink()
        super().arrange()

    def is_done(self) -> bool:
        found = [path for path in self.units.rglob("*.swap") if self.machine.token in path.name]
        unit = [path for path in found if path.parent == self.units]
        return (
            self.machine.active(self.machine.area) is not None
            and self.machine.fstab.read_text() == OTHERS
            and len(unit) == 1
            and f"What={self.machine.area}" in unit[0].read_text().splitlines()
            and [path.parent.name for path in found if path.is_symlink()] == ["swap.target.requires"]
        )


ALL: tuple[type[Scenario], ...] = (
    *(Fresh, Larger, LargerWithoutRoom, WrittenInFull, Unprotected, Removed),
    *(MovedWithoutRoom, ToAUnit),
)
