"""A module is its documentation, its options and one call. Decisions about swap belong in the library."""

from __future__ import annotations

import ast

import pytest
import yaml

from tests.support import ROOT

MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))
PLUGINS = sorted(path for path in (ROOT / "plugins").rglob("*.py") if path.is_file())
BRANCHES = (ast.If, ast.IfExp, ast.While, ast.Try, ast.BoolOp, ast.comprehension)


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_decides_nothing(path):
    allowed = ("__name__ == '__main__'", "TYPE_CHECKING", "t.TYPE_CHECKING")
    branches = [
        f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}"
        for node in ast.walk(tree(path))
        if isinstance(node, BRANCHES[:-1]) and not (isinstance(node, ast.If) and ast.unparse(node.test) in allowed)
    ]
    assert not branches


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.stem)
def test_no_plugin_runs_a_shell_line(path):
    for node in ast.walk(tree(path)):
        assert not (isinstance(node, ast.keyword) and node.arg in ("shell", "use_unsafe_shell"))
        assert not (isinstance(node, ast.Attribute) and node.attr in ("system", "popen", "run_command"))


def test_every_module_is_in_one_action_group():
    """So that module_defaults for the groups reach all of them."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    listed = [name for group in runtime["action_groups"].values() for name in group]
    assert sorted(listed) == [path.stem for path in MODULES]


def test_the_role_knows_every_option_of_its_module():
    """A key that it does not know is refused there: misspelt, it would be no condition at all."""
    role = ROOT / "roles" / "process_absent"
    (keys,) = yaml.safe_load((role / "vars" / "main.yml").read_text(encoding="utf-8")).values()
    tasks = yaml.safe_load((role / "tasks" / "main.yml").read_text(encoding="utf-8"))
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    assert sorted(keys) == sorted(tasks[-1]["swapctl.linux.process"])
    assert {f"process_absent_{key}" for key in keys} - {"process_absent_pattern"} == {*options} - {
        "process_absent_patterns"
    }
    documented = [ROOT / "plugins" / "modules" / "process.py", ROOT / "plugins" / "doc_fragments" / "selector.py"]
    known = {name for path in documented for name in documentation(path)["options"]}
    assert set(keys) == known - {"state", "signal"}


def documentation(path):
    """Return the documentation of a module, or of the only fragment in a file."""
    values = [
        node.value.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION"
    ]
    return yaml.safe_load(values[0])
