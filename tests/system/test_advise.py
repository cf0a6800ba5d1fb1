"""``swapctl advise`` on the running kernel: what is there is kept, whatever is asked, and apply takes the answer."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ROOT
from tests.system.machine import MIB, SWAPCTL, need

if TYPE_CHECKING:
    from tests.system.machine import Machine


def test_an_area_in_use_is_kept_or_grows_and_apply_takes_it(machine: Machine):
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "7"))
    machine.list_in_fstab(f"{machine.area} none swap sw,pri=7 0 0")
    for arguments in ([], ["--kind", "disk"], ["--kind", "both"], ["--hibernation"]):
        advice = machine.swapctl("advise", *arguments).json
        (mine,) = [area for area in advice["layout"]["swap"]["areas"] if area.get("path") == str(machine.area)]
        assert mine["priority"] == 7
        assert int(mine["size"][:-1]) * {"M": MIB, "G": 1024 * MIB}[mine["size"][-1]] >= 64 * MIB
        layout = machine.directory / "layout.yml"
        layout.write_text(json.dumps(advice["layout"]))
        done = machine.run(*SWAPCTL, "apply", layout, "--dry-run", check=False)
        assert done.code == 0 or any("refused now" in remark for remark in advice["remarks"]), done.err


def test_starts_no_program_and_changes_nothing(machine: Machine):
    before = machine.fstab.read_bytes()
    text = machine.run("strace", "-f", "-e", "trace=execve", *SWAPCTL, "advise", "--hibernation").err
    assert text.count("execve(") == 1
    assert machine.fstab.read_bytes() == before


def test_where_no_swap_can_be_turned_on_none_is_advised(machine: Machine):
    """As in a container: without the capability, all else as it is."""
    done = machine.run(
        "setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", *SWAPCTL, "advise", "--json"
    )
    advice = json.loads(done.out)
    assert advice["layout"] == {"swap": {"areas": []}}
    assert "no swap can be turned on here" in advice["reasons"][0]["why"]


def test_an_ordinary_user_is_told_what_root_may_do(machine: Machine):
    advice = machine.swapctl("advise", "--ram", "8G", "--kind", "disk", nobody=True).json
    assert advice["reasons"][0]["about"] == "usual"
    assert advice["remarks"][-1].startswith("an ordinary user asked")


# A root on another file system, in a mount namespace and a PID namespace of its own: all of it goes with them. What is
# typed is run in it.
_OTHER_ROOT = """\
set -e
kind=$1 r=$2/root python=$3 checkout=$4
shift 4
mkdir "$r"
truncate -s 4G "$r.image" "$r.second"
case $kind in
    btrfs*) mkfs.btrfs -q "$r.image" > /dev/null; mount -o loop "$r.image" "$r" ;;
    xfs) mkfs.xfs -q "$r.image"; mount -o loop "$r.image" "$r" ;;
    tmpfs*) mount -t tmpfs tmpfs "$r" ;;
esac
case $kind in
    btrfs-two)
        second=$(losetup --find --show "$r.second")
        btrfs device add -f "$second" "$r" > /dev/null
        losetup --detach "$second"
        ;;
    tmpfs-disk)
        mkfs.ext4 -q "$r.second"
        mkdir "$r/persist"
        mount -o loop "$r.second" "$r/persist"
        ;;
esac
cd "$r"
mkdir -p dev etc opt/checkout proc root run sys usr var/tmp ".$python"
for name in bin sbin lib lib64; do
    if [ -L "/$name" ]; then cp -P "/$name" .; elif [ -d "/$name" ]; then mkdir "$name"; mount --rbind "/$name" "$name"; fi
done
for name in usr sys dev; do mount --rbind "/$name" "$name"; done
case $python in /usr*) ;; *) mount --bind "$python" ".$python" ;; esac
mount --bind "$checkout" opt/checkout
mount -t proc proc proc
grep ^Filename proc/swaps > run/swaps  # what other tests have turned on is none of its business
mount --bind run/swaps proc/swaps
touch etc/fstab
exec chroot . env PYTHONPATH=/opt/checkout "$@"
"""
_PLAN = """\
set -e
"$@" advise --kind disk --ram 1G > /run/layout.json
"$@" apply /run/layout.json --dry-run --json > /run/plan.json
cat /run/layout.json
"""


@pytest.fixture
def other_root(machine: Machine):
    """Return a function that runs a script in a root of another kind; its arguments are the command swapctl."""
    need("mkfs.btrfs", "mkfs.xfs", "mkfs.ext4", "btrfs", "losetup", "chroot")
    program = (f"{sys.base_prefix}/bin/python3.{sys.version_info.minor}", "-B", *SWAPCTL[1:])
    inside = (
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        _OTHER_ROOT,
    )

    def run(kind: str, script: str = _PLAN) -> Any:
        place = (kind, machine.directory, sys.base_prefix, ROOT)
        return json.loads(machine.run(*inside, "sh", *place, "sh", "-c", script, "sh", *program).out)

    return run


@pytest.mark.parametrize(
    ("kind", "areas"),
    [
        pytest.param("btrfs", [{"path": "/swap/swapfile", "size": "1664M", "subvolume": True}], id="btrfs"),
        pytest.param("xfs", [{"path": "/swapfile", "size": "1920M"}], id="xfs"),
        pytest.param("btrfs-two", [], id="btrfs-of-two-disks"),
        pytest.param("tmpfs", [], id="in-memory"),
        pytest.param("tmpfs-disk", [{"path": "/persist/swapfile", "size": "1792M"}], id="in-memory-and-a-disk"),
    ],
)
def test_a_file_goes_where_one_can_be_and_apply_takes_it(other_root, kind, areas):
    assert other_root(kind) == {"swap": {"areas": areas}}


_KUBELET = """\
set -e
cp -L /bin/sleep /run/kubelet
/run/kubelet 60 &
until grep -qx kubelet /proc/*/comm; do sleep 0.05; done
"$@" advise --json > /run/one.json
mkdir -p /var/lib/kubelet
echo "failSwapOn: false" > /var/lib/kubelet/config.yaml
"$@" advise --json > /run/two.json
kill $!
echo "[$(cat /run/one.json), $(cat /run/two.json)]"
"""


def test_where_kubelet_runs_there_is_no_swap_unless_it_is_told_to_bear_it(other_root):
    one, two = other_root("xfs", _KUBELET)
    assert one["layout"] == {"swap": {"exclusive": True, "areas": []}}
    assert two["layout"]["swap"]["areas"]
