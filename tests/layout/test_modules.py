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
