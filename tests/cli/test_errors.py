"""Whatever goes wrong is one line that says what, which value, and what to do, and an exit status. Nothing is changed."""

from __future__ import annotations

import fcntl
import json
import os
import re

import pytest

UUID = "01234567-89ab-cdef-0123-456789abcdef"
NOBODY = "swapctl-tests-match-nothing"  # should a complaint fail to come, nothing is hit


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("", "the following arguments are required: COMMAND; hint: swapctl --help", id="nothing"),
        pytest.param(
            "frob",
            "argument COMMAND: invalid choice: frob (choose from status, doctor, ensure, remove, on, off, apply, export, advise,"
            " metrics, find, kill, ps, inspect);"
            " hint: swapctl --help",
            id="command",
        ),
        pytest.param(
            "--frob", "the following arguments are required: COMMAND; hint: swapctl --help", id="option-alone"
        ),
        pytest.param("status /x", "unrecognized arguments: /x; hint: swapctl --help", id="too-many"),
        pytest.param("status --frob", "unrecognized arguments: --frob; hint: swapctl --help", id="option"),
        pytest.param(
            "ensure /x --siz 1G", "unrecognized arguments: --siz 1G; hint: swapctl --help", id="option-cut-short"
        ),
        pytest.param(
            "ensure", "the following arguments are required: PATH; hint: swapctl ensure --help", id="ensure-no-path"
        ),
        pytest.param(
            "remove", "the following arguments are required: PATH; hint: swapctl remove --help", id="remove-no-path"
        ),
        pytest.param("on", "the following arguments are required: PATH; hint: swapctl on --help", id="on-no-path"),
        pytest.param("off", "the following arguments are required: PATH; hint: swapctl off --help", id="off-no-path"),
        pytest.param(
            "ensure /x --size", "argument --size: expected one argument; hint: swapctl ensure --help", id="no-value"
        ),
        pytest.param(
            "ensure /x --size 2X",
            "size '2X' is not a size; hint: allowed are bytes, K M G T (powers of 1024), KB MB GB TB (powers of 1000),"
            " a percentage of RAM such as 50%, or auto",
            id="size-unit",
        ),
        pytest.param(
            "ensure /x --size -1G",
            "argument --size: expected one argument; hint: swapctl ensure --help",
            id="size-sign",
        ),
        pytest.param(
            "ensure /x --size 0", "size '0' is nothing; hint: to be rid of an area, remove it", id="size-nothing"
        ),
        pytest.param("ensure /x --size 1001%", "size '1001%' is outside 0% to 1000% of RAM", id="size-percentage"),
        pytest.param(
            "ensure x --size 1G",
            "path 'x' is not absolute; hint: begin it with / or, for a device, with UUID=, LABEL=, PARTUUID=",
            id="path-relative",
        ),
        pytest.param(
            "ensure / --size 1G",
            "path '/' does not name a file or device by itself; hint: write it without .. and let it be more than /",
            id="path-root",
        ),
        pytest.param(
            "ensure /a/../b --size 1G",
            "path '/a/../b' does not name a file or device by itself;"
            " hint: write it without .. and let it be more than /",
            id="path-dots",
        ),
        pytest.param(
            "remove UUID=",
            "path 'UUID=' names no device; hint: write UUID= and the value that the device bears",
            id="path-tag",
        ),
        pytest.param("remove /x /x", "/x and /x are the same area; hint: name it once", id="path-twice"),
        pytest.param(
            "ensure /x --priority 32768",
            "priority 32768 is outside 0..32767; hint: leave it out and the kernel chooses, below all that are set",
            id="priority-high",
        ),
        pytest.param(
            "ensure /x --priority -1",
            "priority -1 is outside 0..32767; hint: leave it out and the kernel chooses, below all that are set",
            id="priority-low",
        ),
        pytest.param(
            "ensure /x --priority high",
            "argument --priority: 'high' is not a whole number; hint: swapctl ensure --help",
            id="priority-word",
        ),
        pytest.param(
            "ensure /x --discard some",
            "argument --discard: invalid choice: some (choose from none, once, pages, both);"
            " hint: swapctl ensure --help",
            id="discard",
        ),
        pytest.param(
            "ensure /x --persist cron",
            "argument --persist: invalid choice: cron (choose from fstab, systemd, none, keep); hint: swapctl ensure --help",
            id="persist",
        ),
        pytest.param(
            "ensure /x --label 0123456789abcdef",
            "label '0123456789abcdef' has more than 15 bytes; hint: mkswap would cut it, and LABEL= would never match",
            id="label",
        ),
        pytest.param(
            "ensure /x --uuid 0123",
            f"uuid '0123' is not a UUID; hint: write it as {UUID}",
            id="uuid",
        ),
        pytest.param(
            "ensure /x --options pri=5", "options holds 'pri=5'; hint: say it with priority", id="options-priority"
        ),
        pytest.param(
            "ensure /x --options a,,b",
            "options holds '', which is not one fstab option; hint: give each by itself, without blanks, commas, # and"
            " backslashes",
            id="options-empty",
        ),
        pytest.param(
            "off /x --lock-timeout -1",
            "argument --lock-timeout: '-1' is not a number of seconds, 0 or more; hint: swapctl off --help",
            id="lock-timeout-low",
        ),
        pytest.param(
            "off /x --lock-timeout nan",
            "argument --lock-timeout: 'nan' is not a number of seconds, 0 or more; hint: swapctl off --help",
            id="lock-timeout-nan",
        ),
        pytest.param(
            "find",
            "nothing says which processes are meant; hint: give a PATTERN, or a selector such as --user or --pidfile",
            id="find-nothing",
        ),
        pytest.param(
            "kill",
            "nothing says which processes are meant; hint: give a PATTERN, or a selector such as --user or --pidfile",
            id="kill-nothing",
        ),
        pytest.param(
            "kill --regex --newest",
            "nothing says which processes are meant; hint: give a PATTERN, or a selector such as --user or --pidfile",
            id="kill-only-how",
        ),
        pytest.param(
            "find --name", "name says how to read a pattern, and there is none; hint: give a pattern", id="name-alone"
        ),
        pytest.param(
            "find --user 0 --invert",
            "invert has no pattern to invert; hint: give a PATTERN, or leave --invert out",
            id="invert-alone",
        ),
        pytest.param("find a b", "unrecognized arguments: b; hint: swapctl --help", id="two-patterns"),
        pytest.param("find a --root /", "unrecognized arguments: --root /; hint: swapctl --help", id="find-root"),
        pytest.param(
            "find --regex (",
            "pattern '(' is not a regular expression: missing ), unterminated subpattern at position 0; "
            "hint: leave --regex out to search for the text as it stands",
            id="regex",
        ),
        pytest.param(
            "find a --regex --glob",
            "pattern 'a' cannot be both a regular expression and a glob; hint: give --regex or --glob",
            id="regex-and-glob",
        ),
        pytest.param(
            "find --user 0 --newest --oldest",
            "newest and oldest cannot both be meant; hint: give --newest or --oldest",
            id="newest-and-oldest",
        ),
        pytest.param(
            "kill --pid 0",
            "'0' is not a process id; hint: allowed are whole numbers from 1, or PID:INODE as find shows it",
            id="pid-zero",
        ),
        pytest.param(
            "kill --pid=-1",
            "'-1' is not a process id; hint: allowed are whole numbers from 1, or PID:INODE as find shows it",
            id="pid-all",
        ),
        pytest.param(
            "kill --pid 4194306",
            "'4194306' is not a process id; hint: allowed are whole numbers from 1, or PID:INODE as find shows it",
            id="pid-too-high",
        ),
        pytest.param(
            "kill --pid 1,x",
            "'x' is not a process id; hint: allowed are whole numbers from 1, or PID:INODE as find shows it",
            id="pid-word",
        ),
        pytest.param(
            "find --port 65536", "--port: '65536' is outside 1 to 65535; hint: give a whole number", id="port"
        ),
        pytest.param(
            "find --user swapctl-no-such",
            "there is no user 'swapctl-no-such'; hint: give a name or a number of this host",
            id="user",
        ),
        pytest.param(
            "find --group swapctl-no-such",
            "there is no group 'swapctl-no-such'; hint: give a name or a number of this host",
            id="group",
        ),
        pytest.param(
            "find --tty swapctl-no-such",
            "there is no terminal 'swapctl-no-such'; hint: give one such as pts/3 or tty1, or none",
            id="tty",
        ),
        pytest.param("find --user 0,", "--user is empty; hint: name one, or leave --user out", id="user-empty"),
        pytest.param(
            "find --pidfile=", "--pidfile is empty; hint: name a file, or leave --pidfile out", id="pidfile-empty"
        ),
        pytest.param(
            "find --older-than soon",
            "--older-than: 'soon' is not a time; hint: allowed are seconds, or a number with ms, s, m, h, d or w, such as 1h30m",
            id="older-than",
        ),
        pytest.param(
            "find --min-swap 50%",
            "--min-swap: '50%' is not a size; hint: allowed are bytes from 1, or a number with K, M, G or T",
            id="min-swap-relative",
        ),
        pytest.param(
            "find --min-rss 0",
            "--min-rss: '0' is not a size; hint: allowed are bytes from 1, or a number with K, M, G or T",
            id="min-rss-nothing",
        ),
        pytest.param(
            "kill NOBODY --signal TREM",
            "signal 'TREM' is unknown; hint: allowed are TERM, KILL, HUP, USR1, ... or a number from 1 to 64",
            id="signal",
        ),
        pytest.param(
            "kill NOBODY --signal 0",
            "signal '0' is unknown; hint: allowed are TERM, KILL, HUP, USR1, ... or a number from 1 to 64",
            id="signal-zero",
        ),
        pytest.param(
            "kill NOBODY --ladder TERM:1s,",
            "signal '' is unknown; hint: allowed are TERM, KILL, HUP, USR1, ... or a number from 1 to 64",
            id="ladder-signal",
        ),
        pytest.param(
            "kill NOBODY --ladder TERM:soon",
            "ladder: 'soon' is not a time; hint: allowed are seconds, or a number with ms, s, m, h, d or w, such as 1h30m",
            id="ladder-time",
        ),
        pytest.param(
            "kill NOBODY --ladder TERM --signal HUP",
            "argument --signal: not allowed with argument --ladder; hint: swapctl kill --help",
            id="ladder-and-signal",
        ),
        pytest.param(
            "kill NOBODY --expect few",
            "argument --expect: 'few' is not a whole number; hint: swapctl kill --help",
            id="expect-word",
        ),
        pytest.param("kill NOBODY --expect -1", "expect -1 is not a whole number from 0", id="expect-low"),
        pytest.param("kill NOBODY --max 0", "max 0 is not a whole number from 1", id="max-low"),
        pytest.param(
            "kill NOBODY --include kernel",
            "include 'kernel' is no kind of protected process; hint: allowed are init, ancestor, session, connection, namespace, sshd, swapctl, ansible",
            id="include",
        ),
    ],
)
def test_bad_input_is_one_line_and_status_2(swapctl, tree, line, complaint):
    verb, *words = line.replace("NOBODY", NOBODY).split() or [""]
    safe = (
        ["--root", str(tree)]
        if verb in {"status", "doctor", "ensure", "remove", "on", "off"}
        else ["-n"] * (verb == "kill")
    )
    done = swapctl(*filter(None, [verb]), *words, *safe)
    # Python 3.12 stopped putting quotes around the choices, and 3.14 around the value.
    said = re.sub(r"invalid choice: '?(\w+)'? \(.*\)", lambda found: found[0].replace("'", ""), done.stderr)
    assert (said, done.stdout, done.returncode) == (f"swapctl: {complaint}\n", "", 2)


