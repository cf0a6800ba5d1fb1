"""Zswap on the running kernel: set now, set at boot as systemd-tmpfiles would, and put back when a run fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import missing
from tests.system.kernel import Kept, kept
from tests.system.machine import Machine, Run, need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Apply = Callable[..., Run]

PLACE = Path("/sys/module/zswap/parameters")
OURS = "/etc/tmpfiles.d/swapctl-zswap.conf"


@pytest.fixture
def zswap() -> Iterator[Kept]:
    """Give zswap's values."""
    if not PLACE.is_dir():
        missing("this kernel has no zswap")
    with kept(PLACE, ("enabled", "compressor", "max_pool_percent")) as values:
        values["enabled"] = "N"
        yield values


@pytest.fixture
def apply(machine: Machine) -> Apply:
    """Return a function that applies a layout with this zswap, and more."""
    path = machine.directory / "layout.json"

    def run(zswap: dict[str, Any], *options: str, check: bool = True, **more: object) -> Run:
        path.write_text(json.dumps({"swap": {"zswap": zswap, **more}}))
        return machine.swapctl("apply", path, *options, check=check)

    return run


def test_it_is_set_now_and_at_boot_and_the_second_run_does_nothing(machine: Machine, apply: Apply, zswap: Kept):
    other = "deflate" if zswap["compressor"] != "deflate" else "lzo"
    wanted = {"enabled": True, "compressor": other, "max_pool_percent": 17}
    planned = apply(wanted, "--dry-run").json
    assert zswap["enabled"] == "N"
    done = apply(wanted).json
    assert (done["actions"], done["after"]) == (planned["actions"], planned["after"])
    assert zswap.all == {"enabled": "Y", "compressor": other, "max_pool_percent": "17"}
    again = apply(wanted).json
    assert (again["changed"], again["actions"]) == (False, [])
    assert json.loads(machine.swapctl("export").out)["swap"]["zswap"] == wanted

    need("systemd-tmpfiles")
    for name, value in (("enabled", "N"), ("compressor", "lzo"), ("max_pool_percent", "20")):
        zswap[name] = value
    machine.run("systemd-tmpfiles", "--create", OURS)
    assert zswap.all == {"enabled": "Y", "compressor": other, "max_pool_percent": "17"}

    assert apply({"enabled": False, "persist": "none"}).names == ["set", "write"]
    assert (zswap["enabled"], machine.real(OURS).exists()) == ("N", False)


def test_a_compressor_that_the_kernel_does_not_offer_is_refused(machine: Machine, apply: Apply, zswap: Kept):
    refused = apply({"enabled": True, "compressor": "no-such"}, check=False)
    assert refused.code == 1
    assert "does not offer no-such as a compressor" in refused.out or "does not take no-such" in refused.out
    assert (zswap["enabled"], machine.real(OURS).exists()) == ("N", False)


def test_all_is_undone_when_a_later_step_fails(machine: Machine, apply: Apply, zswap: Kept):
    before = zswap.all
    wanted = {"enabled": True, "max_pool_percent": 17}
    machine.freeze("/proc/sys/vm/vfs_cache_pressure")
    failed = apply(wanted, tuning={"vfs_cache_pressure": 99}, check=False)
    assert json.loads(failed.out)["error"] == "RolledBack"
    assert (zswap.all, machine.real(OURS).exists()) == (before, False)


def test_the_kernel_is_not_that_of_an_image(machine: Machine, apply: Apply, zswap: Kept):
    image = machine.directory / "image"
    (image / "etc").mkdir(parents=True)
    assert apply({"enabled": True}, "--root", str(image)).names == ["mkdir", "write"]
    assert zswap["enabled"] == "N"
