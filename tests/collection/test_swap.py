"""The module ``swapctl.linux.swap``, through Ansible, on the running kernel."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path

import pytest

from swapctl import sizes
from tests.collection.controller import Controller, isolated_python, swap
from tests.system.machine import MIB, OTHERS

UUID = "0f3b2a1c-1111-4222-8333-944455556666"
NOTHING = {
    "type": None, "size": None, "usable": None, "used": 0, "priority": None, "active": False,
    "persistent": False, "label": None, "uuid": None, "options": None, "unit": None, "zram": None,
}  # fmt: skip


def area_of(path, size, priority, **others):
    """Return the state of an active, listed area."""
    return {
        **NOTHING, "path": str(path), "type": "file", "size": size, "usable": size - 4096, "priority": priority,
        "active": True, "persistent": True, **others,
    }  # fmt: skip


def active(machine, path):
    """Return size and priority of the area at *path* as the kernel shows them."""
    entry = machine.active(path)
    return entry and (entry.size, entry.priority)


def temporary(path):
    return path.with_name(f".{path.name}.swapctl-new")


@pytest.mark.parametrize("version", ["this", "3.9"])
def test_makes_an_area_once(machine, collections_path, version):
    python = Path(sys.executable) if version == "this" else isolated_python(machine.directory, version)
    controller = Controller(machine, collections_path, python)
    path = machine.area.with_name(f"a swap\tfile é {machine.token}")
    options = {"path": str(path), "size": "32M", "priority": 7, "uuid": UUID}
    listed = str(path).replace(" ", "\\040").replace("\t", "\\011")

    played = controller.tasks(swap(**options), swap(**options))

    assert played.code == 0, played.text
    made = area_of(path, 32 * MIB, 7, uuid=UUID, options=["sw", "pri=7"])
    assert played.results == [
        {
            "changed": True,
            "actions": [
                {"name": "create", "detail": f"{temporary(path)}, 32 MiB, preallocated"},
                {"name": "format", "detail": f"{temporary(path)}, 32 MiB, UUID {UUID}"},
                {"name": "rename", "detail": f"{temporary(path)} to {path}"},
                {"name": "swapon", "detail": f"{path}, priority 7"},
                {"name": "fstab", "detail": f"/etc/fstab: + {listed} none swap sw,pri=7 0 0"},
            ],
            "before": {**NOTHING, "path": str(path)},
            "after": made,
            "backup_file": None,
        },
        {"changed": False, "actions": [], "before": made, "after": made, "backup_file": None},
    ]
    assert active(machine, path) == (32 * MIB - 4096, 7)
    assert machine.is_whole_area(path, 32 * MIB)
    assert machine.fstab.read_text() == f"{OTHERS}{listed} none swap sw,pri=7 0 0\n"


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        pytest.param(None, {"size": "32M"}, id="nothing"),
        pytest.param(["--uuid", UUID], {"size": "48M"}, id="too-small"),
        pytest.param([], {"priority": 9}, id="other-priority"),
        pytest.param(["--inactive"], {"label": "named"}, id="inactive-without-label"),
        pytest.param(["--persist", "none"], {"nofail": True}, id="not-listed"),
        pytest.param([], {"active": False, "persist": "keep"}, id="to-be-off"),
        pytest.param([], {"state": "absent"}, id="to-be-gone"),
    ],
)
def test_check_mode_tells_what_the_run_does(machine, controller, start, wanted):
    if start is not None:
        machine.swapctl("ensure", machine.area, "--size", "32M", *start)
    before = machine.snapshot()
    options = {"path": str(machine.area), **wanted}

    (foretold,) = controller.swap("--check", **options).results
    assert machine.snapshot() == before
    done, again = controller.tasks(swap(**options), swap(**options)).results

    assert foretold["changed"] is True
    assert foretold["actions"] == done["actions"]
    assert foretold["before"] == done["before"]
    # Only the run knows the number that the kernel or mkswap chooses.
    chosen = {name: None for name in ("uuid", "priority") if foretold["after"][name] is None}
    assert foretold["after"] == {**done["after"], **chosen}
    assert again == {
        "changed": False, "actions": [], "before": done["after"], "after": done["after"], "backup_file": None,
    }  # fmt: skip


def test_diff_mode_shows_the_area_and_fstab(machine, controller):
    played = controller.swap("--check", "--diff", path=str(machine.area), size="32M", priority=7)
    assert (
        f"""\
