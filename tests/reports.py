"""Fleets that are not there: what the role ``swapctl.linux.report`` would have learned of their hosts."""

from __future__ import annotations

import json
import os
import random
import sys
from typing import TYPE_CHECKING, Any

from tests.support import run
from tests.system.machine import MIB

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1024 * MIB
# Names that would be markup or script on a page that did not escape them.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "\"><svg onload='alert(3)'>",
    "</td></tr></table><b id=broken>&amp;",
)
_PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.import_role": {"name": "swapctl.linux.report", "tasks_from": "write"}}],
    }
]


def host(number: int, *, users: int = 10) -> dict[str, Any]:
    """Return what is known of one host. Every seventh is in trouble of one kind or another."""
    dice = random.Random(number)  # noqa: S311 (the same fleet each time)
    if number % 50 == 7:
        return {"report_swap": {"unreachable": True, "msg": "Failed to connect to the host via ssh: timed out"}}
    if number % 50 == 14:
        return {"report_swap": {"failed": True, "msg": "/etc/fstab is not a file", "hint": "look at it"}}
    if number % 100 == 21:
        return {}
    memory = dice.choice([1, 2, 4, 16, 64]) * GIB
    areas = [_area("/swapfile", dice.choice([1, 2, 4]) * GIB, dice.random(), 10)]
    if number % 3 == 0:
        areas.insert(0, {**_area("/dev/zram0", memory // 2, dice.random(), 100), "zram": _ZRAM})
    if number % 11 == 0:
        areas = []
    sizes = sum(area["size"] for area in areas)
    told: dict[str, Any] = {
        "report_swap": {
            "areas": areas,
            "memory": {
                "total": memory,
                "available": int(memory * dice.random()),
                "swap_total": sizes,
                "swap_free": sizes - sum(area["used"] for area in areas),
            },
            "pressure": None if number % 13 == 0 else {"some": _share(dice), "full": _share(dice)},
            "hibernation": None,
            "findings": _findings(number),
            "unchecked": ["/swapfile: no permission to read its header"] if number % 17 == 0 else [],
        },
        "report_processes": {
            "processes": [*_processes(dice, users), _IN_MEMORY],
            "partial": number % 19 == 0,
        },
    }
    if number % 50 == 1:
        told["report_processes"] = {"unreachable": True, "msg": "Connection timed out during banner exchange"}
    if number % 2 == 0:
        told["swap_result"] = _layout(number)
    return told


def fleet(count: int, *, users: int = 10) -> dict[str, dict[str, Any]]:
    """Return *count* hosts by name."""
    return {f"node{number}.example.org": host(number, users=users) for number in range(1, count + 1)}


def hostile() -> dict[str, dict[str, Any]]:
    """Return hosts where every text that somebody else may choose is hostile, and so is the name."""
    hosts = {}
    for text in HOSTILE:
        told = host(32)
        swap = told["report_swap"]
        swap["findings"] = [_finding(text, "error", text, text)]
        swap["unchecked"] = [text]
        for area in swap["areas"]:
            area["path"] = text
        for one in told["report_processes"]["processes"]:
            one.update({"name": text, "user": text})
        told["swap_result"] = {"failed": True, "msg": text, "hint": text}
        hosts[text] = told
        hosts[f"{text} gone"] = {"report_swap": {"unreachable": True, "msg": text}}
        planned = host(2)
        planned["swap_result"] = {"changed": True, "actions": [{"name": text, "detail": text}]}
        hosts[f"{text} planned"] = planned
    return hosts


def render(directory: Path, collections: Path, hosts: dict[str, dict[str, Any]]) -> Path:
    """Have Ansible write the page of *hosts*; return where it is."""
    page, inventory, playbook = (directory / name for name in ("report.html", "hosts.json", "play.yml"))
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    playbook.write_text(json.dumps(_PLAY), encoding="utf-8")
    variables = {"report_file": str(page)}
    run(
        os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
        *("--inventory", str(inventory), "--extra-vars", json.dumps(variables), str(playbook)),
        cwd=directory,
        env={
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_INVENTORY_ENABLED": "yaml",
            "HOME": str(directory),
            "LC_ALL": "C.UTF-8",
        },
    )
    return page


_ZRAM = {
    "algorithm": "zstd",
    "memory_limit": None,
    "original": 700 * MIB,
    "compressed": 200 * MIB,
    "memory": 210 * MIB,
    "ratio": 3.33,
}


def _area(path: str, size: int, used: float, priority: int) -> dict[str, Any]:
    return {
        "path": path,
        "type": "file",
        "size": size,
        "usable": size - 4096,
        "used": int(size * used),
        "priority": priority,
        "active": True,
        "persistent": True,
        "label": None,
        "uuid": None,
        "options": ["sw"],
        "unit": None,
        "zram": None,
        "reachable": True,
    }


def _findings(number: int) -> list[dict[str, Any]]:
    every = {
        7: _finding("area-holes", "error", "/swapfile", "it has holes"),
        5: _finding("fstab-duplicate", "warning", "/swapfile", "lines 3 and 4 are about the same area"),
        4: _finding("area-longer", "info", "/swapfile", "its file is longer than its header says"),
    }
    return [found for each, found in every.items() if number % each == 0]


def _layout(number: int) -> dict[str, Any]:
    if number % 32 == 0:
        return {"failed": True, "msg": "/srv is a directory", "hint": "name another path"}
    actions = [{"name": "swapon", "detail": "/swapfile, priority 10"}] if number % 8 == 0 else []
    return {"changed": bool(actions), "actions": actions}


def _finding(kind: str, severity: str, subject: str, message: str) -> dict[str, Any]:
    remedy = f"swapctl ensure {subject}"
    return {
        "id": kind,
        "severity": severity,
        "subject": subject,
        "message": message,
        "remedy": remedy,
        "fixable": False,
    }


def _share(dice: random.Random) -> dict[str, float]:
    return {name: round(dice.random() * 20, 2) for name in ("avg10", "avg60", "avg300")} | {"total": 4711}


def _processes(dice: random.Random, count: int) -> list[dict[str, Any]]:
    names = ["postgres", "java", "mysqld", "python3", "redis-server", "nginx", "dockerd"]
    found = [
        {"pid": pid, "name": dice.choice(names), "user": "app", "swap": dice.randrange(GIB), "rss": dice.randrange(GIB)}
        for pid in range(1000, 1000 + count)
    ]
    return sorted(found, key=lambda one: one["swap"], reverse=True)


_IN_MEMORY = {"pid": 999, "name": "not-swapped", "user": "app", "swap": 0, "rss": GIB}
