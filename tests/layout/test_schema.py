"""The schema of layouts: what editors read is what errors are found by, and a full validator agrees with ours."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swapctl.swap import Area
from swapctl.swap.schema import LAYOUT
from swapctl.validate import KEYWORDS, problems
from tools import schema

FULL = jsonschema.Draft202012Validator(LAYOUT)
AREA = LAYOUT["properties"]["swap"]["properties"]["areas"]["items"]


def below(part):
    """Yield every schema in *part*."""
    yield part
    for one in (
        *part.get("properties", {}).values(),
        *part.get("oneOf", ()),
        *([part["items"]] if "items" in part else []),
    ):
        yield from below(one)


VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, True, False, 0, 1, -1, 40000, 1.5, "", "/swapfile", "zram0", "zramx", "4G", "present", "fstab", "x", [], ["a"], [1], {}]
)  # fmt: skip
WORDS = sorted({name for part in below(LAYOUT) for name in part.get("properties", {})} | {"other"})
ITEMS = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=4)
OTHER_WORDS = [name for name in AREA["properties"] if name != "path"]
RIGHT_ITEMS = st.fixed_dictionaries({"path": st.just("/x")}, optional=dict.fromkeys(OTHER_WORDS, VALUES))
DOCUMENTS = st.one_of(
    VALUES,
    st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=3),
    st.fixed_dictionaries(
        {"swap": st.dictionaries(st.sampled_from(WORDS), st.one_of(VALUES, ITEMS, st.lists(ITEMS | RIGHT_ITEMS, max_size=3)))}
    ),
)  # fmt: skip


@settings(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_a_full_validator_says_the_same(document):
    is_right = not list(problems(document, LAYOUT))
    assert is_right == FULL.is_valid(document)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(LAYOUT)


def test_it_uses_only_what_our_validator_knows():
    assert {keyword for part in below(LAYOUT) for keyword in part} <= KEYWORDS


def test_every_part_says_what_it_is():
    assert all("description" in part for part in below(LAYOUT) if set(part) - {"required", "type"})


def test_the_file_for_editors_is_made_of_it():
    assert schema.FILE.read_text(encoding="utf-8") == schema.text(), "run: make docs"


def test_an_area_has_the_fields_of_the_library():
    assert set(Area._fields) <= set(AREA["properties"])


@pytest.mark.parametrize("name", ["state", "discard", "nofail", "force", "active"])
def test_its_defaults_are_those_of_the_library(name):
    assert AREA["properties"][name]["default"] == getattr(Area("/x"), name)


def test_its_examples_are_right():
    for part in below(LAYOUT):
        for example in part.get("examples", ()):
            assert not list(problems(example, part)), json.dumps(example)
