"""The command line. ``main`` parses, calls one verb, and is the one place where errors end."""

from __future__ import annotations

import os
import sys

from ..errors import Guard, Incomplete, SwapctlError
from . import output
from .parser import build_parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

VERBS = (
    "status",
    "doctor",
    "ensure",
    "remove",
    "on",
    "off",
    "apply",
    "export",
    "advise",
    "metrics",
    "find",
    "kill",
    "ps",
    "inspect",
)

_INTERRUPTED = 130
_BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 failed or refused, 2 used wrongly, 130 interrupted."""
    output.speak_any_bytes()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:  # before the first change; after that it is undone and arrives as RolledBack
        print("swapctl: interrupted; nothing was changed", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the exit does not complain as well
        return _BROKEN_PIPE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"swapctl: {output.visible(f'{where}{error.strerror or error}')}", file=sys.stderr)
        return 1
    except UnicodeEncodeError as error:
        print(f"swapctl: {error.object!a} has no name in this locale; hint: set LC_ALL=C.UTF-8", file=sys.stderr)
        return 1
    return code


def _run(arguments: list[str]) -> int:
    try:
        args = build_parser(_verbs(arguments)).parse_args(arguments)
        code: int = args.run(args)
    except SwapctlError as error:
        return _failed(error, as_json="--json" in arguments)
    return code


def _verbs(arguments: list[str]) -> list[ModuleType]:
    """Return the verb that is asked for, or all of them: what stands behind the others need not be loaded."""
    from importlib import import_module

    named = [name for name in VERBS if arguments[:1] == [name]]
    return [import_module(f".{name}", __name__) for name in named or VERBS]


def _failed(error: SwapctlError, *, as_json: bool) -> int:
    print(f"swapctl: {output.visible(str(error))}", file=sys.stderr)
    if as_json:
        output.print_json({
            "changed": isinstance(error, Incomplete),
            "error": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "remains": list(error.remains) if isinstance(error, Incomplete) else [],
            **({"processes": list(error.processes)} if isinstance(error, Guard) else {}),
        })  # fmt: skip
    return error.exit_code
