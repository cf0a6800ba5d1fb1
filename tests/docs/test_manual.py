"""The pages and the program name the same things: commands, options, keys, errors, files. Neither root nor kernel."""

from __future__ import annotations

import argparse
import inspect
import re
import shlex
from importlib import import_module

import pytest
import yaml

from swapctl import cli, errors, host, naming, process, swap
from swapctl.cli import selecting
from swapctl.cli.parser import build_parser
from swapctl.metrics import Family, Sample
from swapctl.process import Listing, Outcome, Process, Selector, Waiting, inspected, ladder, plan, result, selector
from swapctl.process.addresses import KINDS, Mapping
from swapctl.process.process import Unknown
from swapctl.swap import Area, Finding, Status
from swapctl.swap import Result as Change
from swapctl.swap.action import Action
from swapctl.swap.advice import Advice, Reason
from swapctl.swap.finding import FINDINGS
from swapctl.swap.hibernation import Hibernation
from swapctl.swap.memory import Memory
from swapctl.swap.state import State
from tests.docs import pages
from tests.support import ROOT
from tests.unit.test_doctor import CASES

MANUAL = pages.read("docs/swapctl.8.md")
LIBRARY = pages.read("docs/library.md")
PARSER = build_parser(import_module(f"swapctl.cli.{name}") for name in cli.VERBS)
(COMMANDS,) = (one for one in PARSER._actions if isinstance(one, argparse._SubParsersAction))
PARSERS = {"": PARSER, **COMMANDS.choices}

OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def options(parser):
    return {name for action in parser._actions for name in action.option_strings}


def section(title, text=MANUAL):
    """Return what stands under a heading, up to the next one of the same level or above, without its examples."""
    prose = re.sub(r"^```console\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)  # a command begins with #
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |^\1 |\Z)", prose, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[2]


def terms(text):
    """Return the words that definition lists in *text* define, in order."""
    lines = re.findall(r"^(\S.*)\n: ", text, re.MULTILINE)
    words = [word for line in lines for word in re.findall(r"\*\*(.+?)\*\*|(?<!\*)\*([^* ]+)\*(?!\*)", line)]
    return [bold or italic for bold, italic in words]


def defined(text):
    return set(terms(text))


def test_the_synopsis_has_every_option_of_every_command_and_no_other():
    (synopsis,) = pages.blocks(section("SYNOPSIS"), "text")
    shown = {}
    for line in re.sub(r"\n +", " ", synopsis).splitlines():
        verb = line.split()[1] if line.split()[1] in PARSERS else ""
        shown.setdefault(verb, set()).update(OPTION.findall(line), selectors() if "[SELECTOR]..." in line else ())
    short = {"-n": "--dry-run", "-v": "--verbose", "-q": "--quiet"}
    for verb, parser in PARSERS.items():
        wanted = options(parser) - {"-h", "--help"} - set(short.values())
        assert shown[verb] - {"--help"} == wanted, verb


def selectors():
    return {word for word in defined(section("CHOOSING PROCESSES")) if word.startswith("-")}


def test_the_manual_explains_every_option_and_no_other():
    text = section("COMMANDS") + section("COMMON OPTIONS") + section("CHOOSING PROCESSES")
    assert {word for word in defined(text) if word.startswith("-")} == set().union(*map(options, PARSERS.values()))


@pytest.mark.parametrize("verb", cli.VERBS)
def test_the_manual_explains_the_options_of_a_command_with_it(verb):
    shared = defined(section("COMMON OPTIONS")) | (selectors() if verb in {"find", "kill", "ps", "inspect"} else set())
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
    for shown in lines:
        line = re.sub(r".*\$\((.*)\)", r"\1", shown).partition(" > ")[0]
        command, *arguments = shlex.split(line, comments=True)
        assert command == "swapctl"
        parsed = PARSER.parse_args(arguments)
        assert not name or arguments[0] == name
        if arguments[0] in {"ensure", "remove", "on", "off"}:
            assert [Area(path) for path in getattr(parsed, "paths", [getattr(parsed, "path", None)])]
        if arguments[0] in {"find", "kill"}:
            assert selecting.selector(parsed)
        if arguments[0] == "kill":
            assert ladder.parse(parsed.ladder)


@pytest.mark.parametrize("page", ["README.md", "docs/swapctl.8.md", "docs/ansible.md"])
def test_every_command_shown_is_one(page):
    lines = [re.sub(r"^sh -c '(.*);.*", r"\1", line) for line, _output in pages.commands(pages.read(page))]
    lines = [line for line in lines if line.startswith("swapctl ")]
    assert lines
    for line in lines:
        arguments = shlex.split(re.split(r" [|>]| 2>", line)[0])[1:]
        assert PARSER.parse_args(arguments).command == arguments[0]


