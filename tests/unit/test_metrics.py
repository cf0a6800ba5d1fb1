"""Metrics as text: what is told, and that real parsers read back just that, whatever names are in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import parser as old_parser
from prometheus_client.openmetrics import parser

from swapctl import metrics
from swapctl.metrics import Family, Sample, Sight, User, Users
from swapctl.sizes import GIB, MIB
from swapctl.swap import memory
from swapctl.swap.finding import finding
from swapctl.swap.memory import Memory
from swapctl.swap.state import State, Zram

PRESSURE = {
    "some": {"avg10": 1.5, "avg60": 0.25, "avg300": 0.0, "total": 2_500_000},
    "full": {"avg10": 0.0, "avg60": 0.0, "avg300": 0.0, "total": 0},
}
WHOLE = Sight(
    areas=(
        State("/swapfile", "file", GIB, GIB - 4096, 5 * MIB, 10, active=True, persistent=True),
        State("/dev/zram0", "device", GIB, 0, MIB, 100, active=True, zram=Zram("zstd", None, 30, 8, 10, 3.0)),
        State("/dev/vdb", "device", 2 * GIB, persistent=True),
    ),
    memory=Memory(8 * GIB, 6 * GIB, 2 * GIB, GIB),
    pressure=PRESSURE,
    events={"pswpin": 2, "pswpout": 3, "pgmajfault": 4, "oom_kill": 1},
    zswap={"enabled": 1, "memory": 10, "original": 25},
    users=Users((User("postgres", "postgresql.service", 7 * MIB, 3),), 9 * MIB),
    findings=(finding("swap-none", "host", "", ""),),
)
HOSTILE = ['a"b', "back\\slash", "two\nlines", "tab\t", "\udcff raw", "\\udcff", "ü", "", "x,y={}# EOF", "\r", " "]


def read(text):
    """Return what the parser of OpenMetrics makes of *text*, by name of the sample and labels."""
    samples = [one for family in parser.text_string_to_metric_families(text) for one in family.samples]
    found = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    assert len(found) == len(samples)
    return found


def read_old(text):
    samples = [one for family in old_parser.text_string_to_metric_families(text) for one in family.samples]
    found = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    assert len(found) == len(samples)
    return found


def value(found, name, **labels):
    return found[f"swapctl_{name}", tuple(sorted(labels.items()))]


def test_tells_all_there_is():
    found = read(metrics.openmetrics(metrics.families(WHOLE)))
    assert value(found, "area_size_bytes", path="/swapfile", type="file") == GIB
    assert value(found, "area_used_bytes", path="/dev/zram0", type="zram") == MIB
    assert value(found, "area_priority", path="/swapfile", type="file") == 10
    assert value(found, "area_active", path="/dev/vdb", type="device") == 0
    assert value(found, "area_persistent", path="/dev/vdb", type="device") == 1
    assert ("swapctl_area_used_bytes", (("path", "/dev/vdb"), ("type", "device"))) not in found
    assert value(found, "swap_in_bytes_total") == 2 * 4096
    assert value(found, "swap_out_bytes_total") == 3 * 4096
    assert value(found, "oom_kills_total") == 1
    assert value(found, "memory_pressure_seconds_total", tasks="some") == 2.5
    assert value(found, "memory_pressure_ratio", tasks="some", window="10s") == 0.015
    assert value(found, "zram_info", path="/dev/zram0", algorithm="zstd") == 1
    assert value(found, "zram_compression_ratio", path="/dev/zram0") == 3
    assert value(found, "zswap_compression_ratio") == 2.5
    assert value(found, "program_swap_bytes", program="postgres", unit="postgresql.service") == 7 * MIB
    assert value(found, "program_processes", program="postgres", unit="postgresql.service") == 3
    assert value(found, "processes_swap_bytes") == 9 * MIB
    assert value(found, "findings", severity="warning") == 1
    assert value(found, "findings", severity="error") == 0


def test_both_formats_tell_the_same():
    found = metrics.families(WHOLE)
    assert read_old(metrics.prometheus(found)) == read(metrics.openmetrics(found))


def test_the_older_format_has_no_kind_that_node_exporter_rejects():
    families = old_parser.text_string_to_metric_families(metrics.prometheus(metrics.families(WHOLE)))
    assert {one.type for one in families} == {"counter", "gauge"}
    assert "# EOF" not in metrics.prometheus(metrics.families(WHOLE))


def test_every_family_has_its_help_and_its_unit():
    for one in parser.text_string_to_metric_families(metrics.openmetrics(metrics.families(WHOLE))):
        assert one.documentation.endswith(".")
        assert one.unit == (one.name.rpartition("_")[2] if one.name.endswith(("bytes", "seconds", "ratio")) else "")


def test_nothing_known_is_nothing_but_the_end():
    assert metrics.openmetrics(metrics.families(Sight())) == "# EOF\n"
    assert metrics.prometheus(metrics.families(Sight())) == ""


def test_areas_of_one_path_are_one_series():
    """Containers have such: each calls its area /swapfile."""
    one = State("/swapfile", "file", GIB, used=5, priority=-2, active=True)
    found = read(metrics.openmetrics(metrics.families(Sight(areas=(one, one.replace(used=7, priority=3))))))
    labels = {"path": "/swapfile", "type": "file"}
    assert value(found, "area_size_bytes", **labels) == 2 * GIB
    assert value(found, "area_used_bytes", **labels) == 12
    assert value(found, "area_priority", **labels) == 3
    assert value(found, "area_active", **labels) == 1


def test_programs_of_one_name_and_unit_are_added_up_and_the_largest_are_told():
    users = [User("a", "x", 5), User("b", "", 8), User("a", "x", 6), User("a", "y", 1)]
    assert metrics.largest(users, 2) == Users((User("a", "x", 11, 2), User("b", "", 8)), 20)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_bytes_come_back(name):
    area = State(name, "file", GIB, active=True)
    user = User(name, name, 1)
    found = metrics.families(Sight(areas=(area,), users=Users((user,), 1)))
    expected = metrics.readable(name)
    for printed in (read(metrics.openmetrics(found)), read_old(metrics.prometheus(found))):
        assert value(printed, "area_size_bytes", path=expected, type="file") == GIB
        assert value(printed, "program_swap_bytes", program=expected, unit=expected) == 1


def test_a_byte_that_is_no_text_is_written_out():
    assert metrics.readable("/s\udcff\udc80ü") == "/s\\xff\\x80ü"


NAMES = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\\"\n\udcff\udc80#{},= '), max_size=12)
VALUES = st.integers(0, 1 << 63) | st.floats(0, 1e12)
SAMPLES = st.lists(
    st.builds(Sample, VALUES, st.tuples(st.tuples(st.just("a"), NAMES), st.tuples(st.just("b"), NAMES))), max_size=6
)


@given(SAMPLES, st.sampled_from(["gauge", "counter"]), st.sampled_from(["sum", "max"]))
def test_whatever_is_written_is_read_back(samples, kind, together):
    family = Family("swapctl_x", kind, "Help.", tuple(samples), together)
    name = "swapctl_x_total" if kind == "counter" else "swapctl_x"
    expected = {(name, labels): number for labels, number in family.distinct.items()}
    for printed in (read(metrics.openmetrics([family])), read_old(metrics.prometheus([family]))):
        assert printed == pytest.approx(expected, abs=1e-6)
    metrics.openmetrics([family]).encode("utf-8")


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        pytest.param("", "", id="none"),
        pytest.param("nginx.service", "nginx.service", id="service"),
        pytest.param("postgresql@15-main.service", "postgresql@15-main.service", id="instance"),
        pytest.param("session-42.scope", "session-*.scope", id="session"),
        pytest.param("docker-0123456789abcdef.scope", "docker-*.scope", id="container"),
        pytest.param("cri-containerd-0af3.scope", "cri-containerd-*.scope", id="pod"),
        pytest.param("run-r0f3a.scope", "run-*.scope", id="run-scope"),
        pytest.param("run-u17.service", "run-*.service", id="run-service"),
        pytest.param("init.scope", "init.scope", id="init"),
        pytest.param("machine.slice", "machine.slice", id="slice"),
    ],
)
def test_what_changes_of_a_unit_at_each_start_is_not_told(unit, told):
    assert metrics.lasting(unit) == told


def test_events():
    assert memory.parse_events("pswpin 5\noom_kill 0\nodd\nmore 1 2\nneg -1\n") == {"pswpin": 5, "oom_kill": 0}
