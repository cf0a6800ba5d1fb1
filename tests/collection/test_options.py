"""What can be said of an area is the same in the library, the module, the role and the documentation."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path

import pytest
import yaml

from swapctl import swap
from swapctl.swap import area
from tests.support import ROOT, run

ROLE = ROOT / "roles" / "swap"
RUN_OPTIONS = {"backup", "fstab_in_place", "lock_timeout"}


@pytest.fixture(scope="module")
def documented(collections_path):
    """Return the module's options as ansible-doc shows them."""
    program = Path(sys.executable).parent / "ansible-doc"
    output = run(program, "--json", "swapctl.linux.swap", env={"ANSIBLE_COLLECTIONS_PATH": str(collections_path)})
    return json.loads(output)["swapctl.linux.swap"]["doc"]["options"]


def arguments(entry_point):
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return specs["argument_specs"][entry_point]["options"]


def shape(options):
    """Return what *options* accept, without words and without defaults."""
    names = ("type", "choices", "elements", "required")
    return {name: {key: option.get(key) for key in names} for name, option in options.items()}


def test_the_module_has_the_librarys_fields_and_the_arguments_of_a_run(documented):
    area_fields = list(inspect.get_annotations(swap.Area))
    converge = set(inspect.signature(swap.converge).parameters) - {"wanted", "dry_run", "host", "progress"}
    assert converge == RUN_OPTIONS
    assert set(documented) == {*area_fields, *RUN_OPTIONS}


def test_the_module_has_the_librarys_choices_and_defaults(documented):
    assert documented["state"]["choices"] == list(area.STATES)
    assert documented["persist"]["choices"] == list(area.PERSISTS)
    assert documented["discard"]["choices"] == list(area.DISCARDS)
    defaults = {name: option["default"] for name, option in documented.items() if "default" in option}
    made = swap.Area("/swapfile")
    run_defaults = {name: inspect.signature(swap.converge).parameters[name].default for name in RUN_OPTIONS}
    expected = {name: getattr(made, name, run_defaults.get(name)) for name in documented if name != "path"}
    assert {**dict.fromkeys(expected), **defaults} == {**expected, "options": list(made.options)}


def test_every_option_says_what_happens_when_it_is_left_out(documented):
    left_out = {
        name: [text for text in option["description"] if text.startswith("When left out, ")]
        for name, option in documented.items()
        if not option.get("required") and name != "lock_timeout"
    }
    assert {name for name, texts in left_out.items() if len(texts) != 1} == set()


def test_the_roles_areas_have_the_modules_options(documented):
    assert shape(arguments("main")["swap_areas"]["options"]) == shape(documented)


def test_the_roles_variables_have_the_modules_options(documented):
    variables = {name: option for name, option in arguments("main").items() if name != "swap_areas"}
    expected = {f"swap_{name}": option for name, option in shape(documented).items()}
    expected["swap_path"]["required"] = None
    assert shape(variables) == expected


def test_the_role_hands_every_option_on(documented):
    (task,) = yaml.safe_load((ROLE / "tasks" / "main.yml").read_text(encoding="utf-8"))
    expected = {name: f"{{{{ swap_area.{name} | default(swap_{name}) | default(omit) }}}}" for name in documented}
    assert task["swapctl.linux.swap"] == {**expected, "path": "{{ swap_area.path }}"}


def test_the_roles_readme_lists_every_option():
    lines = (ROLE / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("`")[1] for line in lines if line.startswith("| `")]
    assert rows == ["swap_areas", "swap_path", *inspect.get_annotations(swap.Area), *sorted(RUN_OPTIONS)]