def test_the_manual_has_every_key_of_the_json():
    assert defined(section("An area")) - {r"\udc80", r"\udcff"} == {*State._fields} - {"reachable"}
    assert defined(section("A change")) == {*Change._fields, "diff"}
    of_a_layout = set(swap.LayoutResult._fields) - set(Change._fields)
    assert defined(section("A change of a host")) == of_a_layout - {"settings"} | {"warnings"}
    assert defined(section("Status")) == {*Status._fields} - {"diagnosis"}
    assert defined(section("Findings")) == {*swap.Diagnosis._fields, "repairs"}
    for name in Finding(*[""] * 5).to_dict():
        assert f"*{name}*" in section("Findings")
    for name in Hibernation._fields:
        assert f"*{name}*" in section("Status")
    assert defined(section("Advice")) == set(Advice({}).to_dict())
    for name in Reason._fields:
        assert f"*{name}*" in section("Advice")
    assert defined(section("Metrics")) == {"metrics"}
    for name in (*Family("", "", "", ()).to_dict(), *Sample._fields):
        assert f"*{name}*" in section("Metrics")
    assert defined(section("An error")) == {"changed", "error", "message", "hint", "remains", "processes"}
    for name in Memory._fields:
        assert f"*{name}*" in section("Status")


def test_the_manual_has_every_finding_as_grave_as_it_is():
    told = re.findall(r"^\*([\w-]+)\*\n: (\w+)[.,]", section("WHAT DOCTOR FINDS"), re.MULTILINE)
    assert [(kind, severity.lower()) for kind, severity in told] == list(FINDINGS.items())


def test_the_manual_tells_what_doctor_can_repair():
    text = section("WHAT DOCTOR FINDS")
    fixable = re.findall(r"^\*([\w-]+)\*\n: (?:.+\n)*?.*Fixable", text, re.MULTILINE)
    assert fixable == [kind for kind, case in CASES.items() if case.fixable]


ONE = Process(1, "init")


def test_the_manual_has_every_key_of_the_json_about_processes():
    assert terms(section("A process")) == list(ONE.to_dict())
    assert terms(section("Processes found")) == list(Listing(()).to_dict())
    own = [key for key in Outcome(ONE, "exited").to_dict() if key not in ONE.to_dict()]
    changed, processes, *rest = process.Result(()).to_dict()
    assert terms(section("Processes stopped")) == [changed, processes, *own, *rest]
    assert set(plan.Protected(ONE, "init").to_dict()) - set(ONE.to_dict()) == {"outcome", "reason", "detail"}
    assert list(Unknown(1, "init", "").to_dict()) == ["pid", "name", "reason"]
    for key in ("pid", "name", "reason"):
        assert f"*{key}*" in section("Processes found")


def test_the_manual_has_every_key_of_a_process_in_full():
    text = section("One process in full")
    one = process.Inspection(1, "init", 2, "S", "sleeps", 0.0, 0.0, 0, "root")
    assert defined(text) == set(one.to_dict())
    nested = {*inspected.LIMITS, *inspected.STATUS, *inspected.SUMS, *Mapping(0, 1, "heap").to_dict()}
    assert {name for name in nested if f"*{name}*" not in text} == set()
    assert {kind for kind in KINDS if f"*{kind}*" not in section("swapctl inspect")} - {"vsyscall"} == set()


def test_the_manual_has_every_outcome():
    gone, sent, left = re.split(r"^(?:Not waited for|Left):$", section("Outcomes"), flags=re.MULTILINE)
    assert (defined(gone), defined(sent), defined(left)) == (result.GONE, result.SENT, result.LEFT)


def test_the_manual_has_every_reason_to_protect():
    assert terms(section("WHAT IS PROTECTED")) == list(plan.REASONS)
    assert list(plan.REASONS)[2:] == list(plan.INCLUDABLE)
    assert "**--include** *KIND* overrules this, but for the first two" in section("WHAT IS PROTECTED")


def test_the_manual_has_every_state_and_what_is_taken_when_nothing_is_said():
    explained = re.search(r"^\*\*--state\*\*.*?\n\n", section("Selectors"), re.MULTILINE | re.DOTALL)
    assert explained
    assert set(re.findall(r"\*(\w)\*", explained[0])) == set(selector.STATES) - {"X"}
    assert f"*{ladder.DEFAULT}*" in section("swapctl kill")
    assert f"A signal without a time has {ladder.GRACE:g} seconds." in section("swapctl kill")
    assert f"When left out, {plan.MOST}." in section("swapctl kill")


STATUSES = {
    "doctor": {int(not swap.Diagnosis(found).is_clean) for found in [(), CASES["area-holes"].findings]},
    "find": {Listing((ONE,)).exit_status, Listing(()).exit_status, errors.Guard.exit_code},
    "inspect": {0, errors.Refused.exit_code, errors.Guard.exit_code},
    "kill": {
        *(process.Result((Outcome(ONE, outcome),)).exit_status for outcome in result.GONE | result.SENT | result.LEFT),
        process.Result(()).exit_status,
        process.Result((), unknown=(Unknown(1, "init", ""),)).exit_status,
        errors.Guard.exit_code,
    },
}


