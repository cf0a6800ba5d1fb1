# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How every module ends: with errors as Ansible reports them, in texts that it takes. Private to this collection."""

from __future__ import annotations

import re
from contextlib import contextmanager

from .swapctl.errors import SwapctlError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from ansible.module_utils.basic import AnsibleModule


def report(
    module: AnsibleModule, look: Callable[[], dict[str, object]], words: Mapping[str, str] | None = None
) -> None:
    """End the module with what *look* finds; *words* as in `errors_reported`."""
    with errors_reported(module, words):
        result = look()
    module.exit_json(changed=False, **as_texts(result))


@contextmanager
def errors_reported(module: AnsibleModule, words: Mapping[str, str] | None = None) -> Iterator[None]:
    """Fail the module with an error's message and whatever else the error has to say.

    *words*: what of the command line's words is called otherwise here.
    """
    try:
        yield
    except SwapctlError as error:
        message, hint = (_in_our_words(text, module, words or {}) for text in (str(error), error.hint))
        more: dict[str, Any] = {"hint": hint}
        more.update({name: list(getattr(error, name, ())) for name in ("remains", "processes")})
        told = {name: value for name, value in more.items() if value}
        module.fail_json(**as_texts({"msg": message, **told}))


def with_diff(module: AnsibleModule, result: dict[str, object], diff: object) -> dict[str, object]:
    """Return *result* as texts, with *diff* where somebody wants to see it."""
    wanted = module._diff  # noqa: SLF001 (Ansible has no other name for it)
    return as_texts({**result, "diff": diff} if wanted else result)


def as_texts(values: dict[str, object]) -> dict[str, object]:
    """Return *values* with bytes that are no UTF-8 as escapes: Ansible takes none, and a path can have any."""
    return {name: _as_text(value) for name, value in values.items()}


def _in_our_words(text: str, module: AnsibleModule, words: Mapping[str, str]) -> str:
    """Return *text* with this module's options where it names those of the command line."""
    for word, ours in words.items():
        text = text.replace(word, ours)
    for name in module.argument_spec:
        text = re.sub(rf"(?<!\S)--{name.replace('_', '-')}\b", name, text)
    return text


def _as_text(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return as_texts(value)
    return [_as_text(one) for one in value] if isinstance(value, list) else value
