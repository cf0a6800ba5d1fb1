"""Drop-ins of swap units in all their places: systemd itself says which of them count, in which order, and what comes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from swapctl.host import LocalHost
from swapctl.swap import gather, unit_facts, units
from tests.support import missing

SYSTEMD = "/lib/systemd/systemd"
PLACES = ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
NAME = "var-lib-swap.swap"
PATH = "/var/lib/swap"
OWN = "[Swap]\nWhat=/var/lib/swap\nPriority=10\nOptions=discard\n"


@pytest.fixture
def tree():
    """A directory that systemd's test mode, which must not be root's, can read."""
    if not Path(SYSTEMD).exists() or not shutil.which("setpriv"):
        missing("no systemd here, or no setpriv")
    directory = Path(tempfile.mkdtemp(prefix="swapctl-test-", dir="/var/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def write(tree: Path, files: dict[str, str]) -> None:
    for name, text in {f"{PLACES[0]}/{NAME}": OWN, **files}.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text == "masked":
            path.symlink_to("/dev/null")
        else:
            path.write_text(text)


def by_systemd(tree: Path) -> tuple[list[str], dict[str, str]]:
    """Return the drop-ins that systemd reads for the unit, in its order, and what the unit then is."""
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if os.geteuid() == 0 else ()
    told = subprocess.run(
        [*as_nobody, SYSTEMD, "--test", "--system", f"--unit={NAME}"],
        env={"SYSTEMD_UNIT_PATH": ":".join(f"{tree}/{place}" for place in PLACES), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    block = told.stdout.partition(f"-> Unit {NAME}:")[2].partition("-> Unit ")[0]
    pairs = [
        (key.strip(), value.strip()) for key, _colon, value in (line.partition(": ") for line in block.split("\n"))
    ]
    read = [value.removeprefix(str(tree)) for key, value in pairs if key == "DropIn Path"]
    return read, dict(pairs)


PRIORITY = "[Swap]\nPriority={}\n"
CASES = {
    "later-names-win": {f"{PLACES[0]}/{NAME}.d/20.conf": PRIORITY.format(5), f"{PLACES[3]}/{NAME}.d/30.conf": PRIORITY.format(6)},
    "etc-hides-run": {f"{PLACES[0]}/{NAME}.d/20.conf": PRIORITY.format(5), f"{PLACES[1]}/{NAME}.d/20.conf": PRIORITY.format(6)},
    "run-hides-lib": {f"{PLACES[1]}/{NAME}.d/20.conf": PRIORITY.format(5), f"{PLACES[3]}/{NAME}.d/20.conf": PRIORITY.format(6)},
    "local-hides-lib": {f"{PLACES[2]}/{NAME}.d/20.conf": PRIORITY.format(5), f"{PLACES[3]}/{NAME}.d/20.conf": PRIORITY.format(6)},
    "masked": {f"{PLACES[0]}/{NAME}.d/20.conf": "masked", f"{PLACES[3]}/{NAME}.d/20.conf": PRIORITY.format(6)},
    "emptied": {f"{PLACES[0]}/{NAME}.d/20.conf": "", f"{PLACES[3]}/{NAME}.d/20.conf": PRIORITY.format(6)},
    "for-names-that-begin-so": {f"{PLACES[0]}/var-lib-.swap.d/20.conf": PRIORITY.format(5), f"{PLACES[0]}/var-.swap.d/10.conf": PRIORITY.format(6)},
    "the-place-counts-before-the-name": {f"{PLACES[0]}/var-.swap.d/20.conf": PRIORITY.format(5), f"{PLACES[1]}/{NAME}.d/20.conf": PRIORITY.format(6)},
    "the-name-counts-within-a-place": {f"{PLACES[1]}/var-.swap.d/20.conf": PRIORITY.format(5), f"{PLACES[1]}/var-lib-.swap.d/20.conf": PRIORITY.format(6)},
    "for-all-swap-units": {f"{PLACES[0]}/swap.d/20.conf": PRIORITY.format(5), f"{PLACES[3]}/{NAME}.d/20.conf": PRIORITY.format(6)},
    "taken-back": {f"{PLACES[0]}/{NAME}.d/20.conf": "[Swap]\nPriority=\nOptions=\n"},
    "options": {f"{PLACES[0]}/{NAME}.d/20.conf": "[Swap]\nOptions=nofail,\\\n; so\n  pri=3\n"},
    "other-sections": {f"{PLACES[0]}/{NAME}.d/20.conf": "[X-A]\nPriority=7\n[Swap]\n# Priority=8\nPriority=40000\n"},
    "other-endings": {f"{PLACES[0]}/{NAME}.d/20.conf~": PRIORITY.format(5), f"{PLACES[0]}/{NAME}.d/README": PRIORITY.format(5)},
    "other-units": {f"{PLACES[0]}/var-lib-swap2.swap.d/20.conf": PRIORITY.format(5), f"{PLACES[0]}/lib-swap.swap.d/20.conf": PRIORITY.format(5)},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_reads_drop_ins_as_systemd_does(tree, case):
    write(tree, CASES[case])
    read, told = by_systemd(tree)
    assert told["Unit Load State"] == "loaded"
    host = LocalHost(str(tree))
    found = gather.gather(host, [PATH]).target(PATH)
    # It counts what is masked among what it reads, and finds nothing there.
    assert [one.path for one in found.drop_ins] == [path for path in read if CASES[case].get(path[1:]) != "masked"]
    (unit,) = found.units
    options = [one.strip() for one in told.get("Options", "").split(",") if one.strip()]
    assert list(unit.options) == [one for one in options if not one.startswith("pri=")]
    priority = next((int(one[4:]) for one in options if one.startswith("pri=")), int(told["Priority"]))
    assert unit.priority == (priority if priority >= 0 else None)
    assert unit.what == told["What"] == PATH


def test_knows_the_drop_ins_of_a_unit_that_is_made_at_boot(tree):
    """systemd makes it of fstab, and reads them all the same."""
    write(tree, CASES["later-names-win"])
    (tree / PLACES[0] / NAME).unlink()
    (tree / "etc/fstab").write_text(f"{PATH} none swap sw 0 0\n")
    found = gather.gather(LocalHost(str(tree)), [PATH]).target(PATH)
    assert [one.path for one in found.drop_ins] == [f"/{path}" for path in CASES["later-names-win"]]
    assert found.units == ()


def test_looks_into_no_directory_that_is_not_there(tree):
    write(tree, {})
    assert unit_facts.SwapUnits(LocalHost(str(tree)), {}).drop_ins(NAME) == ()
    assert units.DIRECTORIES[0] == f"/{PLACES[0]}"
