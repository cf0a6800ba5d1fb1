"""The quick ones of Molecule's scenarios, on one host each: real swap in containers. `make molecule` runs all, on all hosts."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.support import ROOT, missing, run

ENGINE = os.environ.get("SWAPCTL_ENGINE", "podman")
QUICK = ["swap_file:swapctl-file-bookworm", "process_absent:swapctl-process-bookworm"]


@pytest.mark.parametrize("scenario", QUICK)
def test_scenario(scenario):
    if os.geteuid() != 0:
        missing("changing swap needs root")
    for program in (ENGINE, "mmdebstrap"):
        if not shutil.which(program):
            missing(f"no {program} here")
    run("tools/molecule", scenario, env={"SWAPCTL_IMAGE": ""})


def test_every_scenario_is_broken_on_purpose_and_every_mutant_breaks_something():
    table = (ROOT / "tools" / "mutants").read_text(encoding="utf-8").partition("\ntable='\n")[2].partition("\n'\n")[0]
    broken = set()
    for name, scenario, files, change in (line.split("|", 3) for line in table.splitlines()):
        for pattern in files.split():
            paths = sorted(ROOT.glob(pattern))
            assert run("sed", change, *paths) != "".join(path.read_text(encoding="utf-8") for path in paths), name
        broken.add(scenario.partition(":")[0])
    assert broken == {path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")}


def test_every_scenario_asks_other_witnesses():
    for scenario in ROOT.glob("molecule/*/molecule.yml"):
        steps = scenario.read_text(encoding="utf-8").split()
        assert "cleanup" in steps
        asked = {steps[number + 1] for number, step in enumerate(steps) if step == "verify"}
        assert asked == {path.parent.name for path in scenario.parent.glob("*/test_*.py")}
