"""The rules that the library's layout stands on: what may import what, and where effects live.

The library travels to managed hosts inside Ansible's module payload. Ansible finds what to send by reading the imports,
so a wrong one shows only there, as a missing module on somebody's server. These tests read the imports the same way.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARY = ROOT / "swapctl"
FILES = sorted(path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.py"))

# Text and numbers in, text and numbers out.
PURE = {
    "errors.py",
    "metrics.py",
    "naming.py",
    "process/addresses.py",
    "process/figures.py",
    "process/inspected.py",
    "process/match.py",
    "process/plan.py",
    "process/process.py",
    "process/rates.py",
    "process/result.py",
    "process/selector.py",
    "process/times.py",
    "record.py",
    "sizes.py",
    "swap/advice.py",
    "swap/area.py",
    "swap/blocks.py",
    "swap/bringers.py",
    "swap/condition.py",
    "swap/crypt.py",
    "swap/crypttab.py",
    "swap/doctor.py",
    "swap/doctor_areas.py",
    "swap/doctor_host.py",
    "swap/drop_ins.py",
    "swap/facts.py",
    "swap/filesystem.py",
    "swap/finding.py",
    "swap/fstab.py",
    "swap/guards.py",
    "swap/header.py",
    "swap/hibernation.py",
    "swap/layout.py",
    "swap/lines.py",
    "swap/load.py",
    "swap/memory.py",
    "swap/needs.py",
    "swap/partitions.py",
    "swap/persistence.py",
    "swap/plan.py",
    "swap/schema.py",
    "swap/remedies.py",
    "swap/settings.py",
    "swap/signatures.py",
    "swap/state.py",
    "swap/table.py",
    "swap/tuning.py",
    "swap/units.py",
    "swap/zram.py",
    "swap/zswap.py",
    "swap/zram_config.py",
    "swap/zram_device.py",
    "validate.py",
}
# They deal with a machine: with swap through a Host, with processes through a Table and Handles.
EFFECTS = {
    "__main__.py",
    "host.py",
    "host_errors.py",
    "host_lock.py",
    "host_programs.py",
    "host_reading.py",
    "host_signals.py",
    "host_writing.py",
    "metrics_facts.py",
    "process/__init__.py",
    "process/cgroups.py",
    "process/criteria.py",
    "process/find.py",
    "process/inquiry.py",
    "process/moments.py",
    "process/inspection.py",
    "process/ladder.py",
    "process/search.py",
    "process/selected.py",
    "process/signals.py",
    "process/stop.py",
    "process/surroundings.py",
    "process/table.py",
    "process/tree.py",
    "process/usage.py",
    "process/verdict.py",
    "process/waiting.py",
    "swap/__init__.py",
    "swap/action.py",
    "swap/actions.py",
    "swap/active_facts.py",
    "swap/advice_facts.py",
    "swap/converge.py",
    "swap/device_facts.py",
    "swap/diagnosis.py",
    "swap/doctor_facts.py",
    "swap/explain.py",
    "swap/export.py",
    "swap/gather.py",
    "swap/group_facts.py",
    "swap/hibernation_facts.py",
    "swap/listing_facts.py",
    "swap/mappings.py",
    "swap/programs.py",
    "swap/settings_facts.py",
    "swap/status.py",
    "swap/tag_facts.py",
    "swap/target_facts.py",
    "swap/texts.py",
    "swap/transaction.py",
    "swap/tuning_facts.py",
    "swap/unit_facts.py",
    "swap/zram_actions.py",
    "swap/zram_facts.py",
    "swap/zswap_facts.py",
}
# A plan is made of these: it may name them, and they act only when they are given a machine.
ACTIONS = {"swap/actions.py", "swap/mappings.py", "swap/texts.py", "swap/zram_actions.py"}
# The only door to the machine, and what is behind it: what changes a machine's files and runs programs.
DOOR = "host.py"
BEHIND_THE_DOOR = {file for file in FILES if file.startswith("host_")}
LOCK = "host_lock.py"  # it tells the command line how long a run waits, and needs nothing else of the door
# The one file that sends signals.
SIGNALS = "process/signals.py"
# What each file takes of what only the door and `SIGNALS` may take.
TAKEN = {
    "host_lock.py": {"fcntl", "os.ftruncate", "os.open", "os.pwrite"},
    "host_programs.py": {"ctypes", "os.killpg", "subprocess"},
    "host_reading.py": {"fcntl", "os.copy_file_range", "os.open"},
    "host_writing.py": {
        "fcntl",
        "os.fchmod",
        "os.fchown",
        "os.fsync",
        "os.ftruncate",
        "os.link",
        "os.mkdir",
        "os.open",
        "os.posix_fallocate",
        "os.pwrite",
        "os.rename",
        "os.rmdir",
        "os.setxattr",
        "os.symlink",
        "os.unlink",
        "os.write",
    },
    "process/cgroups.py": {"os.open", "os.write"},  # the files of control groups: cgroup.kill
    "process/criteria.py": {"os.open"},  # a pidfile
    "process/table.py": {"os.open"},  # /proc
    SIGNALS: {"fcntl", "resource", "os.pidfd_open", "os.sched_setscheduler", "signal.pidfd_send_signal"},
}

# In the standard library of the Python that runs this test, but not in 3.9's.
NEWER_THAN_3_9 = {"annotationlib", "compression", "tomllib"}
STANDARD_LIBRARY = set(sys.stdlib_module_names) - NEWER_THAN_3_9

# Reading through these is an effect too: a pure file gets what it needs as an argument.
IMPURE_MODULES = {
    "_thread",
    "ctypes",
    "fcntl",
    "glob",
    "grp",
    "io",
    "mmap",
    "os",
    "pathlib",
    "pwd",
    "resource",
    "select",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "time",
}
# What may be imported, and taken from os and signal, only by the files in TAKEN.
DOOR_MODULES = {"ctypes", "fcntl", "mmap", "multiprocessing", "resource", "shutil", "subprocess", "tempfile"}
DOOR_CALLS = {
    "chmod",
    "chown",
    "copy_file_range",
    "execv",
    "execve",
    "execvp",
    "execvpe",
    "fallocate",
    "fchmod",
    "fchown",
    "fdatasync",
    "fork",
    "fsync",
    "ftruncate",
    "ioctl",
    "kill",
    "killpg",
    "lchown",
    "link",
    "makedirs",
    "mkdir",
    "mkfifo",
    "mknod",
    "open",
    "pidfd_open",
    "pidfd_send_signal",
    "popen",
    "posix_fallocate",
    "posix_spawn",
    "posix_spawnp",
    "pwrite",
    "remove",
    "removexattr",
    "rename",
    "replace",
    "rmdir",
    "sched_setscheduler",
    "sendfile",
    "setxattr",
    "symlink",
    "system",
    "truncate",
    "unlink",
    "utime",
    "write",
}


def is_cli(file: str) -> bool:
    return file.startswith("cli/")


LIBRARY_FILES = [file for file in FILES if not is_cli(file)]


def tree(file: str) -> ast.Module:
    return ast.parse((LIBRARY / file).read_text(encoding="utf-8"), file)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in (
        "TYPE_CHECKING",
        "typing.TYPE_CHECKING",
    )


def walk(node: ast.AST, *, into_functions: bool = True) -> Iterator[ast.AST]:
    """Yield what is below *node*, but not what only the type checker sees."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child):
            continue
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) and not into_functions:
            continue
        yield child
        yield from walk(child, into_functions=into_functions)


