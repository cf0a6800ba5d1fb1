"""What systemd starts again is not said to be gone: it is named, and so is systemd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_the_services_are_active_and_were_started_again(witness: Witness) -> None:
    for number in range(1, 4):
        assert witness.out("systemctl is-active %s", f"phoenix@{number}") == "active"
        assert int(witness.out("systemctl show --value -p NRestarts %s", f"phoenix@{number}")) > 0


# One that is started again too late to be noticed is told as gone: that is why there are three.
def test_the_answer_names_the_processes_and_who_started_them(witness: Witness) -> None:
    answer = json.loads(witness.out("cat /root/respawned.json"))
    assert answer["failed"]
    assert "respawned" in answer["msg"]
    left = [one for one in answer["processes"] if one["outcome"] == "respawned"]
    assert {(one["name"], one["parent"]["pid"], one["parent"]["name"]) for one in left} == {("phoenix", 1, "systemd")}
