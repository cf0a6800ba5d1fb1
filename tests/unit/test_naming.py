"""Names of the files that one run makes for another."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.naming import temporary_name

KINDS = ("new", "old", "bridge")


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/swapfile", "new", "/.swapfile.swapctl-new"),
        ("/srv/swap/a", "old", "/srv/swap/.a.swapctl-old"),
        ("/var/spool/swapfile", "bridge", "/var/spool/.swapfile.swapctl-bridge"),
        ("/my swap/ä\t", "new", "/my swap/.ä\t.swapctl-new"),
        ("/a\udcff", "new", "/.a\udcff.swapctl-new"),
    ],
)
def test_the_name_is_beside_the_path_and_says_what_it_is(path, kind, name):
    assert temporary_name(path, kind) == name


@pytest.mark.parametrize(
    "name", ["a" * 255, "ä" * 127, "a" + "ä" * 127, "€" * 85], ids=["ascii", "two", "cut", "three"]
)
def test_a_name_as_long_as_can_be_is_cut(name):
    made = temporary_name(f"/{name}", "new")
    assert len(os.fsencode(made)) == len("/") + 255
    assert made.startswith("/." + name[:60])
    assert made.endswith(".swapctl-new")


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(NAMES, st.sampled_from(KINDS))
def test_the_name_is_never_too_long_for_a_file_system(name, kind):
    directory, _slash, made = temporary_name(f"/srv/{name}", kind).rpartition("/")
    assert directory == "/srv"
    assert len(os.fsencode(made)) <= 255
    assert made.endswith(f".swapctl-{kind}")


@given(NAMES)
def test_the_names_for_one_path_differ_from_it_and_from_each_other(name):
    path = f"/srv/{name}"
    assert len({path, *(temporary_name(path, kind) for kind in KINDS)}) == 4
