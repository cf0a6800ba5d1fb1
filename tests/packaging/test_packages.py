"""What is built is complete, and works where nothing else is installed."""

from __future__ import annotations

import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support import ROOT, make_venv, missing, run
from tools.pythons import SUPPORTED, find_python

COLLECTION = "ansible_collections/swapctl/linux"
HERE = Path(sys.executable).parent

pytestmark = [pytest.mark.collection, pytest.mark.slow]


def files_below(*names):
    """Return the project's files below *names*, with their bytes, links followed."""
    paths = [path for name in names for path in [ROOT / name, *(ROOT / name).rglob("*")] if path.is_file()]
    found = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    return {name: data for name, data in found.items() if "__pycache__" not in name}


def files_in(wheel, prefix):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.startswith(prefix)}


def python(version):
    return find_python(version) or missing(f"no Python {version} here")


def swap_info(programs, env, interpreter):
    """Run the module by the Ansible in *programs* on this machine, as a host with the Python *interpreter*."""
    output = run(
        programs / "ansible",
        "localhost",
        *("--inventory", "localhost,"),
        *("--connection", "local"),
        *("--module-name", "swapctl.linux.swap_info"),
        *("--extra-vars", json.dumps({"ansible_python_interpreter": str(interpreter)})),
        env=env,
    )
    assert "localhost | SUCCESS => {" in output, output
    return json.loads(output[output.index("{") :])


def test_the_wheel_carries_the_library(wheel):
    assert files_in(wheel, "swapctl/") == files_below("swapctl")


def test_the_wheel_carries_the_collection(wheel):
    """The library's directory link has become real files: a wheel knows no links."""
    library = {f"plugins/module_utils/{name}": data for name, data in files_below("swapctl").items()}
    wanted = files_below("plugins", "roles", "playbooks", "meta", "galaxy.yml", "README.md") | library
    assert files_in(wheel, COLLECTION) == {f"{COLLECTION}/{name}": data for name, data in wanted.items()}


def test_the_checkout_makes_the_same_wheel(wheel, tmp_path):
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path)
    (direct,) = tmp_path.glob("*.whl")
    assert files_in(direct, "") == files_in(wheel, "")


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install the wheel with Ansible, as ``pip install swapctl[ansible]`` does; return the programs' directory."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    return make_venv(tmp_path_factory.mktemp("installed"), base, f"{wheel}[ansible]")


def test_the_wheel_brings_the_command(installed):
    assert re.fullmatch(r"swapctl \d+\.\d+\.\d+\n", run(installed / "swapctl", "--version"))
    assert run(installed / "python", "-m", "swapctl", "--version") == run(installed / "swapctl", "--version")


@pytest.mark.parametrize("module", ["swap", "swap_info"])
def test_the_wheel_brings_the_modules(installed, clean_home, module):
    assert f"swapctl.linux.{module}" in run(installed / "ansible-doc", f"swapctl.linux.{module}", env=clean_home)


@pytest.mark.parametrize("name", ["swap", "swap_off"])
def test_the_wheel_brings_the_playbooks(installed, clean_home, name):
    playbook = f"swapctl.linux.{name}"
    output = run(
        installed / "ansible-playbook", "--syntax-check", "--inventory", "localhost,", playbook, env=clean_home
    )
    assert f"{COLLECTION}/playbooks/{name}.yml" in output


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_module_runs_on_a_host_with_python(installed, clean_home, version):
    assert swap_info(installed, clean_home, python(version))["changed"] is False


def test_the_tarball_is_a_whole_collection(clean_home, tmp_path):
    run(HERE / "ansible-galaxy", "collection", "build", "--output-path", tmp_path, env=clean_home)
    (tarball,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(tarball) as archive:
        names = set(archive.getnames())
    # Everything that git knows is in it unless galaxy.yml leaves it out, so a new name here is a decision.
    assert {name.partition("/")[0] for name in names} - {"CHANGELOG.md"} == {
        *("CONTRIBUTING.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md"),
        *("changelogs", "docs", "meta", "playbooks", "plugins", "roles", "swapctl"),
    }

    collections = tmp_path / "collections"
    # Not the one that pip has put beside this very Ansible.
    only = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    env = {**clean_home, **only}
    run(HERE / "ansible-galaxy", "collection", "install", "--offline", "-p", collections, tarball, env=env)
    listed = run(HERE / "ansible-doc", "--list_files", "swapctl.linux", env=env)
    assert f"{collections}/{COLLECTION}/plugins/modules/swap_info.py" in listed
    assert swap_info(HERE, env, find_python("3.9") or Path(sys.executable))["changed"] is False


@pytest.mark.parametrize(
    ("age", "core", "controllers"),
    [
        pytest.param("oldest", "ansible-core~=2.16.0", ["3.12", "3.11", "3.10"], id="oldest"),
        pytest.param("newest", "ansible-core", ["3.14", "3.13", "3.12", "3.11"], id="newest"),
    ],
)
def test_ansible_core(wheel, clean_home, age, core, controllers):
    """The oldest supported one and the newest that can be had, to a host with the oldest supported Python."""
    found = next((python for version in controllers if (python := find_python(version))), None)
    if not found:
        missing(f"no Python for {core} here")
    programs = make_venv(ROOT / "build" / "ansible-core" / age, found, core)
    run(programs / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel)
    assert swap_info(programs, clean_home, find_python("3.9") or found)["changed"] is False


@pytest.fixture(scope="module")
def pyz(tmp_path_factory):
    path = tmp_path_factory.mktemp("pyz") / "swapctl.pyz"
    run(sys.executable, "tools/pyz.py", path)
    return path


def test_the_single_file_holds_the_library_and_nothing_else(pyz):
    with zipfile.ZipFile(pyz) as archive:
        files = {name for name in archive.namelist() if not name.endswith("/")}
    assert files == {"__main__.py", *files_below("swapctl")}
    assert pyz.read_bytes().startswith(b"#!/usr/bin/env python3\n")


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_single_file_runs_with_the_standard_library_alone(pyz, version):
    # -I -S: no packages, nothing of the environment.
    assert run(python(version), "-I", "-S", pyz, "--version").startswith("swapctl ")
    assert "areas" in json.loads(run(python(version), "-I", "-S", pyz, "status", "--json"))
