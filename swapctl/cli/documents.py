"""Read a layout from a file: YAML or JSON, and know where in it each part stands."""

from __future__ import annotations

import os

from ..errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..swap.layout import Place
    from ..validate import Where

STDIN = "-"

_STDIN = 0
_LONGEST = 40  # characters of a value that are shown


def read(path: str) -> tuple[Any, Place]:
    """Return the document in the file at *path*, ``-`` for standard input, and a function that tells places in it."""
    name = "standard input" if path == STDIN else path
    text = _text(path, name)
    try:
        import yaml
    except ImportError:  # one copied file, or a managed host: JSON is read by the standard library
        return _json(text, name), lambda _where: name

    class Loader(yaml.SafeLoader):
        """The safe one, which lets errors of Python's types out where a value is not what its tag says."""

        def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 (PyYAML's)
            try:
                return super().construct_object(node, deep=deep)
            except (ValueError, LookupError, AttributeError) as error:
                message = f"{_short(node.value)} is no {node.tag.rpartition(':')[2]}"
                raise yaml.constructor.ConstructorError(None, None, message, node.start_mark) from error

    try:
        loader = Loader(text)
        node = loader.get_single_node()
        lines = dict(_lines(node, (), name, set()))
        document = loader.construct_document(node) if node else None
    except RecursionError as error:
        raise InvalidInput(f"{name}: it is nested too deep", hint="a layout has five levels") from error
    except yaml.YAMLError as error:
        raise InvalidInput(f"{name}{_explained(error, text)}", hint="see yaml.org") from error
    return document, lambda where: f"{name} line {_nearest(lines, where)}"


def write(document: object) -> str:
    """Return *document* as YAML, or where that cannot be had as JSON, which is YAML as well."""
    try:
        import yaml
    except ImportError:
        import json

        return json.dumps(document, indent=2) + "\n"
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text


def _text(path: str, name: str) -> str:
    try:
        # Not sys.stdin, which has the locale's idea of text, and is None where there is no standard input.
        descriptor = _STDIN if path == STDIN else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8", closefd=descriptor != _STDIN) as file:
            return file.read()
    except OSError as error:
        raise InvalidInput(
            f"{name}: {error.strerror}", hint="give the file of a layout, or - for standard input"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name}: it is no text in UTF-8", hint="a layout is YAML or JSON") from error


def _json(text: str, name: str) -> Any:  # noqa: ANN401 (whatever it holds)
    import json

    try:
        return json.loads(text)
    except RecursionError as error:
        raise InvalidInput(f"{name}: it is nested too deep", hint="a layout has five levels") from error
    except json.JSONDecodeError as error:
        hint = "without the Python package PyYAML only JSON can be read"
        raise InvalidInput(f"{name} line {error.lineno}: {error.msg}", hint=hint) from error
    except ValueError as error:
        raise InvalidInput(f"{name}: it has a number with too many digits", hint="see json.org") from error


def _lines(node: Any, where: Where, name: str, known: set[int]) -> Iterator[tuple[Where, int]]:  # noqa: ANN401 (PyYAML)
    """Yield the line of each part of a document; InvalidInput where a key stands twice, which YAML forbids.

    What an alias stands for is looked at once, in *known*: aliases of aliases can be more than there is time for.
    """
    if node is None:
        return
    yield where, node.start_mark.line + 1
    if id(node) in known:
        return
    known.add(id(node))
    if node.id == "sequence":
        for number, item in enumerate(node.value):
            yield from _lines(item, (*where, number), name, known)
    elif node.id == "mapping":
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.id != "scalar":
                raise InvalidInput(f"{name} line {line}: a key is a {key.id}", hint="a key is one word")
            if key.value in seen:
                message = f"{name} line {line}: {key.value} stands in line {seen[key.value]} already"
                raise InvalidInput(message, hint="say it once")
            seen[str(key.value)] = line
            below = (*where, str(key.value))
            yield from _lines(value, below, name, known)
            yield below, line


def _explained(error: Any, text: str) -> str:  # noqa: ANN401 (PyYAML)
    mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
    line = mark.line + 1 if mark else text.count("\n", 0, position) + 1 if position is not None else None
    at = f" line {line}" if line else ""
    return f"{at}: {getattr(error, 'problem', None) or getattr(error, 'reason', None) or error}"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def _nearest(lines: dict[Where, int], where: Where) -> int:
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 1)
