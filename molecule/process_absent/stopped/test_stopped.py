"""What was meant is gone, in the way that was asked for, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.witness import Witness


@pytest.mark.parametrize("unit", ["worker@1", "worker@2", "indexer@1"])
def test_systemd_saw_the_service_end_by_sigterm(witness: Witness, unit: str) -> None:
    assert witness.host.run("systemctl is-active %s", unit).stdout.strip() == "inactive"
    assert witness.out("cat %s", f"/run/ended-{unit}.service") == "killed TERM"


def test_what_stayed_at_sigterm_was_killed(witness: Witness) -> None:
    assert set(witness.host.file("/run/stubborn").content_string.split()) == {"TERM"}
    assert witness.out("cat /run/ended-stubborn.service") == "killed KILL"


def test_only_the_mailer_of_root_is_gone(witness: Witness) -> None:
    assert witness.out("ps -C mailer -o user=").split() == ["nobody"]


def test_what_nobody_waits_for_is_dead_and_its_parent_is_named(witness: Witness) -> None:
    state, parent = witness.out("ps -C reporter -o stat=,ppid=").split()
    assert state.startswith("Z")
    told = [one for one in json.loads(witness.out("cat /root/answer.json")) if one["outcome"] == "zombie"]
    assert [one["parent"] for one in told] == [{"pid": int(parent), "name": "keeper"}]


def test_the_bystanders_are_the_same_processes_as_before(witness: Witness) -> None:
    pids = ",".join(witness.host.file("/root/bystanders").content_string.split())
    found = witness.host.check_output("ps -o pid=,lstart=,user=,args= -p %s", pids)
    assert found == witness.host.file("/root/before").content_string.rstrip("\n")
    assert len(found.splitlines()) == 9
