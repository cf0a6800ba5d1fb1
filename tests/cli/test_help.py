"""What ``--help`` and ``--version`` print.

The files in ``help/`` are what Python 3.10 and newer print. They are made anew by, for instance,
``COLUMNS=100 python3 -m swapctl ensure --help > tests/cli/help/ensure.txt``.
"""

from __future__ import annotations

import pytest

from swapctl import __version__
from tests.support import ROOT

VERBS = [
    "status",
    "doctor",
    "ensure",
    "remove",
    "on",
    "off",
    "apply",
    "export",
    "advise",
    "metrics",
    "find",
    "kill",
    "ps",
    "inspect",
]


def golden(name):
    return (ROOT / "tests/cli/help" / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_as_reviewed(swapctl, verb):
    done = swapctl(*filter(None, [verb]), "--help")
    printed = done.stdout.replace("optional arguments:\n", "options:\n")  # Python 3.9
    assert (printed, done.stderr, done.returncode) == (golden(verb or "swapctl"), "", 0)


def test_every_verb_is_reviewed():
    assert {path.stem for path in (ROOT / "tests/cli/help").iterdir()} == {"swapctl", *VERBS}


@pytest.mark.parametrize("columns", ["80", "", "wide"])
def test_help_fits_any_terminal(swapctl, columns):
    done = swapctl("ensure", "--help", COLUMNS=columns)
    options, examples = done.stdout.split("\nexamples:\n")
    assert max(map(len, options.splitlines())) <= int(columns if columns.isdigit() else 98)
    assert "  swapctl ensure /swapfile --size 2G\n" in examples


def test_version(swapctl):
    done = swapctl("--version")
    assert (done.stdout, done.stderr, done.returncode) == (f"swapctl {__version__}\n", "", 0)