def absolute_imports(node: ast.AST, *, into_functions: bool = True) -> set[str]:
    """Return the top-level names of what is imported by an absolute import."""
    names = set()
    for child in walk(node, into_functions=into_functions):
        if isinstance(child, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in child.names}
        elif isinstance(child, ast.ImportFrom) and child.level == 0:
            names.add(str(child.module).partition(".")[0])
    return names


def relative_imports(file: str) -> set[str]:
    """Return the library's files that *file* imports when it runs."""
    package = file.split("/")[:-1]
    found = set()
    for node in walk(tree(file)):
        if isinstance(node, ast.ImportFrom) and node.level:
            start = package[: len(package) - node.level + 1]
            base = [*start, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                found |= {"/".join([*base, alias.name]) + ".py", "/".join(base) + ".py"}
    return found & set(FILES)


def test_every_file_is_known_as_pure_or_as_one_with_effects():
    """A new file has to be put in PURE or in EFFECTS above; which, is a decision."""
    assert set(LIBRARY_FILES) - {"__init__.py"} == PURE | EFFECTS


@pytest.mark.parametrize("file", LIBRARY_FILES)
def test_the_library_needs_the_standard_library_alone(file):
    assert absolute_imports(tree(file)) <= STANDARD_LIBRARY


@pytest.mark.parametrize("file", FILES)
def test_the_library_imports_itself_by_relative_imports(file):
    everything = ast.walk(tree(file))  # what only the type checker sees included
    names = {alias.name for node in everything if isinstance(node, ast.Import) for alias in node.names}
    everything = ast.walk(tree(file))
    names |= {str(node.module) for node in everything if isinstance(node, ast.ImportFrom) and not node.level}
    assert not {name for name in names if name.partition(".")[0] == "swapctl"}


@pytest.mark.parametrize("file", [file for file in FILES if is_cli(file)])
def test_the_command_line_needs_others_only_inside_functions(file):
    """So that it starts fast, and runs from one copied file where they are missing."""
    assert absolute_imports(tree(file)) <= STANDARD_LIBRARY | {"rich", "yaml"}
    assert absolute_imports(tree(file), into_functions=False) <= STANDARD_LIBRARY


def test_the_library_does_not_know_its_command_line():
    for file in LIBRARY_FILES:
        if file != "__main__.py":
            assert not {name for name in relative_imports(file) if is_cli(name)}, file


def test_the_package_itself_holds_a_docstring_and_the_version():
    """Ansible sends it along with every module, and runs it there."""
    docstring, version = tree("__init__.py").body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(version, ast.Assign)
    assert ast.unparse(version.targets[0]) == "__version__"
    assert isinstance(version.value, ast.Constant)


@pytest.mark.parametrize("file", sorted(PURE & set(FILES)))
def test_a_pure_file_imports_nothing_that_acts(file):
    assert not absolute_imports(tree(file)) & IMPURE_MODULES
    assert relative_imports(file) <= PURE | ACTIONS


@pytest.mark.parametrize("file", sorted(PURE & set(FILES)))
def test_a_pure_file_opens_nothing(file):
    calls = (node.func for node in walk(tree(file)) if isinstance(node, ast.Call))
    assert "open" not in {ast.unparse(function) for function in calls}


def door_calls(node: ast.AST) -> set[str]:
    """Return what *node* and all below it take from ``os`` and ``signal`` to act with, and its calls of ``open``."""
    found = set()
    for child in walk(node):
        if isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name):
            taken = [(child.value.id, child.attr)]
        elif isinstance(child, ast.ImportFrom):
            taken = [(str(child.module), alias.name) for alias in child.names]
        elif isinstance(child, ast.Call) and ast.unparse(child.func) == "open":
            taken = [("os", "open")]
        else:
            continue
        found |= {f"{module}.{name}" for module, name in taken if module in ("os", "signal") and name in DOOR_CALLS}
    return found