@pytest.mark.parametrize("verb", STATUSES)
def test_the_manual_has_every_exit_status(verb):
    assert [int(status) for status in terms(section(f"Exit status of {verb}"))] == sorted(STATUSES[verb])
    shared = section("EXIT STATUS").partition("###")[0]
    assert terms(shared) == [str(errors.InvalidInput.exit_code), "128 + N", "141"]
    assert f"{process.Result((), interrupted=True).exit_status} for SIGINT" in shared


def kinds_of(kind):
    """Return all classes below *kind*; those that a plan can have are loaded with swapctl.swap."""
    return [one for below in kind.__subclasses__() for one in [below, *kinds_of(below)]]


def test_the_manual_has_every_action():
    names = {kind.name for kind in kinds_of(Action) if hasattr(kind, "name") and kind.__module__.startswith("swapctl.")}
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


def test_the_library_page_has_every_field_of_a_selector():
    rows = re.findall(r"^\| (`.+?`) \|", section("Which processes", LIBRARY), re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == list(Selector._fields)


def test_the_library_page_has_what_is_public_about_processes():
    text = section("Processes", LIBRARY)
    assert {name for name in process.__all__ if not re.search(rf"`(?:process\.)?{name}\b", text)} == set()
    taken = {name for call in (process.stop, process.send) for name in inspect.signature(call).parameters}
    told = re.findall(r"^- `(\w+)", section("Stop them", LIBRARY), re.MULTILINE)
    assert set(told) == taken - {"selector", "number"}
    for name in Waiting._fields:
        assert f"`{name}`" in section("Stop them", LIBRARY)


def test_the_manual_has_the_files():
    files = section("FILES")
    assert f"*{host.LOCK}*" in files
    for kind in ("new", "old", "bridge"):
        assert f"*{naming.temporary_name('/NAME', kind)[1:]}*" in files


@pytest.mark.parametrize(
    "page", ["README.md", "docs/swapctl.8.md", "docs/ansible.md", "docs/library.md", "docs/metrics.md"]
)
def test_links_lead_somewhere(page):
    text = pages.read(page)
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", text):
        name, _hash, anchor = target.partition("#")
        other = (ROOT / page).parent / name if name else ROOT / page
        assert other.exists(), target
        headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}, target


def arguments_of(name):
    """Return the options of a module, those of its documentation fragments too."""
    documented = documentation(f"modules/{name}")
    fragments = [one for one in documented.get("extends_documentation_fragment", ()) if one.startswith("swapctl.")]
    pages_of = [documented, *(documentation(f"doc_fragments/{one.rpartition('.')[2]}") for one in fragments)]
    return {option for page in pages_of for option in page.get("options", {})}


def documentation(name):
    source = (ROOT / f"plugins/{name}.py").read_text(encoding="utf-8")
    documented = re.search(r'DOCUMENTATION = r"""\n(.*?)"""', source, re.DOTALL)
    assert documented
    return yaml.safe_load(documented[1])


def variables_of(role):
    text = (ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["argument_specs"]["main"]["options"]


MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))


@pytest.mark.parametrize("page", ["README.md", "docs/ansible.md"])
def test_the_pages_name_every_module_role_and_playbook(page):
    text = pages.read(page)
    for kind, names in (
        ("module", MODULES),
        ("role", [path.name for path in (ROOT / "roles").iterdir()]),
        ("playbook", [path.stem for path in (ROOT / "playbooks").glob("*.yml")]),
    ):
        assert {name for name in names if f"| {kind} `swapctl.linux.{name}` |" not in text} == set()


@pytest.mark.parametrize("page", ["README.md", "docs/swapctl.8.md"])
def test_layouts_are_right(page):
    documents = [yaml.safe_load(block) for block in pages.blocks(pages.read(page), "yaml")]
    layouts = [document for document in documents if isinstance(document, dict)]
    assert layouts
    for document in layouts:
        assert swap.layout(document) != swap.Layout()


@pytest.mark.parametrize("page", ["README.md", "docs/ansible.md"])
def test_playbooks_use_options_that_are_there(page):
    documents = [yaml.safe_load(block) for block in pages.blocks(pages.read(page), "yaml")]
    plays = [play for document in documents if isinstance(document, list) for play in document]
    assert plays
    for play in plays:
        for used in play.get("roles", []):
            role = used["role"].removeprefix("swapctl.linux.")
            variables = variables_of(role)
            assert set(used["vars"]) <= set(variables)
            for area in used["vars"].get("swap_areas", []):
                assert set(area) <= set(variables["swap_areas"]["options"])
            for pattern in used["vars"].get("process_absent_patterns", []):
                keys = set(pattern) if isinstance(pattern, dict) else {"pattern"}
                assert keys <= arguments_of("process") - {"state", "signal"}
        for task in play.get("tasks", []):
            for name in MODULES:
                given = task.get(f"swapctl.linux.{name}", {}) or {}
                assert set(given) <= arguments_of(name)
