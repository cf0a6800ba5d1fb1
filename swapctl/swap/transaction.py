"""Perform a plan: action by action, and all the way back when one fails or a signal comes."""

from __future__ import annotations

from ..errors import Failed, Incomplete, RolledBack, SwapctlError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..host import LocalHost
    from .action import Action

    Progress = Callable[[str, int, int], None]  # what is under way, how many bytes of how many


class Transaction:
    """The host to work on, whose signals are deferred, and the way back from what was done so far."""

    def __init__(self, host: LocalHost, progress: Progress | None = None) -> None:
        self.host = host
        self.backup_file = ""
        self._progress = progress
        self._way_back: list[tuple[str, Callable[..., None], tuple[object, ...]]] = []

    def undo(self, otherwise: str, function: Callable[..., None], *args: object) -> None:
        """Note that *function* undoes the next step, and what is the case if it cannot."""
        self._way_back.append((otherwise, function, args))

    def report(self, what: str) -> Callable[[int, int], None] | None:
        """Return a function that tells how far *what* has come, if anybody listens."""
        progress = self._progress
        return (lambda done, total: progress(what, done, total)) if progress else None

    def perform(self, actions: Iterable[Action]) -> None:
        """Apply *actions*; RolledBack if one failed and all was undone, Incomplete if something remains."""
        for action in actions:
            self._apply(action)

    def _apply(self, action: Action) -> None:
        finished = False
        try:
            if action.tidying:
                self._way_back.clear()
            self.host.checkpoint()
            action.apply(self)
            finished = True
        except Failed as failure:
            finished = True
            raise self._given_up(action, failure) from failure
        finally:
            if not finished:  # not an error that we know: go back all the same, and let it rise
                self._go_back()

    def _given_up(self, action: Action, failure: Failed) -> SwapctlError:
        if action.tidying:
            return Incomplete(
                f"the wanted state is reached, but not tidied up: {failure.message}",
                hint="run it again: that tidies up",
                remains=(f"{action.name} {action.detail}",),
                signal=failure.signal,
            )
        remains = self._go_back()
        if not remains:
            message = f"{failure.message}; what was done is undone, the machine is as it was"
            return RolledBack(message, hint=failure.hint, signal=failure.signal)
        message = f"{failure.message}; undoing what was done failed in part, what remains: {'; '.join(remains)}"
        return Incomplete(message, hint=failure.hint, remains=tuple(remains), signal=failure.signal)

    def _go_back(self) -> list[str]:
        remains = []
        with self.host.undisturbed():
            while self._way_back:
                otherwise, function, args = self._way_back.pop()
                try:
                    function(*args)
                except (Failed, OSError) as failure:
                    remains.append(f"{otherwise} ({failure})")
        return remains
