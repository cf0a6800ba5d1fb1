"""What a pattern means. Pure: texts of a process in, yes or no out.

A command line is bytes: its arguments, each ended by a NUL, or whatever the program has written there since (proc(5)).
Patterns and command lines are compared as UTF-8, whatever the locale says; a byte that is none matches itself.
"""

from __future__ import annotations

import re
import warnings

from ..errors import Guard, InvalidInput
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMM_LENGTH = 15  # bytes that the kernel keeps of a program's name: TASK_COMM_LEN without the NUL

# Names with no letter in common, and command lines with little: what matches all of either would match anything.
_NAMES = ("sh", "awk", "init", "udev", "cron")
_COMMANDS = (
    "/sbin/init splash",
    "/usr/lib/systemd/systemd-udevd",
    "/usr/sbin/cron -f",
    "sh -c /bin/true",
    "/usr/bin/awk",
)

_SHELL = re.compile(r"(?:ba|da|z|k|mk|a)?sh")
# What may stand first on the command line of a script, and its options that take the next word with them.
_INTERPRETERS = (
    (_SHELL, {"--rcfile", "--init-file"}),
    (re.compile(r"(?:python|pypy)[0-9.]*"), {"-W", "-X", "-Q"}),
    (re.compile(r"perl[0-9.]*|ruby[0-9.]*|php[0-9.]*|lua[0-9.]*"), {"-I", "-r"}),
    (re.compile(r"node|nodejs"), {"-r", "--require", "--import", "--loader"}),
    (re.compile(r"java"), {"-cp", "-classpath", "--class-path", "-p", "--module-path"}),
)
_LETTERS = re.compile(r"[-+][a-zA-Z]+")
_CODE = re.compile(r"-[a-zA-Z]*[ce]")  # the program itself is the next word
_PROGRAM = {"-m", "-jar"}  # the next word names what runs


class Pattern(Record):
    """A text and how to read it: literal and contiguous, or *regex*, *glob*, *exact*; *ignore_case* for each."""

    text: str
    regex: bool = False
    glob: bool = False
    exact: bool = False
    ignore_case: bool = False

    @classmethod
    def _checked(cls, fields: dict[str, object]) -> dict[str, object]:
        text, regex, glob = str(fields["text"]), fields["regex"], fields["glob"]
        try:
            encode(text)
        except UnicodeEncodeError:
            raise InvalidInput(f"pattern {text!r} has no bytes", hint="give text, or bytes as surrogates") from None
        if regex and glob:
            message = f"pattern {text!r} cannot be both a regular expression and a glob"
            raise InvalidInput(message, hint="give --regex or --glob")
        if regex:
            try:  # ValueError: flags, and huge numbers
                with warnings.catch_warnings():
                    warnings.simplefilter("error")  # [[:digit:]] means something else here
                    re.compile(text)
            except (
                re.error,
                ValueError,
                OverflowError,
                RecursionError,
                Warning,
            ) as error:  # ValueError: flags, huge numbers
                message = f"pattern {text!r} is not a regular expression: {error}"
                raise InvalidInput(message, hint="leave --regex out to search for the text as it stands") from None
        return fields

    def refuse_if_it_matches_all(self) -> None:
        """Raise Guard for a pattern that says nothing: empty, only blanks and punctuation, or true of any name."""
        if not self.text.strip():
            message = "the pattern is empty and would match every process"
        elif not self.regex and not self.glob and not any(one.isalnum() or not one.isascii() for one in self.text):
            message = f"pattern {self.text!r} has neither letter nor digit and would match almost every process"
        elif all(map(self.test(), _NAMES)) or all(map(self.test(), _COMMANDS)):
            message = f"pattern {self.text!r} would match every process"
        else:
            return
        raise Guard(message, hint="give a part of the name or of the command line that only the ones to find have")

    def test(self) -> Callable[[str], bool]:
        """Return what tells whether one text matches."""
        text = self.text
        if self.regex or self.glob:
            flags = re.IGNORECASE if self.ignore_case else 0
            compiled = re.compile(_translated(text) if self.glob else text, flags)
            search = compiled.fullmatch if self.exact or self.glob else compiled.search
            return lambda given: search(given) is not None
        if self.ignore_case:
            folded = text.casefold()
            if self.exact:
                return lambda given: given.casefold() == folded
            return lambda given: folded in given.casefold()
        return text.__eq__ if self.exact else lambda given: text in given

    def test_command(self) -> Callable[[bytes], bool]:
        """Return what tells whether a raw command line matches: some or all of it, or (exact) one of its arguments."""
        test = self.test()
        if self.exact:
            return lambda raw: any(test(argument) for argument in split(raw))
        if self.regex or self.glob or self.ignore_case:
            return lambda raw: bool(raw) and test(joined(raw))
        # The same without decoding, for this is asked ten thousand times.
        needle = encode(self.text)
        if b" " not in needle:
            return lambda raw: needle in raw
        return lambda raw: needle in raw.rstrip(b"\0").replace(b"\0", b" ")

    def test_name(self) -> Callable[[str, bytes], bool]:
        """Return what tells whether one of the names matches that a process goes by."""
        test = self.test()
        if self.regex or self.glob or self.ignore_case:
            return lambda comm, raw: any(test(name) for name in names(comm, raw))
        # Every name that a command line gives is a part of it, and nearly none has this one.
        needle = encode(self.text)
        return lambda comm, raw: test(comm) or (needle in raw and any(test(name) for name in names(comm, raw)))

    @property
    def fits_comm(self) -> bool:
        """Whether the name that the kernel has of a program can hold so long a text."""
        return self.regex or self.glob or len(encode(self.text)) <= COMM_LENGTH


