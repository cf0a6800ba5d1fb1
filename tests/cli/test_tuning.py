"""Tuning on a directory tree: the file that is written, and what is said of other files."""

from __future__ import annotations

import json
import os

import pytest

HEADER = "# Made by swapctl, which writes it anew and removes it: see LAYOUTS in swapctl(8).\n"
OURS = "/etc/sysctl.d/99-swapctl.conf"


@pytest.fixture
def apply(swapctl, tree, tmp_path_factory):
    path = tmp_path_factory.mktemp("layouts") / "layout.yml"

    def run(tuning, *options):
        path.write_text(f"swap: {{tuning: {tuning}}}", encoding="utf-8")
        return swapctl("apply", str(path), "--root", str(tree), *options)

    return run


@pytest.fixture
def ours(tree):
    return tree / OURS[1:]


def write(tree, path, text):
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(text)


def printed(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_file_is_written_and_then_there_is_nothing_to_do(apply, ours):
    wanted = "{swappiness: 10, page_cluster: 0}"
    planned = printed(apply(wanted, "-n"))
    assert not ours.parent.exists()
    assert planned.replace("would ", "") == printed(apply(wanted))
    assert ours.read_text() == f"{HEADER}vm.swappiness = 10\nvm.page-cluster = 0\n"
    assert ours.stat().st_mode & 0o777 == 0o644
    assert printed(apply(wanted)) == "this host: nothing to do\n"


def test_it_holds_what_is_declared_and_goes_with_the_last_value(apply, swapctl, tree, ours):
    printed(apply("{swappiness: 10, page_cluster: 0}"))
    printed(apply("{swappiness: 10}"))
    assert ours.read_text() == f"{HEADER}vm.swappiness = 10\n"
    layout = tree / "etc/layout.yml"
    layout.write_text("swap: {}")
    printed(swapctl("apply", str(layout), "--root", str(tree)))
    assert ours.read_text() == f"{HEADER}vm.swappiness = 10\n"
    printed(apply("{}"))
    assert not ours.exists()


def test_the_result_tells_before_and_after(apply):
    printed(apply("{swappiness: 10}"))
    result = json.loads(printed(apply("{swappiness: 20}", "--json")))
    assert [action["name"] for action in result["actions"]] == ["write"]
    assert result["before"] == {"areas": [], "tuning": {"running": {}, "persistent": {"swappiness": 10}}}
    assert result["after"] == {"areas": [], "tuning": {"running": {}, "persistent": {"swappiness": 20}}}
    assert [change["after_header"] for change in result["diff"]] == [OURS]
    assert result["warnings"] == []


def test_what_other_files_say_is_a_warning(apply, tree):
    write(tree, "etc/sysctl.d/zz.conf", "# no\nvm/swappiness = 60\n")
    write(tree, "usr/lib/sysctl.d/10-first.conf", "-vm.swappiness=80\nvm.page-cluster=1\n")
    write(tree, "usr/lib/sysctl.d/50-hidden.conf", "vm.swappiness=81\n")
    write(tree, "etc/sysctl.d/50-hidden.conf", "")
    write(tree, "usr/lib/sysctl.d/99-masked.conf", "vm.swappiness=82\n")
    (tree / "run/sysctl.d").mkdir(parents=True)
    (tree / "run/sysctl.d/99-masked.conf").symlink_to("/dev/null")
    write(tree, "etc/sysctl.conf", "vm.swappiness=90\n")
    warnings = [
        f"/usr/lib/sysctl.d/10-first.conf line 1 sets vm.swappiness to 80; {OURS} is read after it, and wins at boot with 10",
        f"/etc/sysctl.d/zz.conf line 2 sets vm.swappiness to 60 and is read after {OURS}: at boot it wins over 10",
        f"/etc/sysctl.conf line 1 sets vm.swappiness to 90, which sysctl --system reads after {OURS} with 10",
    ]  # fmt: skip
    done = apply("{swappiness: 10}")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [f"swapctl: warning: {warning}" for warning in warnings]
    done = apply("{swappiness: 10}", "--json")
    assert (json.loads(done.stdout)["warnings"], done.stderr) == (warnings, "")
    assert apply("{swappiness: 10}", "-q").stderr == ""


def test_the_classic_file_counts_once_where_a_link_leads_to_it(apply, tree):
    write(tree, "etc/sysctl.conf", "vm.swappiness=90\n")
    (tree / "etc/sysctl.d").mkdir()
    (tree / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    assert apply("{swappiness: 10}").stderr == (
        f"swapctl: warning: /etc/sysctl.d/99-sysctl.conf line 1 sets vm.swappiness to 90 and is read after {OURS}: "
        "at boot it wins over 10\n"
    )


def test_what_stands_in_the_place_of_our_file_is_left_alone(apply, ours):
    ours.mkdir(parents=True)
    done = apply("{swappiness: 10}")
    assert (done.returncode, done.stderr) == (1, f"swapctl: {OURS}: Is a directory\n")
    assert ours.is_dir()


def test_a_link_that_masks_our_file_is_left_alone(apply, tree, ours):
    (tree / "dev").mkdir()
    os.mkfifo(tree / "dev/null")
    ours.parent.mkdir()
    ours.symlink_to("/dev/null")
    done = apply("{swappiness: 10}")
    assert (done.returncode, done.stderr) == (
        1,
        f"swapctl: {OURS} is not a regular file; hint: move away what is there\n",
    )
    assert os.readlink(ours) == "/dev/null"


def test_what_is_exported_is_there_already(apply, swapctl, tree, ours):
    assert printed(swapctl("export", "--root", str(tree))) == "swap:\n  areas: []\n"
    printed(apply("{swappiness: 10, page_cluster: 0}"))
    document = json.loads(printed(swapctl("export", "--json", "--root", str(tree))))
    assert document == {"swap": {"areas": [], "tuning": {"swappiness": 10, "page_cluster": 0}}}
    assert printed(apply(json.dumps(document["swap"]["tuning"]))) == "this host: nothing to do\n"
    ours.write_text("vm.swappiness = 10\nvm.dirty_ratio = 5\n")
    done = swapctl("export", "--json", "--root", str(tree))
    assert json.loads(done.stdout) == {"swap": {"areas": [], "tuning": {"swappiness": 10}}}
    first, second = done.stderr.splitlines()
    assert first == f"swapctl: {OURS}: 'vm.dirty_ratio = 5' is left out: it sets none of a layout's keys"
    assert second.startswith(f"swapctl: tuning is not as it is at boot; applying this would write {OURS}: ")


def test_a_value_out_of_range_is_named_with_its_line(apply, ours):
    done = apply("{\n  page_cluster: 0,\n  swappiness: 300}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"swapctl: {done.args[4]} line 3: swap.tuning: swappiness 300 is outside 0..200\n"
    assert not ours.exists()
