"""Check a document against a JSON Schema, as far as our schemas go. Pure: data in, the first problem out.

Only the keywords that `KEYWORDS` lists are known; a test holds our schemas to them. A full validator is a package that
a managed host need not have.
"""

from __future__ import annotations

import re

from .record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    Where = tuple[str | int, ...]

# What has an effect; `title`, `description`, `default` and `examples` are for people and editors.
KEYWORDS = frozenset({
    *("type", "enum", "pattern", "minimum", "maximum", "maxLength", "items", "properties", "required", "oneOf"),
    *("additionalProperties", "dependentRequired"),
    *("$schema", "title", "description", "default", "examples"),
})  # fmt: skip
_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}
_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


class Problem(Record):
    """What is wrong: *where*, keys and indexes from the top; *message*, what it is; *allowed*, what would be right."""

    where: Where
    message: str
    allowed: str = ""


def path_of(where: Where) -> str:
    """Return *where* as people write it: ``swap.areas[1].size``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return text.removeprefix(".") or "the document"


def problems(document: object, schema: Mapping[str, Any], where: Where = ()) -> Iterator[Problem]:
    """Yield what in *document* does not follow *schema*."""
    kinds = _listed(schema.get("type", ()))
    if kinds and not any(_is(document, kind) for kind in kinds):
        is_one = (
            f"is {_shown(document)}," if isinstance(document, (dict, list, type(None))) else f"{_shown(document)} is"
        )
        yield Problem(where, f"{is_one} not {_either(_NAMES[kind] for kind in kinds)}", _hint(schema))
    elif isinstance(document, dict):
        yield from _in_mapping(document, schema, where)
    elif isinstance(document, list):
        for number, item in enumerate(document):
            yield from problems(item, schema.get("items", {}), (*where, number))
    else:
        yield from _in_value(document, schema, where)


def _in_mapping(document: Mapping[Any, Any], schema: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    known = schema.get("properties", {})
    for key, value in document.items():
        if key in known:
            yield from problems(value, known[key], (*where, key))
        elif schema.get("additionalProperties") is False:
            yield Problem((*where, str(key)), "is not known", f"allowed are {', '.join(known)}")
    for key in schema.get("required", ()):
        if key not in document:
            yield Problem(where, f"has no {key}", f"add {key}")
    for key, needed in schema.get("dependentRequired", {}).items():
        for other in needed:
            if key in document and other not in document:
                yield Problem((*where, key), f"goes with {other} alone", f"leave {key} out, or add {other}")
    choices = [choice["required"] for choice in schema.get("oneOf", ())]
    given = [names for names in choices if all(name in document for name in names)]
    if choices and len(given) != 1:
        names = [name for choice in choices for name in choice]
        message = f"has both {' and '.join(names)}" if given else f"has neither {' nor '.join(names)}"
        yield Problem(where, message, f"give one of {', '.join(names)}")


def _in_value(value: object, schema: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    choices = schema.get("enum")
    if choices is not None and value not in choices:
        yield Problem(where, f"{_shown(value)} is not one of {', '.join(map(str, choices))}")
    low, high = schema.get("minimum"), schema.get("maximum")
    if _is(value, "number") and ((low is not None and value < low) or (high is not None and value > high)):
        allowed = f"outside {low}..{high}" if high is not None else f"less than {low}"
        yield Problem(where, f"{_shown(value)} is {allowed}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield Problem(where, f"{_shown(value)} is not right", _hint(schema))
        if len(value) > schema.get("maxLength", len(value)):
            yield Problem(where, f"{_shown(value)} has more than {schema['maxLength']} characters")


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return kind in _KINDS and isinstance(value, _KINDS[kind])


def _listed(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _hint(schema: Mapping[str, Any]) -> str:
    examples = schema.get("examples")
    return f"such as {', '.join(map(str, examples))}" if examples else ""


def _shown(value: object) -> str:
    """Return *value* as people see it: not what it holds, which can be more than there is memory for."""
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return _NAMES["object" if isinstance(value, dict) else "array"]
    return str(value).lower() if isinstance(value, bool) else repr(value)