@pytest.mark.parametrize("verb", [["find"], ["kill", "-n"]], ids=["find", "kill"])
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        pytest.param([""], "the pattern is empty and would match every process", id="empty"),
        pytest.param([" "], "the pattern is empty and would match every process", id="blank"),
        pytest.param(
            ["/"], "pattern '/' has neither letter nor digit and would match almost every process", id="punctuation"
        ),
        pytest.param([".*", "--regex"], "pattern '.*' would match every process", id="regex"),
        pytest.param(["*", "--glob"], "pattern '*' would match every process", id="glob"),
        pytest.param(["", "--name", "--user", "0"], "the pattern is empty and would match every process", id="name"),
    ],
)
def test_a_pattern_that_says_nothing_is_refused_with_status_3(swapctl, verb, words, complaint):
    done = swapctl(*verb, *words)
    hint = "give a part of the name or of the command line that only the ones to find have"
    assert (done.stderr, done.stdout, done.returncode) == (f"swapctl: {complaint}; hint: {hint}\n", "", 3)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param("", "is empty; hint: find the process by its name, or delete the file", id="empty"),
        pytest.param(
            "worker 12\n",
            "holds 'worker 12', which is no process id; hint: find the process by its name, or delete the file",
            id="words",
        ),
        pytest.param(
            "4194304\n",
            "is stale: there is no process 4194304; hint: delete the file, or find the process by its name",
            id="stale",
        ),
    ],
)
def test_a_pidfile_that_cannot_be_trusted_is_refused_with_status_3(swapctl, tree, content, complaint):
    (tree / "pid").write_text(content, encoding="utf-8")
    done = swapctl("kill", "-n", "--pidfile", str(tree / "pid"))
    assert (done.stderr, done.stdout, done.returncode) == (f"swapctl: pidfile {tree}/pid {complaint}\n", "", 3)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        pytest.param(["find", NOBODY], 1, "", id="find"),
        pytest.param(["find", NOBODY, "--pids"], 1, "", id="find-pids"),
        pytest.param(["kill", NOBODY, "-n"], 1, "swapctl: nothing matches\n", id="kill"),
        pytest.param(["kill", NOBODY, "-n", "-q"], 1, "", id="kill-quiet"),
        pytest.param(["kill", "-n", "--pidfile", f"/{NOBODY}"], 1, "swapctl: nothing matches\n", id="no-pidfile"),
        pytest.param(
            ["kill", NOBODY, "-n", "--expect", "1"],
            3,
            "swapctl: no processes match, and 1 were expected; hint: look with find, then try again\n",
            id="expected",
        ),
    ],
)
def test_nothing_matches_is_a_status_of_its_own(swapctl, words, status, said):
    done = swapctl(*words)
    assert (done.stderr, done.stdout, done.returncode) == (said, "", status)


