"""What control groups let a process have, from directories as the kernel shows them."""

from __future__ import annotations

import pytest

from swapctl.process.cgroups import limits_in, unit_of

MIB = 1 << 20


@pytest.fixture
def inner(tmp_path):
    """Give a group in a group in the root, which has no files about memory."""
    inner = tmp_path / "outer/inner"
    inner.mkdir(parents=True)
    for directory in (inner, inner.parent, tmp_path):
        (directory / "cgroup.procs").touch()
    return inner


def fill(directory, **files):
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(f"{text}\n", encoding="ascii")


def test_a_limit_of_version_2_is_the_lowest_on_the_way_up(inner):
    fill(inner, memory__current=9 * MIB, memory__max="max", memory__high=64 * MIB)
    fill(inner, memory__swap__current=5 * MIB, memory__swap__max=32 * MIB)
    fill(inner.parent, memory__current=90 * MIB, memory__max=96 * MIB, memory__swap__max=0)
    assert limits_in(2, "/outer/inner", str(inner)) == {
        "version": 2,
        "path": "/outer/inner",
        "memory": 9 * MIB,
        "memory_max": 96 * MIB,
        "memory_high": 64 * MIB,
        "swap": 5 * MIB,
        "swap_max": 0,
    }


def test_no_limit_of_version_1_is_a_very_large_number(inner):
    fill(inner, memory__usage_in_bytes=MIB, memory__limit_in_bytes=9223372036854771712)
    told = limits_in(1, "/outer/inner", str(inner))
    assert (told["memory"], told["memory_max"], told["memory_and_swap_max"]) == (MIB, None, None)


@pytest.mark.parametrize(
    ("paths", "unit"),
    [
        pytest.param(["/"], "", id="none"),
        pytest.param([], "", id="no-groups"),
        pytest.param(["/system.slice/nginx.service"], "nginx.service", id="service"),
        pytest.param(["/system.slice/a.service/sub/group"], "a.service", id="group-within"),
        pytest.param(
            ["/user.slice/user-1000.slice/user@1000.service/app.slice/x.service"], "x.service", id="service-of-a-user"
        ),
        pytest.param(
            ["/user.slice/user-1000.slice/user@1000.service/app.slice"], "user@1000.service", id="slice-within"
        ),
        pytest.param(["/machine.slice"], "machine.slice", id="slice"),
        pytest.param(["/system.slice/cups.socket"], "cups.socket", id="socket"),
        pytest.param(["/system.slice/nginx.service", "/", ""], "nginx.service", id="version-1"),
        pytest.param(["/", "/docker/0123", "/system.slice/nginx.service"], "nginx.service", id="version-1-the-last"),
        pytest.param(
            [
                "/user.slice/user-1000.slice/user@1000.service",
                "/user.slice",
                "/user.slice/user-1000.slice/user@1000.service/app.slice/x.service",
            ],
            "x.service",
            id="version-1-where-some-know-less",
        ),
    ],
)
def test_the_unit_of_a_process(paths, unit):
    assert unit_of(paths) == unit


def test_a_group_that_is_gone_has_nothing(tmp_path):
    assert limits_in(2, "/gone", str(tmp_path / "gone"))["memory_max"] is None
