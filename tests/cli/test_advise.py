"""``swapctl advise``: what it prints is what apply takes."""

from __future__ import annotations

import json

import pytest

from tests.builders import PAGE, header_bytes

RAM = "MemTotal:  {} kB\nMemAvailable: {} kB\n"


@pytest.fixture
def host(swapctl, tree, tmp_path_factory):
    """Return a function that asks for advice on the tree, has apply plan it, and returns both."""

    def ask(*arguments, ram=4 << 20):
        (tree / "proc").mkdir(exist_ok=True)
        (tree / "proc/meminfo").write_text(RAM.format(ram, ram // 2), encoding="utf-8")
        advised = swapctl("advise", *arguments, "--root", str(tree))
        layout = tmp_path_factory.mktemp("layout") / "layout.yml"
        layout.write_text(advised.stdout, encoding="utf-8")
        return advised, swapctl("apply", str(layout), "--dry-run", "--json", "--root", str(tree))

    return ask


def test_a_tree_gets_a_layout_that_apply_takes(host):
    advised, planned = host()
    lines = advised.stdout.splitlines()
    assert (advised.stderr, advised.returncode, planned.returncode) == ("", 0, 0), planned.stderr
    assert lines[lines.index("swap:") :] == ["swap:", "  areas:", "  - path: /swapfile", "    size: 4G"]
    assert all(line.startswith("# ") for line in lines[: lines.index("swap:")])
    assert [one["name"] for one in json.loads(planned.stdout)["actions"]] == ["create", "format", "rename", "fstab"]


@pytest.mark.parametrize(
    "arguments", [[], ["--hibernation"], ["--kind", "disk"], ["--kind", "both"], ["--kind", "zram"]]
)
@pytest.mark.parametrize("ram", [1 << 19, 1 << 21, 1 << 24, 1 << 29])
def test_whatever_is_asked_apply_takes_the_answer(host, arguments, ram):
    advised, planned = host(*arguments, ram=ram)
    assert (advised.returncode, planned.returncode) == (0, 0), planned.stderr


def test_an_area_that_is_there_is_kept_with_all_it_has(host, tree):
    (tree / "my swap").write_bytes(header_bytes(256, label=b"mine").ljust(256 * PAGE, b"\0"))
    (tree / "etc/fstab").write_text("/my\\040swap none swap sw,pri=7,nofail 0 0\n", encoding="utf-8")
    (area,) = json.loads(host("--json")[0].stdout)["layout"]["swap"]["areas"]
    assert (area["path"], area["priority"], area["nofail"], area["size"]) == ("/my swap", 7, True, "4G")
    _advised, planned = host()
    assert planned.returncode == 0, planned.stderr
    (after,) = (
        json.loads(planned.stdout)["after"]["areas"]
        if "areas" in json.loads(planned.stdout)["after"]
        else [json.loads(planned.stdout)["after"]]
    )
    assert (after["label"], after["size"], after["options"]) == ("mine", 4 << 30, ["sw", "pri=7", "nofail"])


def test_json_has_the_layout_and_the_reasons(host):
    told = json.loads(host("--json")[0].stdout)
    assert sorted(told) == ["layout", "reasons", "remarks"]
    assert told["layout"] == {"swap": {"areas": [{"path": "/swapfile", "size": "4G"}]}}
    assert sorted(told["reasons"][0]) == ["about", "source", "unit", "value", "why"]
    assert (told["reasons"][0]["value"], told["reasons"][0]["unit"]) == (4 << 30, "bytes")


def test_of_this_machine_the_layout_is_one(swapctl, tmp_path):
    for arguments in ([], ["--hibernation"], ["--kind", "zram"], ["--kind", "both"]):
        advised = swapctl("advise", *arguments)
        assert advised.returncode == 0, advised.stderr
        layout = tmp_path / "layout.yml"
        layout.write_text(advised.stdout, encoding="utf-8")
        planned = swapctl("apply", str(layout), "--dry-run")
        assert planned.returncode == 0 or "note: applying this is refused now" in advised.stdout, planned.stderr


def test_without_yaml_it_is_json_and_the_reasons_go_beside_it(swapctl, tree, tmp_path_factory):
    hidden = tmp_path_factory.mktemp("hidden")
    (hidden / "yaml.py").write_text("raise ImportError\n", encoding="utf-8")
    (hidden / "sitecustomize.py").write_text(f"import sys; sys.path.insert(0, {str(hidden)!r})\n", encoding="utf-8")
    path = f"{hidden}:{__file__.rpartition('/tests/')[0]}"
    done = swapctl("advise", "--ram", "4G", "--root", str(tree), PYTHONPATH=path)
    assert json.loads(done.stdout) == {"swap": {"areas": [{"path": "/swapfile", "size": "4G"}]}}
    assert done.stderr.startswith("# usual: 4 GiB")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "how much RAM the host has is not known here; hint: give it with --ram, such as 4G"),
        *(
            (["--ram", ram], f"--ram '{ram}' is no amount of RAM; hint: give 16M or more, in bytes, K, M, G or T")
            for ram in ("50%", "auto", "much", "0", "1", "16383K")
        ),
        (
            ["--kind", "zram", "--hibernation"],
            "kind zram is in memory, so the host could not hibernate to it; hint: take disk or both",
        ),
    ],
)
def test_what_makes_no_sense_is_an_error(swapctl, tree, arguments, complaint):
    done = swapctl("advise", *arguments, "--root", str(tree))
    assert (done.stdout, done.stderr, done.returncode) == ("", f"swapctl: {complaint}\n", 2)


def test_what_was_advised_and_done_is_advised_again_and_nothing_is_left_to_do(swapctl, host, tree, tmp_path_factory):
    first, _planned = host(ram=64 << 10)
    layout = tmp_path_factory.mktemp("layout") / "layout.yml"
    layout.write_text(first.stdout, encoding="utf-8")
    done = swapctl("apply", str(layout), "--root", str(tree))
    assert (done.stderr, done.returncode, (tree / "swapfile").stat().st_size) == ("", 0, 128 << 20)
    again, planned = host(ram=64 << 10)
    assert "# enough: 128 MiB: " in again.stdout
    assert json.loads(planned.stdout)["actions"] == []