def make_swap(path, pages=2048):
    """Write a swap header and its blocks, as mkswap does."""
    header = bytes(1024) + (1).to_bytes(4, "little") + (pages - 1).to_bytes(4, "little")
    path.write_bytes((header.ljust(4086, b"\0") + b"SWAPSPACE2").ljust(pages * 4096, b"\0"))
    path.chmod(0o600)


def of_ext4(path):
    path.write_bytes((bytes(0x438) + b"\x53\xef").ljust(1 << 20, b"\0"))


def hibernated(path):
    path.write_bytes((bytes(4086) + b"S1SUSPEND\0").ljust(1 << 20, b"\0"))


IN_THE_WAY = "hint: name another path, or move away what is there"
NOT_REMOVED = "hint: nothing is removed but swap areas"


@pytest.mark.parametrize(
    ("make", "line", "complaint"),
    [
        pytest.param(
            lambda path: path.mkdir(),
            "ensure /x --size 1M",
            f"/x is a directory, not a swap file or block device; {IN_THE_WAY}",
            id="directory",
        ),
        pytest.param(
            lambda path: path.symlink_to("y"),
            "ensure /x --size 1M",
            f"/x is a symbolic link, not a swap file or block device; {IN_THE_WAY}",
            id="symlink",
        ),
        pytest.param(
            os.mkfifo, "ensure /x --size 1M", f"/x is a FIFO, not a swap file or block device; {IN_THE_WAY}", id="fifo"
        ),
        pytest.param(
            lambda path: path.write_bytes(b"precious"),
            "ensure /x --size 1M",
            f"/x holds data that is no swap area; {IN_THE_WAY}",
            id="data",
        ),
        pytest.param(
            lambda path: path.write_bytes(b"precious"),
            "ensure /x --size 1M --force",
            f"/x holds data that is no swap area; {IN_THE_WAY}",
            id="data-forced",
        ),
        pytest.param(
            of_ext4, "ensure /x --size 1M", f"/x holds an ext2, ext3 or ext4 file system; {IN_THE_WAY}", id="ext4"
        ),
        pytest.param(hibernated, "ensure /x", f"/x holds a hibernation image; {IN_THE_WAY}", id="hibernation"),
        pytest.param(
            lambda path: path.mkdir(),
            "remove /x",
            f"/x is a directory, not a swap file or block device; {IN_THE_WAY}",
            id="remove-directory",
        ),
        pytest.param(
            lambda path: path.write_bytes(b"precious"),
            "remove /x",
            f"/x holds data that is no swap area; {NOT_REMOVED}",
            id="remove-data",
        ),
        pytest.param(
            lambda path: path.touch(),
            "remove /x",
            "/x is an empty file, not a swap area; hint: delete it yourself if it is not needed",
            id="remove-empty",
        ),
        pytest.param(
            make_swap,
            "remove /x /etc/fstab",
            f"/etc/fstab holds data that is no swap area; {NOT_REMOVED}",
            id="remove-one-of-two",
        ),
        pytest.param(
            lambda path: path.touch(),
            "ensure /x",
            "/x is empty, and no size is given to make an area of it; hint: give --size, such as 2G",
            id="empty-no-size",
        ),
        pytest.param(
            lambda _path: None,
            "ensure /x",
            "/x does not exist, and no size is given to make it; hint: give --size, such as 2G",
            id="missing-no-size",
        ),
        pytest.param(
            lambda _path: None,
            "ensure /no/x --size 1M",
            "the directory /no does not exist; hint: mkdir -p /no",
            id="missing-directory",
        ),
        pytest.param(
            lambda _path: None,
            "ensure /x --size 4096",
            f"/x: 4096 bytes are too few for an area; hint: give {10 * os.sysconf('SC_PAGE_SIZE')} or more",
            id="too-small",
        ),
        pytest.param(
            lambda _path: None,
            "ensure /x --size 50%",
            "/x: how much RAM the host will have is not known here; hint: give the size in bytes, K, M, G or T",
            id="percentage",
        ),
        pytest.param(
            lambda _path: None,
            f"ensure UUID={UUID}",
            f"no block device bears UUID={UUID}; hint: see lsblk -o NAME,UUID,LABEL,PARTUUID",
            id="uuid",
        ),
    ],
)
def test_a_refusal_is_one_line_and_status_1_and_changes_nothing(swapctl, tree, make, line, complaint):
    make(tree / "x")
    before = contents(tree)
    done = swapctl(*line.split(), "--root", str(tree))
    assert (done.stderr, done.stdout, done.returncode) == (f"swapctl: {complaint}\n", "", 1)
    assert contents(tree) == before


