"""``swapctl metrics``: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json

import pytest
from prometheus_client import parser as old_parser
from prometheus_client.openmetrics import parser

from tests.builders import PAGE, header_bytes


@pytest.fixture
def area(tree):
    """Have a swap file in the tree, listed, with a name that every format has to escape."""
    (tree / 'a"b\\c\n').write_bytes(header_bytes(256).ljust(256 * PAGE, b"\0"))
    (tree / "etc/fstab").write_text('/a"b\\134c\\012 none swap sw 0 0\n', encoding="utf-8")
    return {"path": '/a"b\\c\n', "type": "file"}


def test_of_a_tree_the_areas_are_told(swapctl, tree, area):
    done = swapctl("metrics", "--root", str(tree))
    families = {one.name: one for one in parser.text_string_to_metric_families(done.stdout)}
    assert sorted(families) == [f"swapctl_area_{name}" for name in ("active", "persistent", "size_bytes")]
    (sample,) = families["swapctl_area_size_bytes"].samples
    assert (sample.labels, sample.value, done.stderr, done.returncode) == (area, 256 * PAGE, "", 0)


@pytest.mark.parametrize(("name", "reader"), [("openmetrics", parser), ("prometheus", old_parser)])
def test_of_this_machine_both_formats_can_be_read(swapctl, name, reader):
    """What there is besides comes and goes with what is swapped out."""
    text = swapctl("metrics", "--findings", "--format", name).stdout
    told = {one.name for one in reader.text_string_to_metric_families(text)}
    assert {"swapctl_swap_in_bytes", "swapctl_memory_bytes", "swapctl_processes_swap_bytes", "swapctl_findings"} <= told


def test_without_processes(swapctl):
    assert "process" not in swapctl("metrics", "--top", "0").stdout


@pytest.mark.usefixtures("area")
def test_json(swapctl, tree):
    told = json.loads(swapctl("metrics", "--json", "--root", str(tree)).stdout)["metrics"]
    assert told[0] == {
        "name": "swapctl_area_size_bytes",
        "type": "gauge",
        "unit": "bytes",
        "help": "Size of a swap area, its header included.",
        "samples": [{"labels": {"path": '/a"b\\c\n', "type": "file"}, "value": 256 * PAGE}],
    }


@pytest.mark.usefixtures("area")
def test_a_file_is_replaced_in_one_step_and_keeps_its_mode(swapctl, tree, tmp_path_factory):
    directory = tmp_path_factory.mktemp("collector")
    file = directory / "swap.prom"
    printed = swapctl("metrics", "--root", str(tree), "--format", "prometheus")
    done = swapctl("metrics", "--root", str(tree), "--format", "prometheus", "--output", str(file))
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert file.read_text(encoding="utf-8") == printed.stdout
    assert file.stat().st_mode & 0o777 == 0o644
    before = file.stat().st_ino
    file.chmod(0o640)
    with file.open(encoding="utf-8") as reader:
        swapctl("metrics", "--root", str(tree), "--output", str(file))
        assert reader.read() == printed.stdout
    assert (file.stat().st_ino != before, file.stat().st_mode & 0o777) == (True, 0o640)
    assert [path.name for path in directory.iterdir()] == ["swap.prom"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(
            ["--output", "/dev/null"],
            "/dev/null is no file; hint: name a file; without --output it is printed",
            id="device",
        ),
        pytest.param(
            ["--output", "/proc"], "/proc is no file; hint: name a file; without --output it is printed", id="directory"
        ),
        pytest.param(
            ["--output", ""],
            "an empty name is no file; hint: name a file; without --output it is printed",
            id="empty-name",
        ),
        pytest.param(
            ["--output", "/not/there"],
            "/not/there: could not write it: No such file or directory; hint: name a file in a directory where you may write",
            id="no-directory",
        ),
    ],
)
def test_what_cannot_be_written_is_refused(swapctl, tree, arguments, complaint):
    done = swapctl("metrics", "--root", str(tree), *arguments)
    assert (done.stdout, done.stderr, done.returncode) == ("", f"swapctl: {complaint}\n", 1)


def test_a_number_below_zero_makes_no_sense(swapctl):
    done = swapctl("metrics", "--top", "-1")
    assert (done.stderr, done.returncode) == ("swapctl: --top -1 is below 0; hint: 0 looks at no process\n", 2)
