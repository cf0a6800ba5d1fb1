"""``swapctl advise`` on the running kernel: what is there is kept, whatever is asked, and apply takes the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.system.machine import MIB, SWAPCTL

if TYPE_CHECKING:
    from tests.system.machine import Machine


def test_an_area_in_use_is_kept_or_grows_and_apply_takes_it(machine: Machine):
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "7"))
    machine.list_in_fstab(f"{machine.area} none swap sw,pri=7 0 0")
    for arguments in ([], ["--kind", "disk"], ["--kind", "both"], ["--hibernation"]):
        advice = machine.swapctl("advise", *arguments).json
        (mine,) = [area for area in advice["layout"]["swap"]["areas"] if area.get("path") == str(machine.area)]
        assert mine["priority"] == 7
        assert int(mine["size"][:-1]) * {"M": MIB, "G": 1024 * MIB}[mine["size"][-1]] >= 64 * MIB
        layout = machine.directory / "layout.yml"
        layout.write_text(json.dumps(advice["layout"]))
        done = machine.run(*SWAPCTL, "apply", layout, "--dry-run", check=False)
        assert done.code == 0 or any("refused now" in remark for remark in advice["remarks"]), done.err


def test_starts_no_program_and_changes_nothing(machine: Machine):
    before = machine.fstab.read_bytes()
    text = machine.run("strace", "-f", "-e", "trace=execve", *SWAPCTL, "advise", "--hibernation").err
    assert text.count("execve(") == 1
    assert machine.fstab.read_bytes() == before


def test_where_no_swap_can_be_turned_on_none_is_advised(machine: Machine):
    """As in a container: without the capability, all else as it is."""
    done = machine.run(
        "setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", *SWAPCTL, "advise", "--json"
    )
    advice = json.loads(done.out)
    assert advice["layout"] == {"swap": {"areas": []}}
    assert "no swap can be turned on here" in advice["reasons"][0]["why"]