@pytest.mark.parametrize("verb", ["on", "off"])
@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        pytest.param(
            lambda _path: None, "does not exist; hint: swapctl status lists the areas that are known here", id="missing"
        ),
        pytest.param(lambda path: path.touch(), "is no swap area; hint: swapctl ensure makes one of it", id="empty"),
        pytest.param(
            lambda path: path.write_bytes(b"precious"), f"holds data that is no swap area; {IN_THE_WAY}", id="data"
        ),
        pytest.param(of_ext4, f"holds an ext2, ext3 or ext4 file system; {IN_THE_WAY}", id="ext4"),
    ],
)
def test_on_and_off_make_no_area(swapctl, tree, verb, make, complaint):
    """On this machine, since they need a running one; they get no further than looking."""
    make(tree / "x")
    before = contents(tree)
    done = swapctl(verb, str(tree / "x"))
    assert (done.stderr, done.stdout, done.returncode) == (f"swapctl: {tree}/x {complaint}\n", "", 1)
    assert contents(tree) == before


@pytest.mark.parametrize("verb", ["on", "off"])
def test_on_and_off_need_a_running_machine(swapctl, tree, verb):
    make_swap(tree / "x")
    done = swapctl(verb, "/x", "--root", str(tree))
    only = "is not the running system, and only its kernel can turn an area on or off"
    hint = "hint: leave --root out, or use ensure and remove"
    assert (done.stderr, done.returncode) == (f"swapctl: root '{tree}' {only}; {hint}\n", 2)