--- before: {machine.area}
+++ after: {machine.area}
@@ -1,11 +1,11 @@
 path: {machine.area}
-type: none
-size: none
-usable: none
-priority: none
-active: false
-persistent: false
+type: file
+size: 33554432
+usable: 33550336
+priority: 7
+active: true
+persistent: true
 label: none
 uuid: none
-options: none
+options: sw,pri=7
 unit: none

--- before: /etc/fstab
+++ after: /etc/fstab
@@ -3,3 +3,4 @@
   tmpfs /scratch tmpfs  defaults,noatime
{" "}
 #/swapfile none swap sw 0 0
+{machine.area} none swap sw,pri=7 0 0
"""
        in played.text
    )


@pytest.mark.parametrize(
    ("flags", "test"), [((), "is undefined"), (("--diff",), "is defined")], ids=["without", "with"]
)
def test_the_result_has_a_diff_if_asked_for(machine, controller, flags, test):
    """Ansible leaves it out of what it prints."""
    made = {**swap(path=str(machine.area), size="32M"), "check_mode": True, "register": "made"}
    assert controller.tasks(made, {"ansible.builtin.assert": {"that": f"made.diff {test}"}}, flags=flags).code == 0


def test_every_option_reaches_the_area(machine, controller):
    played = controller.swap(
        path=str(machine.area),
        size=33554432,
        priority=0,
        discard="both",
        nofail=True,
        label="a-label",
        uuid=UUID,
        options=["x-one=1", "noauto"],
        backup=True,
    )
    (result,) = played.results
    options = ["sw", "pri=0", "discard", "nofail", "x-one=1", "noauto"]
    assert result["after"] == area_of(
        machine.area, 32 * MIB, 0, label="a-label", uuid=UUID, options=options, persistent=False
    )
    assert active(machine, machine.area) == (32 * MIB - 4096, 0)
    found = machine.signature(machine.area)
    assert (found["LABEL"], found["UUID"]) == ("a-label", UUID)
    assert machine.listed() == [(str(machine.area), ",".join(options))]
    assert machine.real(result["backup_file"]).read_text() == OTHERS


@pytest.mark.parametrize(
    ("options", "active", "listed"),
    [
        pytest.param({}, True, True, id="by-default"),
        pytest.param({"active": False}, False, True, id="active-false"),
        pytest.param({"persist": "none"}, True, False, id="persist-none"),
        pytest.param({"persist": "keep"}, True, False, id="persist-keep"),
    ],
)
def test_now_and_after_a_reboot_are_two_things(machine, controller, options, active, listed):
    controller.swap(path=str(machine.area), size="32M", **options)
    assert (machine.active(machine.area) is not None, bool(machine.listed())) == (active, listed)


def test_absent_leaves_nothing(machine, controller):
    before = machine.snapshot()
    gone = swap(path=str(machine.area), state="absent")
    made, removed, again = controller.tasks(swap(path=str(machine.area), size="32M"), gone, gone).results
    assert [action["name"] for action in removed["actions"]] == ["swapoff", "fstab", "delete"]
    assert removed["before"] == made["after"]
    assert removed["after"] == {**NOTHING, "path": str(machine.area)}
    assert (again["changed"], again["actions"]) == (False, [])
    assert machine.snapshot() == before


# Options beside the path, message, hint.
SENSELESS = [
    (
        {"path": "swapfile"},
        "path 'swapfile' is not absolute",
        "begin it with / or, for a device, with UUID=, LABEL=, PARTUUID=",
    ),
    (
        {"path": f"UUID={UUID}"},
        f"no block device bears UUID={UUID}",
        "see lsblk -o NAME,UUID,LABEL,PARTUUID",
    ),
    (
        {"size": "huge"},
        "size 'huge' is not a size",
        f"allowed are {sizes.ALLOWED}",
    ),
    (
        {},
        "{path} does not exist, and no size is given to make it",
        "give size, such as 2G",
    ),
    (
        {"size": "32M", "priority": 40000},
        "priority 40000 is outside 0..32767",
        "leave it out and the kernel chooses, below all that are set",
    ),
    (
        {"size": "32M", "options": ["pri=3"]},
        "options holds 'pri=3'",
        "say it with priority",
    ),
]


def test_what_makes_no_sense_fails_in_one_sentence_with_a_hint(machine, controller):
    before = machine.snapshot()
    tasks = [swap(**{"path": str(machine.area), **options}) for options, _message, _hint in SENSELESS]
    played = controller.tasks(*({**task, "ignore_errors": True} for task in tasks))
    expected = [(message.format(path=machine.area), hint) for _options, message, hint in SENSELESS]
    assert played.tasks == [
        ("fatal", {"changed": False, "msg": f"{message}; hint: {hint}", "hint": hint}) for message, hint in expected
    ]
    assert machine.snapshot() == before


def test_an_unknown_option_is_named(machine, controller):
    played = controller.swap(path=str(machine.area), sise="32M")
    assert played.code == 2
    assert played.results[0]["msg"].startswith(
        "Unsupported parameters for (swapctl.linux.swap) module: sise. Supported"
    )


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_data_file_is_left_alone(machine, controller, state):
    machine.real(machine.area).write_bytes(b"my thesis" * 1000)
    before = machine.snapshot()
    (task,) = controller.swap(path=str(machine.area), size="32M", state=state).tasks
    assert task.status == "fatal"
    assert task.result["msg"].startswith(f"{machine.area} holds data that is no swap area; hint: ")
    assert machine.snapshot() == before


def test_a_device_with_data_is_overwritten_only_by_force(machine, controller):
    image = machine.directory / "disk.img"
    with image.open("xb") as file:
        file.truncate(32 * MIB)
    device = machine.loop(image)
    machine.run("mkfs.ext2", "-q", device)
    refused, _log = controller.tasks(
        {**swap(path=device), "ignore_errors": True},
        swap(path=device, force=True, persist="none"),
    ).results
    assert refused["msg"].startswith(f"{device} holds an ext2, ext3 or ext4 file system; hint: ")
    assert refused["hint"] == "take another device; force overwrites what is there"
    assert active(machine, device) == (32 * MIB - 4096, None)


def test_an_fstab_that_is_a_mount_point_is_written_only_in_place(machine, controller):
    bound = machine.directory / "bound-fstab"
    bound.write_text(OTHERS)
    machine.run("mount", "--bind", bound, "/etc/fstab")
    options = {"path": str(machine.area), "size": "32M"}
    refused, done = controller.tasks(
        {**swap(**options), "ignore_errors": True},
        swap(**options, fstab_in_place=True),
    ).results
    assert refused["hint"].startswith("fstab_in_place writes it where it stands; ")
    assert done["changed"] is True
    assert bound.read_text() == f"{OTHERS}{machine.area} none swap sw 0 0\n"


def test_waits_for_another_run_no_longer_than_told(machine, controller):
    lock = machine.real("/run/swapctl.lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (task,) = controller.swap(path=str(machine.area), size="32M", lock_timeout=0.2).tasks
    assert task == (
        "fatal",
        {
            "changed": False,
            "msg": "another run has held the lock /run/swapctl.lock for over 0.2 s; hint: wait for it, or raise lock_timeout",
            "hint": "wait for it, or raise lock_timeout",
        },
    )


def test_a_failed_step_is_undone(machine, controller):
    before = machine.snapshot()
    machine.fake("swapon", "echo 'swapon: no such luck' >&2; exit 1")
    (task,) = controller.swap(path=str(machine.area), size="32M").tasks
    assert task.status == "fatal"
    assert "what was done is undone, the machine is as it was" in task.result["msg"]
    assert "remains" not in task.result
    assert machine.snapshot() == before


def test_what_could_not_be_undone_is_listed(machine, controller):
    machine.fake("swapon", 'echo "# meanwhile" >> /etc/fstab; exec "$REAL" "$@"')
    machine.fake("swapoff", "exit 1")
    (task,) = controller.swap(path=str(machine.area), size="32M").tasks
    machine.unfake()
    assert task.status == "fatal"
    assert task.result["hint"] == "run again"
    assert [remain.partition(" (")[0] for remain in task.result["remains"]] == [
        f"{machine.area} is active",
        f"{temporary(machine.area)} is now {machine.area}",
    ]


def test_bytes_that_are_no_text_are_kept_and_shown_as_escapes(machine, controller):
    before = b"# caf\xe9\n"
    machine.fstab.write_bytes(before)
    played = controller.swap("--diff", path=str(machine.area), size="32M")
    assert played.results[0]["changed"] is True
    assert "\n # caf\\xe9\n" in played.text
    assert machine.fstab.read_bytes() == before + f"{machine.area} none swap sw 0 0\n".encode()
