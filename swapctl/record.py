"""An immutable value with named, typed fields.

What ``@dataclass(frozen=True)`` gives, without its import: ``dataclasses`` alone starts as slowly as the bare
interpreter, and each decorated class compiles source text. A command that has nothing to change must cost little more
than starting Python, so the library's values are Records. Type checkers see them as frozen data classes.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself costs a third of the interpreter's start; checkers take this name as true
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_options):  # noqa: ANN003, ANN201 (checkers see the import above)
        """Mark a class for type checkers (PEP 681); when run, it does nothing."""
        return lambda cls: cls


@dataclass_transform(frozen_default=True)
class Record:
    """Base of the library's values; a subclass lists its fields as annotated names, with defaults."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = (name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar"))
        cls._fields = tuple(dict.fromkeys((*cls._fields, *own)))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = dict(zip(self._fields, args))
        unknown = [name for name in kwargs if name not in self._fields]
        twice = [name for name in kwargs if name in given]
        if len(args) > len(self._fields) or unknown or twice:
            message = f"{type(self).__name__} takes {', '.join(self._fields)}; not {args!r} with {kwargs!r}"
            raise TypeError(message)
        given.update(kwargs)
        try:
            fields = {name: given[name] if name in given else getattr(type(self), name) for name in self._fields}
        except AttributeError as error:
            message = f"{type(self).__name__} needs a value: {error}"
            raise TypeError(message) from None
        self.__dict__.update(self._checked(fields))

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Return *fields* in their normal form, or raise; a subclass with rules for its values has its own."""
        return fields

    def __setattr__(self, name: str, value: object) -> None:
        message = f"{type(self).__name__} is immutable; make a changed copy with replace()"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"

    def replace(self, **changes: Any) -> Self:
        """Return a copy in which *changes* stand instead of the old values."""
        return type(self)(**{**self.__dict__, **changes})
