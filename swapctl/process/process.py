"""What is known of one process. Pure."""

from __future__ import annotations

from ..record import Record


class Process(Record):
    """One process as it was when it was looked at. *inode* tells it from any other that ever has its number.

    Sizes are bytes, *age* is in seconds; *inode* is None where the kernel has no pidfs (before Linux 6.9). Of one that
    was gone before it could be held, little is known.
    """

    pid: int
    name: str
    inode: int | None = None
    parent: int = 0
    argv: tuple[str, ...] = ()
    uid: int | None = None
    user: str = ""
    state: str = ""
    session: int = 0
    threads: int = 1
    age: float = 0.0
    started: float = 0.0
    rss: int = 0
    swap: int = 0
    kernel: bool = False
    foreign: bool = False

    @property
    def zombie(self) -> bool:
        """Whether it has ended already and waits for its parent to notice."""
        return self.state in {"Z", "X"} and self.threads <= 1

    @property
    def command(self) -> str:
        """The command line as one text, empty where there is none."""
        return " ".join(self.argv)

    @property
    def shown(self) -> str:
        """The command line, or like ps(1) the name in brackets."""
        return self.command or f"[{self.name}]"

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            "pid": self.pid,
            "inode": self.inode,
            "name": self.name,
            "command": self.command,
            "argv": list(self.argv),
            "user": self.user,
            "uid": self.uid,
            "parent_pid": self.parent,
            "session": self.session,
            "state": self.state,
            "threads": self.threads,
            "age": round(self.age, 2),
            "rss": self.rss,
            "swap": self.swap,
        }


class Unknown(Record):
    """A process of which it cannot be told whether it is meant: *why* names what could not be learnt."""

    pid: int
    name: str
    why: str

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {"pid": self.pid, "name": self.name, "reason": self.why}