@pytest.mark.parametrize("file", FILES)
def test_only_the_door_acts_on_the_machine(file):
    allowed = {"os.open"} if is_cli(file) else TAKEN.get(file, set())  # to point a broken pipe at /dev/null
    assert (absolute_imports(tree(file)) & DOOR_MODULES) | door_calls(tree(file)) <= allowed


@pytest.mark.parametrize("file", sorted(TAKEN))
def test_what_is_taken_is_needed(file):
    assert (absolute_imports(tree(file)) & DOOR_MODULES) | door_calls(tree(file)) == TAKEN[file]


@pytest.mark.parametrize("file", sorted(set(FILES) - BEHIND_THE_DOOR - {DOOR}))
def test_what_is_behind_the_door_is_reached_through_it(file):
    assert relative_imports(file) & BEHIND_THE_DOOR <= ({LOCK} if is_cli(file) else set())


def opened(file: str) -> list[tuple[str, set[str]]]:
    """Return what *file* opens with ``os.open``, as it is written, and the flags."""
    calls = [node for node in walk(tree(file)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.open"]
    return [(ast.unparse(call.args[0]), set(ast.unparse(call.args[1]).split(" | "))) for call in calls]


@pytest.mark.parametrize("file", ["process/criteria.py", "process/table.py"])
def test_processes_are_looked_at_by_opening_for_reading_alone(file):
    for path, flags in opened(file):
        assert flags <= {"os.O_RDONLY", "os.O_CLOEXEC", "os.O_DIRECTORY", "os.O_NONBLOCK"}, path


def test_of_the_files_of_control_groups_one_is_written_to():
    assert [path for path, flags in opened("process/cgroups.py") if "os.O_RDONLY" not in flags] == ["'cgroup.kill'"]


def test_signals_are_sent_by_one_file_alone_and_through_descriptors():
    taken = {file: door_calls(tree(file)) for file in FILES}
    assert [file for file in FILES if taken[file] & {"signal.pidfd_send_signal", "os.pidfd_open"}] == [SIGNALS]
    assert [file for file in FILES if taken[file] & {"os.kill", "os.killpg"}] == ["host_programs.py"]  # what it runs


@pytest.mark.parametrize("file", FILES)
def test_no_shell(file):
    for node in walk(tree(file)):
        assert not (isinstance(node, ast.keyword) and node.arg == "shell"), node.value.lineno
        assert not (isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.system", "os.popen"))
