"""``swapctl ensure``."""

from __future__ import annotations

from .. import swap
from ..swap.area import DISCARDS, LARGEST_PRIORITY, PERSISTS
from . import output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

HELP = "make a swap file or device be there, active and persistent, as wanted"
EXAMPLES = """\
  swapctl ensure /swapfile --size 2G
  swapctl ensure /swapfile --size 4G --priority 10 --dry-run
  swapctl ensure /swapfile --size 50% --label swap --backup
  swapctl ensure UUID=01234567-89ab-cdef-0123-456789abcdef --nofail --discard once
  swapctl ensure /dev/vdb --force
  swapctl ensure /swapfile --size 1G --root /mnt/image"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    command.add_argument("path", metavar="PATH", help="a file, or a block device, also as UUID=, LABEL= or PARTUUID=")
    command.add_argument(
        "--size",
        help="512M, 4G (powers of 1024), 500MB (of 1000), 50%% (of RAM) or auto; left out: as is, or all of a device",
    )
    command.add_argument(
        "--priority", type=parser.whole_number, metavar="N", help=f"0..{LARGEST_PRIORITY}; left out: the kernel chooses"
    )
    command.add_argument(
        "--discard", choices=DISCARDS, default="none", help="tell the disk what is free (default: none)"
    )
    command.add_argument("--label", help="15 bytes at most; left out: kept")
    command.add_argument("--uuid", help="left out: kept, or new")
    command.add_argument("--nofail", action="store_true", help="let the boot go on without it")
    command.add_argument(
        "--persist",
        choices=PERSISTS,
        default="fstab",
        help="list it in fstab, give it a unit of systemd's, take it out of both, or leave both (default: fstab)",
    )
    command.add_argument("--set-type", action="store_true", help="set the partition's type to Linux swap")
    command.add_argument(
        "--subvolume",
        action="store_true",
        help="have the file in a btrfs subvolume of its own, made if it is not there",
    )
    command.add_argument("--inactive", action="store_true", help="do not use it now")
    command.add_argument("--options", metavar="OPTS", help="more fstab options, separated by commas")
    command.add_argument("--force", action="store_true", help="overwrite what else is on a block device")
    parser.add_fstab(command)
    parser.add_change(command)
    parser.add_lock(command)
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Converge the area."""
    area = swap.Area(
        args.path,
        size=args.size,
        active=not args.inactive,
        persist=args.persist,
        priority=args.priority,
        discard=args.discard,
        nofail=args.nofail,
        label=args.label,
        uuid=args.uuid,
        options=tuple(args.options.split(",")) if args.options else (),
        force=args.force,
        set_type=args.set_type,
        subvolume=args.subvolume,
    )
    with output.progress(args) as progress:
        result = swap.converge(
            area,
            dry_run=args.dry_run,
            host=swap.LocalHost(args.root),
            progress=progress,
            lock_timeout=args.lock_timeout,
            backup=args.backup,
            fstab_in_place=args.fstab_in_place,
        )
    return output.print_result(args, result)