def encode(text: str) -> bytes:
    """Return the bytes that *text* stands for."""
    return text.encode("utf-8", "surrogateescape")


def decode(raw: bytes) -> str:
    """Return *raw* as text from which `encode` makes the same bytes."""
    return raw.decode("utf-8", "surrogateescape")


def split(raw: bytes) -> tuple[str, ...]:
    """Return the arguments of a raw command line, empty ones too; NULs that only fill it up are none."""
    if not raw.strip(b"\0"):
        return ("",) * (raw.count(b"\0") == 1)
    body = raw[:-1] if raw.endswith(b"\0") else raw
    if body.endswith(b"\0\0"):  # a title written over the arguments, and what is left of their room
        body = body.rstrip(b"\0")
    return tuple(decode(argument) for argument in body.split(b"\0"))


def joined(raw: bytes) -> str:
    """Return a raw command line as one text, its arguments apart by one blank."""
    return " ".join(split(raw))


def names(comm: str, raw: bytes) -> tuple[str, ...]:
    """Return every name that a process goes by: comm, its program's, and its script's, each without directories."""
    argv = split(raw)
    found = [comm]
    if argv and argv[0]:
        first = (argv[0].split() or [""])[0]
        # A title may quote paths; only what begins with one, and has no options behind it, can be a path with blanks.
        is_path = argv[0].startswith("/") and " -" not in argv[0]
        found += [_base(argv[0]) if is_path or "/" not in argv[0] else "", _base(first).rstrip(":")]
        found.append(script(argv))
    return tuple(dict.fromkeys(name for name in found if name or name == comm))


def full_name(comm: str, raw: bytes) -> str:
    """Return *comm*, or the program's or script's own name where comm is only the beginning of it."""
    if len(encode(comm)) < COMM_LENGTH:
        return comm
    longer = (name for name in names(comm, raw) if encode(name)[:COMM_LENGTH] == encode(comm))
    return max(longer, key=len, default=comm)


def script(argv: Sequence[str]) -> str:
    """Return the name of the script that an interpreter runs, or of a Python module or jar; empty if there is none."""
    program = _base(argv[0])
    takes_word = next((options for name, options in _INTERPRETERS if name.fullmatch(program)), None)
    if takes_word is None:
        return ""
    words = iter(argv[1:])
    for word in words:
        if _SHELL.fullmatch(program) and _LETTERS.fullmatch(word):
            if word[0] == "-" and {"c", "s"} & set(word):  # the program is the next word, or standard input
                return ""
            takes = bool({"o", "O"} & set(word))
        elif word in _PROGRAM:
            return _base(next(words, ""))
        elif word == "-" or (_CODE.fullmatch(word) and program != "java"):
            return ""
        else:
            takes = word in takes_word
        if takes:
            next(words, None)
        elif not word.startswith(("-", "+")):
            return _base(word)
    return ""


def _translated(glob: str) -> str:
    """Return the regular expression that a glob means; one with a range that is none (Python 3.9) matches nothing."""
    import fnmatch

    translated = fnmatch.translate(glob)
    try:
        re.compile(translated)
    except re.error:
        return "(?!)"
    return translated


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
