# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules share: check mode, diff mode, and errors as Ansible reports them. Private to this collection."""

from __future__ import annotations

import re
from contextlib import contextmanager

from .swapctl import swap
from .swapctl.errors import SwapctlError
from .swapctl.host import LOCK_TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from ansible.module_utils.basic import AnsibleModule

# How to converge, whatever is wanted; documented in plugins/doc_fragments/converge.py.
ARGUMENT_SPEC = {
    "backup": {"type": "bool", "default": False},
    "fstab_in_place": {"type": "bool", "default": False},
    "lock_timeout": {"type": "float", "default": LOCK_TIMEOUT},
}


def converge(module: AnsibleModule, wanted: Callable[[Mapping[str, Any]], swap.Area | Iterable[swap.Area]]) -> None:
    """End the module with what was done, or in check mode would be, for what *wanted* makes of its options."""
    with _errors_reported(module):
        how = {name: module.params[name] for name in ARGUMENT_SPEC}
        result = swap.converge(wanted(module.params), dry_run=module.check_mode, **how).to_dict()
    diff = result.pop("diff")
    shown = {"diff": diff} if module._diff else {}  # noqa: SLF001 (Ansible has no other name for it)
    module.exit_json(**_as_texts({**result, **shown}))


def report(module: AnsibleModule, look: Callable[[], swap.Status]) -> None:
    """End the module with what *look* finds."""
    with _errors_reported(module):
        result = look().to_dict()
    module.exit_json(changed=False, **_as_texts(result))


@contextmanager
def _errors_reported(module: AnsibleModule) -> Iterator[None]:
    """Fail the module with an error's message and whatever else the error has to say."""
    try:
        yield
    except SwapctlError as error:
        more = {"hint": _as_options(error.hint, module), "remains": list(getattr(error, "remains", ()))}
        told = {name: value for name, value in more.items() if value}
        module.fail_json(**_as_texts({"msg": _as_options(str(error), module), **told}))


def _as_options(text: str, module: AnsibleModule) -> str:
    """Return *text* with this module's options where it names those of the command line."""
    for name in module.argument_spec:
        text = re.sub(rf"(?<!\S)--{name.replace('_', '-')}\b", name, text)
    return text


def _as_texts(values: dict[str, object]) -> dict[str, object]:
    """Return *values* with bytes that are no UTF-8 as escapes: Ansible takes none, and a path can have any."""
    return {name: _as_text(value) for name, value in values.items()}


def _as_text(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return _as_texts(value)
    return [_as_text(one) for one in value] if isinstance(value, list) else value
