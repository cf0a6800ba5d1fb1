"""The pages and the program name the same things: commands, options, keys, errors, files. Neither root nor kernel."""

from __future__ import annotations

import argparse
import re
import shlex
from importlib import import_module

import pytest
import yaml

from swapctl import cli, errors, host, naming
from swapctl.cli.parser import build_parser
from swapctl.swap import Area, Result, Status, actions
from swapctl.swap.memory import Memory
from swapctl.swap.state import State
from tests.docs import pages
from tests.support import ROOT

MANUAL = pages.read("docs/swapctl.8.md")
LIBRARY = pages.read("docs/library.md")
PARSER = build_parser(import_module(f"swapctl.cli.{name}") for name in cli.VERBS)
(COMMANDS,) = (one for one in PARSER._actions if isinstance(one, argparse._SubParsersAction))
PARSERS = {"": PARSER, **COMMANDS.choices}

OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def options(parser):
    return {name for action in parser._actions for name in action.option_strings}


def section(title, text=MANUAL):
    """Return what stands under a heading, up to the next one of the same level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |^\1 |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[2]


def terms(text):
    """Return the words that definition lists in *text* define."""
    defined = re.findall(r"^(\S.*)\n: ", text, re.MULTILINE)
    return [word for line in defined for word in re.findall(r"\*\*(.+?)\*\*|(?<!\*)\*([^* ]+)\*(?!\*)", line)]


def defined(text):
    return {bold or italic for bold, italic in terms(text)}


def test_the_synopsis_has_every_option_of_every_command_and_no_other():
    (synopsis,) = pages.blocks(section("SYNOPSIS"), "text")
    shown = {}
    for line in re.sub(r"\n +", " ", synopsis).splitlines():
        verb = line.split()[1] if line.split()[1] in PARSERS else ""
        shown.setdefault(verb, set()).update(OPTION.findall(line))
    short = {"-n": "--dry-run", "-v": "--verbose", "-q": "--quiet"}
    for verb, parser in PARSERS.items():
        wanted = options(parser) - {"-h", "--help"} - set(short.values())
        assert shown[verb] - {"--help"} == wanted, verb


def test_the_manual_explains_every_option_and_no_other():
    text = section("COMMANDS") + section("COMMON OPTIONS")
    assert {word for word in defined(text) if word.startswith("-")} == set().union(*map(options, PARSERS.values()))


@pytest.mark.parametrize("verb", cli.VERBS)
def test_the_manual_explains_the_options_of_a_command_with_it(verb):
    shared = defined(section("COMMON OPTIONS"))
    own = {word for word in defined(section(f"swapctl {verb}")) if word.startswith("-")}
    assert own == options(PARSERS[verb]) - shared
    assert own <= options(PARSERS[verb])


def test_the_manual_has_every_command_and_no_other():
    assert re.findall(r"^### swapctl (\w+)$", MANUAL, re.MULTILINE) == list(cli.VERBS)


def test_the_manual_has_the_choices_of_every_option():
    for parser in PARSERS.values():
        for action in parser._actions:
            if action.choices and action.option_strings:
                spelt = "|".join(action.choices)
                italic = "|".join(f"*{choice}*" for choice in action.choices)
                assert f"{action.option_strings[-1]} {spelt}" in MANUAL
                assert f"**{action.option_strings[-1]}** {italic}\n" in MANUAL


@pytest.mark.parametrize("name", PARSERS)
def test_every_help_has_examples_and_they_are_right(name):
    examples = re.search(r"^examples:\n((?:  .+\n?)+)", PARSERS[name].format_help(), re.MULTILINE)
    assert examples
    lines = examples[1].splitlines()
    assert len(lines) >= 2
    for line in lines:
        command, *arguments = shlex.split(line, comments=True)
        assert command == "swapctl"
        parsed = PARSER.parse_args(arguments)
        assert not name or arguments[0] == name
        if arguments[0] in {"ensure", "remove", "on", "off"}:
            assert [Area(path) for path in getattr(parsed, "paths", [getattr(parsed, "path", None)])]


@pytest.mark.parametrize("page", ["README.md", "docs/swapctl.8.md", "docs/ansible.md"])
def test_every_command_shown_is_one(page):
    lines = [line for line, _output in pages.commands(pages.read(page)) if line.startswith("swapctl ")]
    assert lines
    for line in lines:
        arguments = shlex.split(re.split(r" [|>]| 2>", line)[0])[1:]
        assert PARSER.parse_args(arguments).command == arguments[0]


def test_the_manual_has_every_key_of_the_json():
    assert defined(section("An area")) - {r"\udc80", r"\udcff"} == set(State._fields)
    assert defined(section("A change")) == {*Result._fields, "diff"}
    assert defined(section("Status")) == set(Status._fields)
    assert defined(section("An error")) == {"changed", "error", "message", "hint", "remains"}
    for name in Memory._fields:
        assert f"*{name}*" in section("Status")


def test_the_manual_has_every_action():
    kinds = [kind for kind in vars(actions).values() if isinstance(kind, type) and issubclass(kind, actions.Action)]
    names = {kind.name for kind in kinds if hasattr(kind, "name")}
    listed = re.search(r"Names are (.*?)\.\n", section("A change"), re.DOTALL)
    assert listed
    assert set(re.findall(r"\*([\w-]+)\*", listed[1])) == names


def test_the_pages_have_every_error():
    every = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    names = {kind.__name__ for kind in every} - {"SwapctlError", "Failed"}
    assert set(re.findall(r"\*([A-Z]\w+)\*:", section("An error"))) == names
    assert set(re.findall(r"^\| `(\w+)` \|", section("Errors", LIBRARY), re.MULTILINE)) == names


def test_the_library_page_has_every_field_of_an_area():
    rows = re.findall(r"^\| (`.+?`) \|", section("What is wanted", LIBRARY), re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == list(Area._fields)


def test_the_manual_has_the_files():
    files = section("FILES")
    assert f"*{host.LOCK}*" in files
    for kind in ("new", "old", "bridge"):
        assert f"*{naming.temporary_name('/NAME', kind)[1:]}*" in files


@pytest.mark.parametrize("page", ["README.md", "docs/swapctl.8.md", "docs/ansible.md", "docs/library.md"])
def test_links_lead_somewhere(page):
    text = pages.read(page)
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", text):
        name, _hash, anchor = target.partition("#")
        other = (ROOT / page).parent / name if name else ROOT / page
        assert other.exists(), target
        headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}, target


def arguments_of(name):
    """Return the options of a module, or of the role, and whether one may say more about the role by a variable."""
    source = (ROOT / f"plugins/modules/{name}.py").read_text(encoding="utf-8")
    documented = re.search(r'DOCUMENTATION = r"""\n(.*?)"""', source, re.DOTALL)
    assert documented
    own = set(yaml.safe_load(documented[1]).get("options", {}))
    return own | ({"backup", "fstab_in_place", "lock_timeout"} if name == "swap" else set())


@pytest.mark.parametrize("page", ["README.md", "docs/ansible.md"])
def test_playbooks_use_options_that_are_there(page):
    role = yaml.safe_load((ROOT / "roles/swap/meta/argument_specs.yml").read_text(encoding="utf-8"))
    variables = role["argument_specs"]["main"]["options"]
    plays = [play for block in pages.blocks(pages.read(page), "yaml") for play in yaml.safe_load(block)]
    assert plays
    for play in plays:
        for used in play.get("roles", []):
            assert used["role"] == "swapctl.linux.swap"
            assert set(used["vars"]) <= set(variables)
            for area in used["vars"].get("swap_areas", []):
                assert set(area) <= set(variables["swap_areas"]["options"])
        for task in play.get("tasks", []):
            for name in ("swap", "swap_info"):
                given = task.get(f"swapctl.linux.{name}", {}) or {}
                assert set(given) <= arguments_of(name)
