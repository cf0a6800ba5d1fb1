"""What can be said of an area is the same in the library, the module, the role and the documentation."""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from swapctl import swap
from swapctl.swap import area
from tests.support import ROOT, run

ROLE = ROOT / "roles" / "swap"
RUN_OPTIONS = {"backup", "fstab_in_place", "lock_timeout"}
# What makes sense for one area alone, so that no variable says it of all.
ONLY_FOR_ONE = {"zram", "algorithm", "memory_limit", "encryption", "name"}


@pytest.fixture(scope="module")
def documented(collections_path):
    """Return the module's options as ansible-doc shows them."""
    return documentation(collections_path, "swapctl.linux.swap")


def documentation(collections_path, module):
    program = Path(sys.executable).parent / "ansible-doc"
    output = run(program, "--json", module, env={"ANSIBLE_COLLECTIONS_PATH": str(collections_path)})
    return json.loads(output)[module]["doc"]["options"]


def arguments(entry_point):
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return specs["argument_specs"][entry_point]["options"]


def shape(options):
    """Return what *options* accept, without words and without defaults."""
    names = ("type", "choices", "elements", "required")
    return {name: {key: option.get(key) for key in names} for name, option in options.items()}


def test_the_module_has_the_librarys_fields_and_the_arguments_of_a_run(documented):
    area_fields = list(swap.Area._fields)
    converge = set(inspect.signature(swap.converge).parameters) - {"wanted", "dry_run", "host", "progress", "confirm"}
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


@pytest.fixture(scope="module")
def layout(collections_path):
    """Return the options of the module for a whole host, as ansible-doc shows them."""
    return documentation(collections_path, "swapctl.linux.swap_layout")


def bare(options):
    """Return *options* with what a list of areas leaves out: there, what is not said is said by the library."""
    return {
        name: {**option, "type": "str" if name == "path" else option["type"], "required": None}
        for name, option in options.items()
    }


def test_the_module_for_a_host_has_the_options_of_the_module_for_an_area(documented, layout):
    area = {name: option for name, option in shape(documented).items() if name not in RUN_OPTIONS}
    found = shape(layout["areas"]["suboptions"])
    assert {name: found[name] for name in area} == bare(area)
    assert set(layout) > RUN_OPTIONS


def test_the_roles_areas_have_the_modules_options(layout):
    found = shape(arguments("main")["swap_areas"]["options"])
    assert bare(found) == bare(shape(layout["areas"]["suboptions"]))


def test_the_roles_variables_have_the_modules_options(layout):
    options = {**shape(layout), **bare(shape(layout["areas"]["suboptions"]))}
    variables = {name: option for name, option in shape(arguments("main")).items() if name != "swap_areas"}
    expected = {f"swap_{name}": option for name, option in options.items() if name not in {"areas", *ONLY_FOR_ONE}}
    assert bare({name.removeprefix("swap_"): one for name, one in variables.items()}) == bare(
        {name.removeprefix("swap_"): one for name, one in expected.items()}
    )


def handed_on(entry_point):
    """Return what the role says to the module of the host, without how it says that nothing is said."""
    (task,) = yaml.safe_load((ROLE / "tasks" / f"{entry_point}.yml").read_text(encoding="utf-8"))
    said = task["swapctl.linux.swap_layout"]
    return {
        name: re.findall(r"^\{\{ (\w+) \| default\(.*\) \}\}$", value)
        for name, value in said.items()
        if name != "areas"
    }


def test_the_role_hands_every_option_of_a_host_on(layout):
    said = {name: [f"swap_{name}"] for name in layout if name != "areas"}
    assert handed_on("main") == said
    assert handed_on("absent") == {name: value for name, value in said.items() if name not in {"tuning", "zswap"}}


def test_the_role_hands_every_option_of_an_area_on(layout):
    text = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))["swap_common"]
    said = dict(re.findall(r"'(\w+)': swap_(\w+) \| default\(none\)", text))
    assert said == {name: name for name in layout["areas"]["suboptions"] if name not in {"path", *ONLY_FOR_ONE}}


def test_the_roles_readme_lists_every_option(layout):
    lines = (ROLE / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("`")[1] for line in lines if line.startswith("| `")]
    of_host = [f"swap_{name}" for name in layout if name != "areas"]
    assert sorted(rows) == sorted(["swap_areas", "swap_path", *of_host, *layout["areas"]["suboptions"]])
