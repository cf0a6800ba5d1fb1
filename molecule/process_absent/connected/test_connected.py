"""The play went on, and so did its task in the background: only the process of somebody else is gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_the_process_of_somebody_else_is_gone(witness: Witness) -> None:
    (pid,) = witness.out("cat /root/python").split()
    assert pid not in witness.out("ps -e -o pid=").split()


def test_the_task_in_the_background_came_to_its_end(witness: Witness) -> None:
    assert witness.host.file("/root/job").content_string == "0 done"


def test_what_was_left_alone_is_told_with_the_reason(witness: Witness) -> None:
    protected = json.loads(witness.out("cat /root/protected.json"))
    assert {"ansible", "ancestor", "init"} <= {one["reason"] for one in protected}
    assert [one["pid"] for one in protected if one["reason"] == "init"] == [1]


def test_the_host_still_runs(witness: Witness) -> None:
    assert witness.out("ps -p 1 -o comm=") == "systemd"
    assert witness.out("systemctl is-active dbus") == "active"
