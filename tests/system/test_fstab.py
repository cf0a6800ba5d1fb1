"""fstab: read alike by libmount and by systemd, whole at every instant, and otherwise as it was."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path

import pytest

from tests.support import missing
from tests.system.injection import changing_calls, inject
from tests.system.machine import MIB, OTHERS, Machine, need

_UUID = "3f2c1e0d-5b6a-4978-8899-aabbccddeeff"
_GENERATORS = ("/usr/lib/systemd/system-generators", "/lib/systemd/system-generators")


@pytest.fixture
def area(machine: Machine) -> Path:
    """Return an area that is as wanted but for its line in fstab, so that a run changes nothing else."""
    return machine.make_area(size=1 * MIB, active=True, options=("--priority", "5"))


def _ensure(machine: Machine, *more: str, check: bool = True):
    return machine.swapctl("ensure", machine.area, "--priority", "5", *more, check=check)


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "two words",
        "tab\tbetween",
        "größe-交換",
        "back\\slash",
        "#hash",
        "quo\"te's",
        "100%",
        "a,b",
        "\\040",
        "a=b",
        "- x",
    ],
)
def test_everybody_reads_the_same(machine: Machine, name: str):
    machine.area = machine.area.with_name(name)
    options = ("--nofail", "--discard", "pages", "--options", "x-systemd.requires=a.service,noauto")
    machine.swapctl("ensure", machine.area, "--size", "1M", "--inactive", "--priority", "5", *options)
    expected = (str(machine.area), "sw,pri=5,discard=pages,nofail,x-systemd.requires=a.service,noauto")
    assert machine.listed() == [expected]
    unit = _unit(machine)
    assert (unit["What"], unit["Options"]) == expected
    assert machine.run("swapon", "--all", "--verbose", "--ifexists").code == 0


def test_everybody_reads_the_same_of_a_device(machine: Machine):
    backing = machine.directory / "device.img"
    with backing.open("xb") as file:
        file.truncate(MIB)
    machine.mkswap(machine.loop(backing), uuid=_UUID)
    machine.swapctl("ensure", f"UUID={_UUID}", "--inactive", "--nofail")
    assert machine.listed() == [(f"UUID={_UUID}", "sw,nofail,x-systemd.device-timeout=30s")]
    assert _unit(machine)["What"] == f"/dev/disk/by-uuid/{_UUID}"


def test_the_boot_turns_it_on(machine: Machine):
    machine.swapctl("ensure", machine.area, "--size", "1M", "--priority", "7")
    machine.run("swapoff", machine.area)
    machine.run("swapon", "--all", check=False)  # fstab is the test's own, but other areas of it may be missing
    entry = machine.active(machine.area)
    assert entry
    assert entry.priority == 7
    assert not machine.swapctl("ensure", machine.area, "--size", "1M", "--priority", "7").json["changed"]


def test_killed_at_any_instant(machine: Machine, area: Path):
    arguments = ("ensure", str(area), "--priority", "5", "--backup")
    calls = changing_calls(machine, *arguments)
    after = machine.fstab.read_text()
    assert [name for name, _options in machine.listed()] == [str(area)]
    for call in calls:
        for left in machine.real("/etc").glob("*fstab*"):
            left.unlink()
        machine.fstab.write_text(OTHERS)
        assert inject(machine, call, "signal=KILL", *arguments).code in {-signal.SIGKILL, 128 + signal.SIGKILL}
        assert machine.fstab.read_text() in {OTHERS, after}, call
        assert machine.fstab.stat().st_mode & 0o777 == 0o644
        _ensure(machine)
        assert machine.fstab.read_text() == after
        assert not list(machine.real("/etc").glob(".*fstab*")), call


def test_bind_mounted(machine: Machine, area: Path):
    """As containers have it: a rename onto it gives EBUSY, so there is a way to ask for a write where it stands."""
    inner = machine.directory / "fstab"
    inner.write_text(OTHERS)
    machine.run("mount", "--bind", inner, "/etc/fstab")
    number = inner.stat().st_ino
    before = machine.snapshot()

    refused = _ensure(machine, check=False)
    assert refused.code == 1
    assert "/etc/fstab is a mount point" in refused.err
    assert "--fstab-in-place" in refused.err
    assert machine.snapshot() == before

    dry = _ensure(machine, "--fstab-in-place", "--dry-run").json
    real = _ensure(machine, "--fstab-in-place").json
    assert dry["actions"] == real["actions"]
    assert "in place" in real["actions"][0]["detail"]
    assert inner.read_text() == f"{OTHERS}{area} none swap sw,pri=5 0 0\n"
    assert inner.stat().st_ino == number
    assert not _ensure(machine).json["changed"]

    machine.swapctl("remove", area, "--fstab-in-place")
    assert inner.read_text() == OTHERS


@pytest.mark.parametrize("target", ["real-fstab", "/etc/real-fstab", "../etc/real-fstab"])
@pytest.mark.usefixtures("area")
def test_symbolic_link(machine: Machine, target: str):
    machine.run("mv", "/etc/fstab", "/etc/real-fstab")
    machine.run("ln", "-s", target, "/etc/fstab")
    _ensure(machine)
    assert machine.fstab.readlink() == Path(target)
    assert machine.real("/etc/real-fstab").read_text() == f"{OTHERS}{machine.area} none swap sw,pri=5 0 0\n"
    assert not list(machine.real("/etc").glob(".*fstab*"))


@pytest.mark.parametrize("flag", ["+i", "+a"])
@pytest.mark.parametrize("name", ["/etc/fstab", "/etc"])
def test_immutable(machine: Machine, flag: str, name: str):
    machine.run("chattr", flag, name)
    before = machine.snapshot()
    refused = machine.swapctl("ensure", machine.area, "--size", "1M", check=False)
    machine.run("chattr", flag.replace("+", "-"), name)
    assert refused.code == 1
    assert f"{name} is immutable or append-only" in refused.err
    assert "chattr" in refused.err
    assert machine.snapshot() == before


def test_read_only(machine: Machine):
    machine.run("mount", "-o", "remount,ro", "/etc")
    refused = machine.swapctl("ensure", machine.area, "--size", "1M", check=False)
    machine.run("mount", "-o", "remount,rw", "/etc")
    assert refused.code == 1
    assert "/etc is read-only" in refused.err
    assert not machine.area.exists()


@pytest.mark.usefixtures("area")
def test_mode_owner_and_attributes_are_kept(machine: Machine):
    machine.fstab.chmod(0o640)
    os.chown(machine.fstab, 0, 65534)
    os.setxattr(machine.fstab, "user.note", b"mine")
    machine.run("setfacl", "-m", "u:65534:r", "/etc/fstab", check=False)
    names = os.listxattr(machine.fstab)
    status = machine.fstab.stat()
    _ensure(machine)
    now = machine.fstab.stat()
    assert now.st_ino != status.st_ino, "it was replaced"
    assert (now.st_mode, now.st_uid, now.st_gid) == (status.st_mode, 0, 65534)
    assert os.listxattr(machine.fstab) == names
    assert os.getxattr(machine.fstab, "user.note") == b"mine"


@pytest.mark.usefixtures("area")
def test_backup(machine: Machine):
    machine.fstab.chmod(0o600)
    assert _ensure(machine, "--backup", "--dry-run").json["backup_file"] is None
    backup = _ensure(machine, "--backup").json["backup_file"]
    assert backup.startswith("/etc/fstab.")
    assert machine.real(backup).read_text() == OTHERS
    assert machine.real(backup).stat().st_mode & 0o777 == 0o600
    assert _ensure(machine, "--backup").json["backup_file"] is None
    assert len(list(machine.real("/etc").glob("fstab*"))) == 2


@pytest.mark.usefixtures("area")
def test_any_bytes_are_kept(machine: Machine):
    others = b"# gr\xf6\xdfe\r\n\xff\xfe none \x0c junk\nLABEL=\xe9 / ext4 defaults\x0b 0 1\n\n\n# \xe2\x80\xa8 end"
    machine.fstab.write_bytes(others)
    _ensure(machine)
    assert machine.fstab.read_bytes() == others + f"\n{machine.area} none swap sw,pri=5 0 0\n".encode()
    machine.swapctl("remove", machine.area)
    assert machine.fstab.read_bytes() == others + b"\n"


def test_somebody_else_changes_it_meanwhile(machine: Machine):
    theirs = "tmpfs /theirs tmpfs defaults 0 0\n"
    machine.fake("swapon", f'echo {shlex.quote(theirs.strip())} >> /etc/fstab; exec "$REAL" "$@"')
    run = machine.swapctl("ensure", machine.area, "--size", "1M", check=False)
    assert run.code == 1
    assert "somebody else changed it" in run.err
    assert "the machine is as it was" in run.err
    assert machine.fstab.read_text() == OTHERS + theirs
    assert machine.swaps() == {}
    assert not list(machine.area.parent.iterdir())


def test_somebody_else_changes_it_before_it_is_undone(machine: Machine):
    """What others wrote meanwhile is not undone with ours."""
    theirs = "tmpfs /theirs tmpfs defaults 0 0"
    machine.real("/run/systemd/system").mkdir(parents=True)
    once = machine.directory / "once"
    machine.fake("systemctl", f'[ -e {once} ] && exit 0; touch {once}; echo "{theirs}" >> /etc/fstab; exit 1')
    run = machine.swapctl("ensure", machine.area, "--size", "1M", check=False)
    assert run.code == 1
    assert run.json["remains"] == ["/etc/fstab is changed (somebody else changed it meanwhile)"]
    assert machine.fstab.read_text() == f"{OTHERS}{machine.area} none swap sw 0 0\n{theirs}\n"
    assert machine.swaps() == {}
    assert not list(machine.area.parent.iterdir())


@pytest.mark.usefixtures("area")
def test_a_leftover_is_replaced_and_a_trap_is_not_followed(machine: Machine):
    temporary = machine.real("/etc/.fstab.swapctl-new")
    temporary.write_text("half a li")
    _ensure(machine)
    assert machine.fstab.read_text() == f"{OTHERS}{machine.area} none swap sw,pri=5 0 0\n"
    assert not temporary.exists()

    victim = machine.directory / "victim"
    victim.write_text("precious")
    temporary.symlink_to(victim)
    before = machine.fstab.read_bytes()
    run = machine.swapctl("ensure", machine.area, "--priority", "5", "--nofail", check=False)
    assert run.code == 1
    assert machine.fstab.read_bytes() == before
    assert victim.read_text() == "precious"
    assert temporary.is_symlink()


def test_systemd_reads_it_again(machine: Machine, area: Path):
    log = machine.directory / "systemctl.log"
    machine.fake("systemctl", f'echo "$@" "$(grep -c ^{area} /etc/fstab)" >> {log}')
    _ensure(machine)
    assert not log.exists(), "systemd does not run"
    machine.real("/run/systemd/system").mkdir(parents=True)
    assert _ensure(machine, "--nofail").names == ["fstab", "daemon-reload"]
    assert log.read_text() == "daemon-reload 1\n"
    assert not _ensure(machine, "--nofail").json["changed"]
    assert log.read_text() == "daemon-reload 1\n"


def _unit(machine: Machine) -> dict[str, str]:
    """Return what systemd makes of the one swap entry.

    In a chroot, because there is no mark there by which systemd knows a container, where it ignores swap.
    """
    generator = next((Path(place) / "systemd-fstab-generator" for place in _GENERATORS if Path(place).is_dir()), None)
    if not generator or not generator.exists():
        missing("systemd is not installed")
    need("chroot")
    root, units = machine.directory / "root", "/run/units"
    script = f"""
        mkdir -p {root} && cd {root}
        for name in bin sbin lib lib32 lib64 libx32; do [ ! -e /$name ] || ln -s usr/$name $name; done
        for name in usr proc sys dev etc run; do mkdir $name && mount --rbind /$name $name; done
        mkdir -p {units}/n {units}/e {units}/l
        SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=debug chroot . {generator} {units}/n {units}/e {units}/l
    """
    log = machine.run("sh", "-e", "-c", script).err
    found = list(machine.real(f"{units}/n").glob("*.swap"))
    assert len(found) == 1, log
    lines = found[0].read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name: value.replace("%%", "%") for name, value in settings.items()}
