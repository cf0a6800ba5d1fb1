# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules that change swap share: check mode and diff mode. Private to this collection."""

from __future__ import annotations

from ._outcome import errors_reported, with_diff
from .swapctl import swap
from .swapctl.host import LOCK_TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ansible.module_utils.basic import AnsibleModule

# How to converge, whatever is wanted; documented in plugins/doc_fragments/converge.py.
ARGUMENT_SPEC = {
    "backup": {"type": "bool", "default": False},
    "fstab_in_place": {"type": "bool", "default": False},
    "lock_timeout": {"type": "float", "default": LOCK_TIMEOUT},
}


def given(value: Any) -> Any:  # noqa: ANN401 (whatever options hold)
    """Return *value* without what was left out, which Ansible hands over as nothing."""
    if isinstance(value, dict):
        return {name: given(one) for name, one in value.items() if one is not None}
    return [given(one) for one in value] if isinstance(value, list) else value


def converge(
    module: AnsibleModule, wanted: Callable[[Mapping[str, Any]], swap.Area | Iterable[swap.Area] | swap.Layout]
) -> None:
    """End the module with what was done, or in check mode would be, for what *wanted* makes of its options."""
    with errors_reported(module):
        how = {name: module.params[name] for name in ARGUMENT_SPEC}
        done = swap.converge(wanted(module.params), dry_run=module.check_mode, **how)
    for warning in done.warnings:
        module.warn(warning)
    result = done.to_dict()
    result.pop("warnings", None)  # Ansible has its own way for them
    diff = result.pop("diff")
    module.exit_json(**with_diff(module, result, diff))
