"""Zswap on a directory tree: the file that is written, and what is said of others."""

from __future__ import annotations

import json

import pytest

HEADER = "# Made by swapctl, which writes it anew and removes it: see LAYOUTS in swapctl(8).\n"
PLACE = "/sys/module/zswap/parameters"


@pytest.fixture
def apply(swapctl, tree, tmp_path_factory):
    path = tmp_path_factory.mktemp("layouts") / "layout.yml"

    def run(swap, *options):
        path.write_text(f"swap: {swap}", encoding="utf-8")
        return swapctl("apply", str(path), "--root", str(tree), *options)

    return run


@pytest.fixture
def ours(tree):
    return tree / "etc/tmpfiles.d/swapctl-zswap.conf"


def printed(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_file_is_written_exported_and_taken_back(apply, swapctl, tree, ours):
    wanted = "{zswap: {enabled: true, max_pool_percent: 30}}"
    assert printed(apply(wanted, "-n")).replace("would ", "") == printed(apply(wanted))
    assert ours.read_text() == f"{HEADER}w {PLACE}/enabled - - - - Y\nw {PLACE}/max_pool_percent - - - - 30\n"
    assert printed(apply(wanted)) == "this host: nothing to do\n"
    document = json.loads(printed(swapctl("export", "--json", "--root", str(tree))))
    assert document == {"swap": {"areas": [], "zswap": {"enabled": True, "max_pool_percent": 30}}}
    assert printed(apply(json.dumps(document["swap"]))) == "this host: nothing to do\n"
    printed(apply("{}"))
    assert ours.exists()
    printed(apply("{zswap: {enabled: true, persist: none}}"))
    assert not ours.exists()


def test_what_only_its_kernel_can_tell_is_said(apply):
    done = apply("{zswap: {enabled: true, compressor: zstd}}", "--json", "-n")
    said = "whether its kernel offers the compressor zstd shows at boot: it does not run here"
    assert json.loads(done.stdout)["warnings"] == [said]


def test_other_files_and_zram_beside_it_are_warnings(apply, ours):
    ours.parent.mkdir()
    (ours.parent / "a.conf").write_text(f"# no\nw {PLACE}/enabled - - - - N\n")
    done = apply("{zswap: {enabled: true}, areas: [{zram: zram0, size: 1M, persist: none}]}", "--json", "-n")
    assert json.loads(done.stdout)["warnings"] == [
        "/etc/tmpfiles.d/a.conf line 2 sets zswap's enabled to N at boot, not true",
        "zswap compresses what /dev/zram0 compresses, too, and keeps it from disks: have one of them",
    ]
