"""A layout from a file or a pipe, on a directory tree: what is said of a wrong one, and what is made of a right one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.terminal import Terminal

LAYOUT = """\
swap:
  areas:
    - path: /x
      size: 1M
      priority: 5
    - path: /y
      size: 2M
      nofail: true
"""
LISTED = "/x none swap sw,pri=5 0 0\n/y none swap sw,nofail 0 0\n"
FSTAB = "/dev/vda1 / ext4 defaults 0 1\n"


@pytest.fixture
def apply(swapctl, tree, tmp_path_factory):
    path = tmp_path_factory.mktemp("layouts") / "layout.yml"

    def run(text, *options):
        path.write_text(text, encoding="utf-8")
        return swapctl("apply", str(path), "--root", str(tree), *options)

    return run


def printed(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_all_areas_are_made_and_listed_and_then_there_is_nothing_to_do(apply, tree):
    printed(apply(LAYOUT))
    assert {path.name: path.stat().st_size for path in tree.glob("?")} == {"x": 1 << 20, "y": 2 << 20}
    assert (tree / "etc/fstab").read_text() == FSTAB + LISTED
    assert printed(apply(LAYOUT)) == "/x: nothing to do\n/y: nothing to do\n"


def test_a_dry_run_prints_what_the_run_does(apply, tree):
    planned = printed(apply(LAYOUT, "-n"))
    assert not list(tree.glob("?"))
    assert planned.replace("would ", "") == printed(apply(LAYOUT))


def test_what_is_exported_is_there_already(apply, swapctl, tree):
    printed(apply(LAYOUT))
    exported = printed(swapctl("export", "--root", str(tree)))
    assert printed(apply(exported)) == "/x: nothing to do\n/y: nothing to do\n"
    document = json.loads(printed(swapctl("export", "--json", "--root", str(tree))))
    assert document == {
        "swap": {
            "areas": [
                {"path": "/x", "size": "1M", "priority": 5, "persist": "fstab"},
                {"path": "/y", "size": "2M", "persist": "fstab", "nofail": True},
            ]
        }
    }


def test_what_cannot_be_exported_is_named(swapctl, tree):
    (tree / "etc/fstab").write_text(f"{FSTAB}UUID=0-0 none swap sw 0 0\n/gone none swap sw 0 0\n")
    done = swapctl("export", "--root", str(tree))
    assert (done.returncode, done.stdout) == (0, "swap:\n  areas: []\n")
    assert done.stderr == (
        "swapctl: UUID=0-0 is left out: fstab lists it, and it does not exist\n"
        "swapctl: /gone is left out: fstab lists it, and it does not exist\n"
    )


def test_areas_that_are_not_listed_go(apply, tree):
    printed(apply(LAYOUT))
    only = "swap: {exclusive: true, areas: [{path: /x, size: 1M, priority: 5}]}"
    document = json.loads(printed(apply(only, "--json")))
    assert document["unlisted"] == [{"path": "/y", "origin": ""}]
    assert [area["path"] for area in document["after"]["areas"]] == ["/x", "/y"]
    assert (tree / "etc/fstab").read_text() == f"{FSTAB}/x none swap sw,pri=5 0 0\n"
    assert (tree / "y").exists()


def test_their_files_are_deleted_only_when_asked_and_only_if_they_are_areas(apply, tree):
    printed(apply(LAYOUT))
    (tree / "data").write_bytes(b"photos")
    (tree / "etc/fstab").write_text(f"{FSTAB}{LISTED}/data none swap sw 0 0\n")
    printed(apply("swap: {exclusive: true, delete: true}"))
    assert (tree / "etc/fstab").read_text() == FSTAB
    assert {path.name for path in tree.iterdir() if path.is_file()} == {"data"}


def test_no_swap_at_all_is_nothing_to_do_where_there_is_none(apply):
    assert printed(apply("swap: {exclusive: true}")) == "this host: nothing to do\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "LAYOUT line 1: the document is nothing, not a mapping", id="empty"),
        pytest.param("? [a]\n: b", "LAYOUT line 1: a key is a sequence; hint: a key is one word", id="key-of-keys"),
        pytest.param(
            "swap:\n  areas:\n    - path: 2001-99-99\n",
            "LAYOUT line 3: '2001-99-99' is no timestamp; hint: see yaml.org",
            id="no-date",
        ),
        pytest.param("swap: !!bool x", "LAYOUT line 1: 'x' is no bool; hint: see yaml.org", id="no-boolean"),
        pytest.param("swap: !!timestamp x", "LAYOUT line 1: 'x' is no timestamp; hint: see yaml.org", id="no-time"),
        pytest.param(
            f"swap: {'9' * 5000}", f"LAYOUT line 1: '{'9' * 39}... is no int; hint: see yaml.org", id="many-digits"
        ),
        pytest.param(
            "\nswap: \0", "LAYOUT line 2: special characters are not allowed; hint: see yaml.org", id="control-character"
        ),
        pytest.param("[", "LAYOUT line 1: expected the node content, but found '<stream end>'; hint: see yaml.org", id="torn"),
        pytest.param(
            "swap:\n  areas:\n    - path: /x\n      size: 1M\n      path: /y\n",
            "LAYOUT line 5: path stands in line 3 already; hint: say it once",
            id="key-twice",
        ),
        pytest.param(
            "swap:\n  areas:\n    - path: /x\n\n      priority: 40000\n",
            "LAYOUT line 5: swap.areas[0]: priority 40000 is outside 0..32767",
            id="out-of-range",
        ),
        pytest.param(
            "swap:\n  areas:\n    - path: /x\n      options: [a,\n        'b c']\n",
            "LAYOUT line 4: swap.areas[0]: options holds 'b c', which is not one fstab option; "
            "hint: give each by itself, without blanks, commas, # and backslashes",
            id="one-of-a-list",
        ),
        pytest.param(
            '{"swap": {\n"ares": []}}',
            "LAYOUT line 2: swap: ares is not known; hint: allowed are exclusive, delete, areas, zswap, tuning",
            id="json",
        ),
        pytest.param(f"swap: {'[' * 5000}", "LAYOUT: it is nested too deep; hint: a layout has five levels", id="deep"),
        pytest.param(
            "a: &a [x, x, x, x, x, x, x, x]\n"
            + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 8)}]\n" for old, new in zip("abcdefghijkl", "bcdefghijklm"))
            + "swap: {areas: *m}\n",
            "LAYOUT line 1: the document: a is not known; hint: allowed are swap",
            id="aliases-of-aliases",
        ),
        pytest.param(
            "swap:\n  areas: [&a [x, x, x, x, x, x, x, x]"
            + "".join(f", &{new} [{', '.join([f'*{old}'] * 8)}]" for old, new in zip("abcdefghijkl", "bcdefghijklm"))
            + "]\n",
            "LAYOUT line 2: swap.areas[0] is a list, not a mapping",
            id="aliases-of-aliases-in-place",
        ),
        pytest.param(
            "swap:\n  areas:\n    - &a {path: /x, size: 1M}\n    - *a\n",
            "/x and /x are the same area; hint: name it once",
            id="twice",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_and_nothing_is_done(apply, tree, text, complaint):
    done = apply(text)
    path = done.args[4]
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"swapctl: {complaint.replace('LAYOUT', path)}\n")
    assert [path.name for path in tree.iterdir()] == ["etc"]


def test_a_file_that_is_not_there_is_named(swapctl):
    done = swapctl("apply", "/nowhere/layout.yml")
    hint = "give the file of a layout, or - for standard input"
    assert (done.returncode, done.stderr) == (
        2,
        f"swapctl: /nowhere/layout.yml: No such file or directory; hint: {hint}\n",
    )


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_what_is_no_text_is_refused_from_a_pipe_as_from_a_file(environment, tree, tmp_path_factory, locale):
    layout = tmp_path_factory.mktemp("layouts") / "layout.yml"
    layout.write_bytes(b"swap: {areas: [{path: /\xe9}]}")
    for name, called in ((str(layout), str(layout)), ("-", "standard input")):
        done = subprocess.run(
            [sys.executable, "-m", "swapctl", "apply", name, "--root", str(tree)],
            env={**environment, "LC_ALL": locale},
            input=layout.read_bytes(),
            capture_output=True,
            check=False,
        )
        complaint = f"swapctl: {called}: it is no text in UTF-8; hint: a layout is YAML or JSON\n"
        assert (done.returncode, done.stderr.decode()) == (2, complaint)


def test_standard_input_that_is_closed_is_named(environment, tree):
    done = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", sys.executable, "-m", "swapctl", "apply", "-", "--root", str(tree)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    hint = "give the file of a layout, or - for standard input"
    complaint = f"swapctl: standard input: Bad file descriptor; hint: {hint}\n"
    assert (done.returncode, done.stderr) == (2, complaint)


def test_two_names_of_one_file_that_is_not_there_are_one_area(apply, tree):
    (tree / "dir").symlink_to(".")
    done = apply("swap: {areas: [{path: /x, size: 1M}, {path: /dir/x, size: 2M}]}")
    complaint = "swapctl: /dir/x and /x are the same area; hint: name it once\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", complaint)
    assert {path.name for path in tree.iterdir()} == {"etc", "dir"}


def test_a_layout_comes_from_a_pipe_as_well(environment, tree):
    done = subprocess.run(
        [sys.executable, "-m", "swapctl", "apply", "-", "-n", "--root", str(tree)],
        env=environment,
        input=LAYOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "would create        /.x.swapctl-new" in done.stdout


def test_without_pyyaml_a_layout_is_json(environment, tree, tmp_path):
    layout = tmp_path / "layout.json"
    command = [sys.executable, "-S", "-m", "swapctl", "apply", str(layout), "-n", "--root", str(tree)]
    for text, code in ((json.dumps({"swap": {"areas": [{"path": "/x", "size": "1M"}]}}), 0), (LAYOUT, 2)):
        layout.write_text(text)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
    assert done.stderr == (
        f"swapctl: {layout} line 1: Expecting value; hint: without the Python package PyYAML only JSON can be read\n"
    )


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_on_a_terminal_it_asks_with_the_plan_in_sight(environment, tree, answer, code):
    layout = tree / "etc" / "layout.yml"
    layout.write_text(LAYOUT)
    command = [sys.executable, "-m", "swapctl", "apply", str(layout), "--root", str(tree)]
    with Terminal(command, environment) as terminal:
        assert "would create        /.x.swapctl-new, 1 MiB" in terminal.read("Do this")
        assert not (tree / "x").exists()
        terminal.type(f"{answer}\n")
        assert terminal.end() == code
    assert (tree / "x").exists() == (code == 0)


def test_who_says_yes_is_not_asked(environment, tree, tmp_path_factory):
    layout = tmp_path_factory.mktemp("layouts") / "layout.yml"
    layout.write_text(LAYOUT)
    command = [sys.executable, "-m", "swapctl", "apply", str(layout), "--yes", "--root", str(tree)]
    with Terminal(command, environment) as terminal:
        assert terminal.end() == 0
        assert "Do this" not in terminal.output
