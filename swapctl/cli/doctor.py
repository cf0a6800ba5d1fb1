"""``swapctl doctor``."""

from __future__ import annotations

from .. import swap
from ..swap.finding import SEVERITIES
from . import output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ..swap.diagnosis import Diagnosis

HELP = "find what is wrong with swap, and say what to do about it"
EXAMPLES = """\
  swapctl doctor
  swapctl doctor --fix --dry-run
  swapctl doctor --json
  swapctl doctor --root /mnt/image

exit status: 0 nothing is wrong, or only worth knowing; 1 something is wrong; 2 used wrongly."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    command.add_argument("--fix", action="store_true", help="repair what is safe to repair, then look again")
    parser.add_fstab(command)
    parser.add_change(command)
    parser.add_lock(command)
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Examine the host, after repairing what is asked for."""
    host = swap.LocalHost(args.root)
    result = _repair(args, host) if args.fix else None
    found = swap.diagnose(host)
    if args.json:
        output.print_json({**found.to_dict(), "repairs": result.to_dict() if result else None})
    elif not args.quiet:
        if result and result.actions:
            output.print_result(args, result)
        for line in _lines(found):
            print(output.visible(line))
    return 0 if found.is_clean else 1


def _repair(args: argparse.Namespace, host: swap.LocalHost) -> swap.Result:
    with output.progress(args) as progress:
        return swap.repair(
            host,
            dry_run=args.dry_run,
            progress=progress,
            lock_timeout=args.lock_timeout,
            backup=args.backup,
            fstab_in_place=args.fstab_in_place,
        )


def _lines(found: Diagnosis) -> Iterator[str]:
    for severity in SEVERITIES:
        for one in found.findings:
            if one.severity == severity:
                yield f"{severity}: {one.subject}: {one.message} [{one.id}]"
                yield f"  {'fixable' if one.fixable else 'remedy'}: {one.remedy}"
    if not found.findings:
        yield "nothing is wrong"
    yield from (f"not checked: {what}" for what in found.unchecked)