def contents(tree):
    """Return everything that stands in *tree*: names, kinds, modes, times and bytes."""
    found = {str(path): (path, path.lstat()) for path in tree.rglob("*")}
    return {
        name: (status.st_mode, status.st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for name, (path, status) in found.items()
    }


def test_a_root_that_is_none_is_refused(swapctl, tree):
    done = swapctl("status", "--root", f"{tree}/no")
    hint = "hint: give the directory where the image is mounted"
    assert done.stderr == f"swapctl: root '{tree}/no' is not a directory; {hint}\n"
    assert done.returncode == 1


def test_too_little_space_is_refused_beforehand(swapctl, tree):
    done = swapctl("ensure", "/x", "--size", "4096T", "--root", str(tree))
    assert re.fullmatch(
        r"swapctl: /x needs 4 PiB more on its file system, which has \S+ [KMGTP]?i?B free;"
        r" hint: make room there, or take a smaller size or another file system\n|"
        r"swapctl: /x: 4 PiB are too many for an area; hint: make several areas\n",
        done.stderr,
    )
    assert done.returncode == 1


def test_another_run_is_waited_for_and_then_named(swapctl, tree):
    descriptor = os.open(tree, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        done = swapctl("ensure", "/x", "--size", "1M", "--lock-timeout", "0.1", "--root", str(tree))
    finally:
        os.close(descriptor)
    wait = "hint: wait for it, or raise --lock-timeout"
    assert done.stderr == f"swapctl: another run has held the lock {tree} for over 0.1 s; {wait}\n"
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("line", "status", "document"),
    [
        pytest.param(
            "ensure /x --priority 40000",
            2,
            {
                "changed": False,
                "error": "InvalidInput",
                "message": "priority 40000 is outside 0..32767",
                "hint": "leave it out and the kernel chooses, below all that are set",
                "remains": [],
            },
            id="input",
        ),
        pytest.param(
            "ensure",
            2,
            {
                "changed": False,
                "error": "InvalidInput",
                "message": "the following arguments are required: PATH",
                "hint": "swapctl ensure --help",
                "remains": [],
            },
            id="usage",
        ),
        pytest.param(
            "remove /etc",
            1,
            {
                "changed": False,
                "error": "Refused",
                "message": "/etc is a directory, not a swap file or block device",
                "hint": "name another path, or move away what is there",
                "remains": [],
            },
            id="refused",
        ),
        pytest.param(
            "kill --regex . -n",
            3,
            {
                "changed": False,
                "error": "Guard",
                "message": "pattern '.' would match every process",
                "hint": "give a part of the name or of the command line that only the ones to find have",
                "remains": [],
                "processes": [],
            },
            id="guard",
        ),
    ],
)
def test_with_json_an_error_is_printed_both_ways(swapctl, tree, line, status, document):
    root = [] if line.startswith("kill") else ["--root", str(tree)]
    done = swapctl(*line.split(), "--json", *root)
    assert json.loads(done.stdout) == document
    assert done.stderr == f"swapctl: {document['message']}; hint: {document['hint']}\n"
    assert done.returncode == status


def test_an_action_that_fails_is_undone_and_says_so(swapctl, tree, environment, tmp_path_factory):
    programs = tmp_path_factory.mktemp("programs")
    (programs / "mkswap").write_text("#!/bin/sh\necho 'mkswap: no luck' >&2\nexit 1\n", encoding="utf-8")
    (programs / "mkswap").chmod(0o755)
    before = sorted(tree.rglob("*"))
    fstab = (tree / "etc/fstab").read_bytes()
    path = f"{programs}:{environment['PATH']}"
    done = swapctl("ensure", "/x", "--size", "1M", "--json", "--root", str(tree), PATH=path)
    message = "mkswap exited with 1: mkswap: no luck; what was done is undone, the machine is as it was"
    assert json.loads(done.stdout) == {
        "changed": False,
        "error": "RolledBack",
        "message": message,
        "hint": "",
        "remains": [],
    }
    assert (done.stderr, done.returncode) == (f"swapctl: {message}\n", 1)
    assert sorted(tree.rglob("*")) == before
    assert (tree / "etc/fstab").read_bytes() == fstab


@pytest.mark.parametrize(
    "argument",
    [
        pytest.param("/x\033[31m", id="escape"),
        pytest.param("/x\ny", id="newline"),
        pytest.param("/x\u202e", id="right-to-left"),
        pytest.param("/x\x9b31m", id="c1"),
    ],
)
@pytest.mark.parametrize("place", ["ensure {} --frob", "ensure {}", "remove {}", "status {}", "ensure /x --label {}"])
def test_a_complaint_shows_control_characters_harmless(swapctl, tree, argument, place):
    words = [word.replace("{}", argument) for word in place.split()]
    done = swapctl(*words, "--root", str(tree))
    assert all(character.isprintable() for character in done.stderr[:-1])
    assert done.stderr.count("swapctl: ") == (1 if done.stderr else 0)


@pytest.mark.parametrize(
    "place", ["find --user {}", "find --pid {}", "find {} --invert --regex --glob", "find --pidfile /etc/{}/x"]
)
def test_a_complaint_about_processes_shows_control_characters_harmless(swapctl, place):
    done = swapctl(*(word.replace("{}", "x\033[31m\u202e\ny") for word in place.split()))
    assert all(character.isprintable() for character in done.stderr[:-1])
    assert done.stderr.count("swapctl: ") == (1 if done.stderr else 0)
