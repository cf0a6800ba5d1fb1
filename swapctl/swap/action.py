"""What every change is: it describes itself, does itself, and notes how it is undone."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    from .transaction import Transaction


class Action(Record):
    """One change; each kind has a `detail` and an `apply` of its own.

    *tidying*: it comes when the wanted state is reached, and its failure is no reason to go back.
    """

    name: ClassVar[str]
    tidying: ClassVar[bool] = False

    @property
    def detail(self) -> str:
        """What it changes, in a few words."""
        raise NotImplementedError

    def apply(self, run: Transaction) -> None:
        """Make the change; raises `Failed`."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, str]:
        """Return what users see of it."""
        return {"name": self.name, "detail": self.detail}


class PathAction(Action):
    """A change at one path."""

    path: str

    @property
    def detail(self) -> str:
        """The path."""
        return self.path
