# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules that find and stop processes share. Private to this collection."""

from __future__ import annotations

from ._outcome import errors_reported, with_diff
from .swapctl import process
from .swapctl.errors import InvalidInput
from .swapctl.process.usage import LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible.module_utils.basic import AnsibleModule

# What the command line calls otherwise.
WORDS = {
    "--state": "process_state",
    "PATTERN": "pattern",
    "look with find": "look with process_info",
    "as find shows it": "as process_info tells it",
}

_SWITCHES = ("regex", "glob", "exact", "name", "ignore_case", "invert", "newest", "oldest")
_TEXTS = ("pattern", "process_state", "older_than", "younger_than", "min_swap", "min_rss")
_LISTS = {
    "user": "str",
    "group": "str",
    "parent": "int",
    "ancestor": "int",
    "session": "int",
    "tty": "str",
    "cgroup": "str",
    "unit": "str",
    "exe": "path",
    "pid": "str",
    "env": "str",
    "port": "int",
}

# Which processes are meant; documented in plugins/doc_fragments/selector.py.
SELECTOR_SPEC: dict[str, dict[str, object]] = {
    **{name: {"type": "bool", "default": False} for name in _SWITCHES},
    **{name: {"type": "str"} for name in _TEXTS},
    **{name: {"type": "list", "elements": kind} for name, kind in _LISTS.items()},
    "pidfile": {"type": "path"},
}


def selector(options: Mapping[str, Any]) -> process.Selector:
    """Return what a module's options mean: ``state`` is what becomes of the processes, not what they do now."""
    return process.Selector.from_options({**options, "state": options["process_state"]})


def look(options: Mapping[str, Any]) -> dict[str, object]:
    """Return the processes that a module's options mean, or with ``memory`` those of them that use most."""
    if options["memory"]:
        chosen = process.Selector.if_any({**options, "state": options["process_state"]})
        limit = LIMIT if options["limit"] is None else options["limit"] or None
        how = {"sort": options["sort"] or "swap", "by": options["by"], "pss": bool(options["pss"])}
        told = process.usage(chosen, limit=limit, **how).to_dict()
        return {"processes": told.pop("rows"), **told}
    for name in ("sort", "limit", "by", "pss"):
        if options[name] is not None:
            raise InvalidInput(f"{name} is of use with memory alone", hint=f"leave {name} out, or have memory: true")
    return process.look(selector(options)).to_dict()


def act(module: AnsibleModule) -> None:
    """End the module with what became of the processes, or in check mode is to become of them."""
    options = module.params
    how = {name: options[name] for name in ("tree", "expect", "max", "include")}
    with errors_reported(module, WORDS):
        if options["signal"] is not None and options["state"] == "absent":
            raise InvalidInput("signal is only sent with state signalled", hint="leave signal out, or give a ladder")
        chosen = selector(options)
        if options["signal"] is not None:
            result = process.send(chosen, options["signal"], dry_run=module.check_mode, ansible=True, **how)
        else:
            result = process.stop(chosen, ladder=options["ladder"], dry_run=module.check_mode, ansible=True, **how)
    told = with_diff(module, result.to_dict(), result.diff())
    if result.failure:
        module.fail_json(msg=f"not all processes are gone: {result.failure}", **told)
    module.exit_json(**told)
