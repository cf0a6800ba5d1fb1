"""What a run prints: lines for people, JSON for programs, the same plan in both. On a directory tree, as any user."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests.support import missing

MIB = 1 << 20
LISTED = "/x none swap sw,pri=5 0 0"
UUID = "0f3b2a1c-1111-4222-8333-944455556666"

ABSENT = {
    "path": "/x",
    "type": None,
    "size": None,
    "usable": None,
    "used": 0,
    "priority": None,
    "active": False,
    "persistent": False,
    "label": None,
    "uuid": None,
    "options": None,
    "unit": None,
    "zram": None,
}
PRESENT = {
    **ABSENT,
    "type": "file",
    "size": MIB,
    "usable": MIB - 4096,
    "persistent": True,
    "label": "mine",
    "uuid": UUID,
    "options": ["sw", "pri=5"],
}
FSTAB = "/dev/vda1 / ext4 defaults 0 1\n"
DIFF = [
    {
        "before_header": "/x",
        "after_header": "/x",
        "before": "path: /x\ntype: none\nsize: none\nusable: none\npriority: none\nactive: false\npersistent: false\n"
        "label: none\nuuid: none\noptions: none\nunit: none\n",
        "after": "path: /x\ntype: file\nsize: 1048576\nusable: 1044480\npriority: none\nactive: false\n"
        f"persistent: true\nlabel: mine\nuuid: {UUID}\noptions: sw,pri=5\nunit: none\n",
    },
    {
        "before_header": "/etc/fstab",
        "after_header": "/etc/fstab",
        "before": FSTAB,
        "after": f"{FSTAB}{LISTED}\n",
    },
]
WANTED = ["/x", "--size", "1M", "--priority", "5", "--label", "mine", "--uuid", UUID]


@pytest.fixture
def ensure(swapctl, tree):
    """Return a function that runs ``swapctl ensure``, with a real mkswap."""
    if not shutil.which("mkswap", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        missing("no mkswap here")
    return lambda *more, **environ: swapctl("ensure", *WANTED, *more, "--root", str(tree), **environ)


def printed(done):
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def plan(text):
    """Return the names of the actions in *text*, whatever the file system makes of `create`."""
    return re.sub(r", (preallocated|written in full)(, no copy-on-write)?$", "", text, flags=re.MULTILINE)


def test_a_dry_run_says_what_it_would_do(ensure, tree):
    assert plan(printed(ensure("--dry-run"))) == (
        "would create        /.x.swapctl-new, 1 MiB\n"
        f"would format        /.x.swapctl-new, 1 MiB, label mine, UUID {UUID}\n"
        "would rename        /.x.swapctl-new to /x\n"
        f"would fstab         /etc/fstab: + {LISTED}\n"
    )
    assert [path.name for path in tree.iterdir()] == ["etc"]


def test_a_run_says_what_it_did_and_the_next_one_that_there_is_nothing(ensure, tree):
    would = printed(ensure("-n"))
    assert printed(ensure()) == would.replace("would ", "")
    assert (tree / "etc/fstab").read_text(encoding="utf-8") == f"{FSTAB}{LISTED}\n"
    assert printed(ensure()) == "/x: nothing to do\n"
    assert printed(ensure("-n")) == "/x: nothing to do\n"


@pytest.mark.parametrize("option", ["-n", "--dry-run"])
def test_json_of_a_dry_run(ensure, option):
    document = json.loads(printed(ensure(option, "--json")))
    names = [(action.pop("name"), plan(action.pop("detail"))) for action in document["actions"]]
    assert names == [
        ("create", "/.x.swapctl-new, 1 MiB"),
        ("format", f"/.x.swapctl-new, 1 MiB, label mine, UUID {UUID}"),
        ("rename", "/.x.swapctl-new to /x"),
        ("fstab", f"/etc/fstab: + {LISTED}"),
    ]
    assert document == {
        "changed": True,
        "actions": [{}, {}, {}, {}],
        "before": ABSENT,
        "after": PRESENT,
        "diff": DIFF,
        "backup_file": None,
        "warnings": [],
    }


def test_json_of_a_run_is_that_of_its_dry_run(ensure):
    dry = json.loads(printed(ensure("-n", "--json")))
    assert json.loads(printed(ensure("--json"))) == dry
    nothing = {
        "changed": False,
        "actions": [],
        "before": PRESENT,
        "after": PRESENT,
        "diff": [],
        "backup_file": None,
        "warnings": [],
    }
    assert json.loads(printed(ensure("--json"))) == nothing


def test_json_of_several_areas(ensure, swapctl, tree):
    printed(ensure())
    done = swapctl("remove", "/x", "/y", "--json", "-n", "--root", str(tree))
    document = json.loads(printed(done))
    assert document["actions"] == [
        {"name": "fstab", "detail": f"/etc/fstab: - {LISTED}"},
        {"name": "delete", "detail": "/x"},
    ]
    assert document["before"] == {"areas": [PRESENT, {**ABSENT, "path": "/y"}]}
    assert document["after"] == {"areas": [ABSENT, {**ABSENT, "path": "/y"}]}


def test_json_of_status(ensure, swapctl, tree):
    printed(ensure())
    assert json.loads(printed(swapctl("status", "--json", "--root", str(tree)))) == {
        "areas": [{**PRESENT, "reachable": True}],
        "memory": {"total": 0, "available": 0, "swap_total": 0, "swap_free": 0},
        "pressure": None,
        "hibernation": None,
    }


def test_json_of_this_machine(swapctl):
    document = json.loads(printed(swapctl("status", "--json")))
    assert set(document) == {"areas", "memory", "pressure", "hibernation"}
    assert set(document["memory"]) == {"total", "available", "swap_total", "swap_free"}
    assert all(set(area) == {*ABSENT, "reachable"} for area in document["areas"])
    for share in (document["pressure"] or {}).values():
        assert {name: type(value) for name, value in share.items()} == {
            "avg10": float,
            "avg60": float,
            "avg300": float,
            "total": int,
        }


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet_prints_nothing_but_errors(ensure, swapctl, tree, option):
    assert printed(ensure(option)) == ""
    assert (tree / "x").stat().st_size == MIB
    assert swapctl("remove", "/etc", option, "--root", str(tree)).stderr.startswith("swapctl: /etc is a directory")


@pytest.mark.parametrize("option", ["-v", "--verbose"])
def test_verbose_adds_the_state_before_and_after(ensure, option):
    bare, verbose = printed(ensure("-n")), printed(ensure("-n", option))
    assert verbose.startswith(bare)
    changes = [line for line in verbose[len(bare) :].splitlines() if line[0] in "+-"]
    assert changes == [
        "--- /x",
        "+++ /x",
        "-type: none",
        "-size: none",
        "-usable: none",
        "+type: file",
        "+size: 1048576",
        "+usable: 1044480",
        "-persistent: false",
        "-label: none",
        "-uuid: none",
        "-options: none",
        "+persistent: true",
        "+label: mine",
        f"+uuid: {UUID}",
        "+options: sw,pri=5",
        "--- /etc/fstab",
        "+++ /etc/fstab",
        f"+{LISTED}",
    ]


def test_verbose_shows_a_last_line_without_newline(ensure, tree):
    (tree / "etc/fstab").write_text(FSTAB[:-1], encoding="utf-8")
    assert printed(ensure("-n", "-v")).endswith(f"@@ -1,2 +1,2 @@\n {FSTAB}-\\ No newline at end of file\n+{LISTED}\n")


def test_a_backup_is_named(ensure, tree):
    last = printed(ensure("--backup")).splitlines()[-1]
    name = re.fullmatch(r"backup        (/etc/fstab\.\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ~)", last)
    assert name
    assert (tree / name[1][1:]).read_text(encoding="utf-8") == FSTAB


def test_status_of_a_tree(ensure, swapctl, tree):
    assert printed(swapctl("status", "--root", str(tree))) == "no swap areas\n"
    printed(ensure())
    assert printed(swapctl("status", "--root", str(tree))) == (
        "PATH  TYPE  SIZE   USED  PRIORITY  ACTIVE  PERSISTENT  LABEL  UUID\n"
        f"/x    file  1 MiB  -     -         no      yes         mine   {UUID}\n"
    )


@pytest.mark.parametrize(
    ("option", "written"),
    [
        pytest.param("--nofail", "/x none swap sw,pri=5,nofail 0 0\n", id="nofail"),
        pytest.param("--discard=once", "/x none swap sw,pri=5,discard=once 0 0\n", id="discard-once"),
        pytest.param("--discard=pages", "/x none swap sw,pri=5,discard=pages 0 0\n", id="discard-pages"),
        pytest.param("--discard=both", "/x none swap sw,pri=5,discard 0 0\n", id="discard-both"),
        pytest.param("--options=noatime,x-b", "/x none swap sw,pri=5,noatime,x-b 0 0\n", id="options"),
        pytest.param("--persist=none", "", id="not-persistent"),
        pytest.param("--persist=keep", "", id="kept"),
        pytest.param("--inactive", "/x none swap sw,pri=5 0 0\n", id="inactive"),
        pytest.param("--fstab-in-place", "/x none swap sw,pri=5 0 0\n", id="in-place"),
    ],
)
def test_every_option_about_fstab_reaches_it(ensure, tree, option, written):
    inode = (tree / "etc/fstab").stat().st_ino
    printed(ensure(option))
    assert (tree / "etc/fstab").read_text(encoding="utf-8") == f"{FSTAB}{written}"
    assert ((tree / "etc/fstab").stat().st_ino == inode) == (not written or option == "--fstab-in-place")
