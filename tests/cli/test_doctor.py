"""``swapctl doctor`` on directory trees: what it says, how it ends, and what its repairs write."""

from __future__ import annotations

import json
import os

import pytest

from tests.builders import PAGE, header_bytes

UNSEEN = "not checked: what is active, and everything else about the kernel: it does not run here\n"


@pytest.fixture
def doctor(swapctl, tree):
    """Return a function that runs the command on the tree."""
    return lambda *arguments: swapctl("doctor", *arguments, "--root", str(tree))


@pytest.fixture
def area(tree):
    """Return a swap file of 1 MiB in the tree."""
    path = tree / "swapfile"
    path.write_bytes(header_bytes(256).ljust(256 * PAGE, b"\0"))
    path.chmod(0o600)
    return path


def listed(tree, *lines):
    (tree / "etc/fstab").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def fstab(tree):
    return (tree / "etc/fstab").read_text(encoding="utf-8")


def told(done):
    return json.loads(done.stdout)


@pytest.mark.usefixtures("area")
def test_says_that_nothing_is_wrong(doctor, tree):
    listed(tree, "/swapfile none swap sw 0 0")
    done = doctor()
    assert (done.stdout, done.stderr, done.returncode) == (f"nothing is wrong\n{UNSEEN}", "", 0)


def test_says_what_is_wrong_the_gravest_first_with_a_remedy_each(doctor, tree, area):
    area.chmod(0o666)
    listed(tree, "/swapfile none swap sw,pri=-1 0 0", "/my\\040swap none swap sw,nofail 0 0", "/x none SWAP sw 0 0")
    done = doctor()
    assert done.stdout == (
        "error: /x: its type in line 3 of /etc/fstab is 'SWAP', which no reader takes for swap [fstab-type]\n"
        "  remedy: write swap there\n"
        "warning: /my swap: line 2 of /etc/fstab has it turned on at boot, but it is not there [fstab-missing]\n"
        "  remedy: swapctl remove '/my swap', or swapctl ensure '/my swap' --size SIZE --nofail\n"
        "warning: /swapfile: pri=-1 in line 1 of /etc/fstab is outside 0..32767, so the kernel chooses [fstab-priority]\n"
        "  fixable: swapctl ensure /swapfile\n"
        "warning: /swapfile: its mode is 0666: what is swapped out is not for all to read or write [area-mode]\n"
        "  fixable: chmod 600 /swapfile\n" + UNSEEN
    )
    assert (done.stderr, done.returncode) == ("", 1)


def test_what_is_only_worth_knowing_is_no_failure(doctor, tree, area):
    area.write_bytes(area.read_bytes() + bytes(PAGE))
    listed(tree, "/swapfile none swap sw 0 0")
    done = doctor()
    assert "info: /swapfile: it has 1 MiB" in done.stdout
    assert "[area-longer]" in done.stdout
    assert done.returncode == 0


def test_quiet_says_it_by_the_exit_status_alone(doctor, tree):
    listed(tree, "/not/there none swap sw 0 0")
    done = doctor("--quiet")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 1)


def test_json(doctor, tree):
    listed(tree, "/not/there none swap sw 0 0")
    done = doctor("--json")
    assert (told(done), done.returncode) == (
        {
            "findings": [
                {
                    "id": "fstab-missing",
                    "severity": "error",
                    "subject": "/not/there",
                    "message": "line 1 of /etc/fstab has it turned on at boot, but it is not there",
                    "remedy": "swapctl remove /not/there, or swapctl ensure /not/there --size SIZE",
                    "fixable": False,
                }
            ],
            "unchecked": [UNSEEN[len("not checked: ") : -1]],
            "repairs": None,
        },
        1,
    )


ILL = (
    "# keep me",
    "/swapfile none swap sw,pri=40000,x-mine # text",
    "/dev/vda1 / ext4 defaults 0 1",
    "/./swapfile swap swap defaults 0 0",
)


def test_a_dry_run_of_the_repairs_changes_nothing_and_fails(doctor, tree, area):
    area.chmod(0o644)
    listed(tree, *ILL)
    before = fstab(tree)
    done = doctor("--fix", "--dry-run", "--json")
    assert [one["name"] for one in told(done)["repairs"]["actions"]] == ["mode", "fstab"]
    assert len(told(done)["findings"]) == 2
    assert (fstab(tree), area.stat().st_mode & 0o777, done.returncode) == (before, 0o644, 1)


def test_repairs_and_looks_again(doctor, tree, area):
    area.chmod(0o644)
    listed(tree, *ILL)
    done = doctor("--fix", "--backup")
    assert done.stdout.startswith("mode          /swapfile from 0644 to 0600\nfstab         /etc/fstab: ")
    assert done.stdout.endswith(f"nothing is wrong\n{UNSEEN}")
    assert done.returncode == 0
    assert fstab(tree) == "# keep me\n/swapfile none swap sw 0 0 # text\n/dev/vda1 / ext4 defaults 0 1\n"
    assert len([name for name in os.listdir(tree / "etc") if name.startswith("fstab.")]) == 1
    again = doctor("--fix")
    assert (again.stdout, again.returncode) == (f"nothing is wrong\n{UNSEEN}", 0)


def test_a_leftover_goes_and_what_only_looks_like_one_stays(doctor, tree, area):
    listed(tree, "/swapfile none swap sw 0 0")
    (tree / ".gone.swapctl-new").write_bytes(area.read_bytes())
    (tree / ".mine.swapctl-old").write_text("a diary", encoding="utf-8")
    done = doctor("--fix")
    assert done.stdout == (
        "delete        /.gone.swapctl-new\n"
        "warning: /.mine.swapctl-old: it has the name of a temporary file of swapctl's [leftover]\n"
        "  remedy: move it away\n" + UNSEEN
    )
    assert sorted(path.name for path in tree.iterdir()) == [".mine.swapctl-old", "etc", "swapfile"]


def test_what_cannot_be_repaired_leaves_the_rest_repaired(doctor, tree, area):
    area.chmod(0o640)
    listed(tree, "/swapfile none swap sw 0 0", "/not/there none swap sw 0 0")
    done = doctor("--fix", "--json")
    assert [one["id"] for one in told(done)["findings"]] == ["fstab-missing"]
    assert area.stat().st_mode & 0o777 == 0o600
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("name", "text", "source"),
    [
        ("etc/initramfs-tools/conf.d/resume", "RESUME=UUID=ab\n", "/etc/initramfs-tools/conf.d/resume"),
        ("etc/dracut.conf.d/9.conf", 'kernel_cmdline+=" resume=UUID=ab "\n', "/etc/dracut.conf.d/9.conf"),
    ],
)
def test_an_image_tells_what_its_host_will_wake_up_from(swapctl, tree, name, text, source):
    path = tree / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    found = told(swapctl("status", "--json", "--root", str(tree)))["hibernation"]
    assert (found["source"], found["device"], found["stale"]) == (source, "UUID=ab", False)
