"""The modules ``swapctl.linux.process`` and ``process_info``, the role and the playbook, through Ansible, on this machine."""

from __future__ import annotations

import inspect
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import yaml

from swapctl import process
from swapctl.process import plan
from swapctl.process.usage import GROUPS, SORTS
from tests.collection.controller import Controller, isolated_python
from tests.process.stage import need, told, until
from tests.support import ROOT, missing, run
from tests.system.machine import Run
from tests.victims import Victims

ROLE = ROOT / "roles" / "process_absent"
# What the library calls otherwise: there a name is a text of its own, and nothing has a state but the processes.
OTHERWISE = {"state": "process_state"}
EXPECTED = {"name": "sh", "outcome": "exited", "signals": ["TERM"], "status": told(-15), "detail": ""}


class Here:
    """This machine as it is, for a controller."""

    def __init__(self, directory):
        self.directory = directory
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self.environment = {**kept, "LC_ALL": "C.UTF-8"}

    def run(self, *argv, env, check):
        done = subprocess.run(
            list(map(str, argv)),
            env={**self.environment, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
        )
        return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def here(tmp_path):
    return Here(tmp_path)


@pytest.fixture
def controller(here, collections_path):
    return Controller(here, collections_path)


@pytest.fixture
def victims():
    with Victims() as victims:
        yield victims


@pytest.fixture
def mark():
    return f"marked{uuid.uuid4().hex[:12]}"


def stop(**options):
    return {"swapctl.linux.process": options}


def find(**options):
    return {"swapctl.linux.process_info": options}


def pids(result):
    return [one["pid"] for one in result["processes"]]


def brief(result):
    """Return what became of each process, in few words."""
    return {one["pid"]: {name: one[name] for name in EXPECTED} for one in result["processes"]}


# stopping


@pytest.mark.parametrize("version", ["this", "3.9"])
def test_stops_them_once(here, collections_path, victims, mark, version):
    python = Path(sys.executable) if version == "this" else isolated_python(here.directory, version)
    controller = Controller(here, collections_path, python)
    one, two, bystander = victims.start(mark), victims.start(mark, "é"), victims.start(mark[:-1])
    listed, done, again = controller.tasks(find(pattern=mark), stop(pattern=mark), stop(pattern=mark)).results
    assert pids(listed) == pids(done) == sorted([one.pid, two.pid])
    assert done["changed"] is True
    assert brief(done) == {one.pid: EXPECTED, two.pid: EXPECTED}
    assert done["processes"][pids(done).index(two.pid)]["argv"] == ["sh", "-c", "read line; :", mark, "é"]
    assert again == {"changed": False, "processes": [], "protected": [], "unknown": [], "partial": False, "trouble": ""}
    assert (one.wait(5), two.wait(5), bystander.poll()) == (-15, -15, None)


def test_check_mode_names_exactly_those_that_a_run_stops(controller, victims, mark):
    several = [victims.start(mark) for _number in range(3)]
    options = {"pattern": mark, "expect": 3}
    (foretold,) = controller.tasks(stop(**options), flags=("--check",)).results
    assert [victim.poll() for victim in several] == [None, None, None]
    (done,) = controller.tasks(stop(**options)).results
    assert foretold["changed"] is done["changed"] is True
    assert pids(foretold) == pids(done) == sorted(victim.pid for victim in several)
    assert {one["outcome"] for one in foretold["processes"]} == {"planned"}
    assert [one["inode"] for one in foretold["processes"]] == [one["inode"] for one in done["processes"]]


def test_diff_mode_shows_the_processes_before_and_after(controller, victims, mark):
    victim = victims.start(mark)
    played = controller.tasks(stop(pattern=mark), flags=("--diff", "--check"))
    assert f"--- before\n+++ after\n@@ -1 +0,0 @@\n-{victim.pid} sh -c read line; : {mark}\n" in played.text


def test_the_result_has_a_diff_only_if_asked_for(controller, victims, mark):
    victims.start(mark)
    made = {**stop(pattern=mark), "register": "made"}
    that = {"ansible.builtin.assert": {"that": "made.diff is undefined"}}
    assert controller.tasks(made, that).code == 0


def test_survivors_fail_the_task_and_are_named(controller, victims, mark):
    stubborn = victims.start(mark, script="trap '' TERM; read line")
    until(lambda: ignores_term(stubborn.pid), "it ignores TERM")
    (task,) = controller.tasks(stop(pattern=mark, ladder="TERM:1s")).tasks
    assert task.status == "fatal"
    assert task.result["msg"] == f"not all processes are gone: {stubborn.pid} (sh) survived: it ignores TERM"
    (left,) = task.result["processes"]
    assert (task.result["changed"], left["outcome"], left["signals"]) == (True, "survived", ["TERM"])
    assert stubborn.poll() is None


def ignores_term(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"SigIgn:\t(\w+)", status)[0], 16) >> signal.SIGTERM - 1 & 1


def test_what_may_not_be_signalled_fails_the_task_and_is_named(here, collections_path, victims, mark):
    if os.geteuid() != 0:
        missing("becoming somebody else needs root")
    need("setpriv")
    wrapper = here.directory / "python-of-nobody"
    for python in (sys.executable, "/usr/bin/python3"):
        command = f"setpriv --reuid=65534 --regid=65534 --clear-groups {python}"
        wrapper.write_text(f'#!/bin/sh\nHOME=/nowhere\ncd /\nexec {command} -S "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
        if not subprocess.run([wrapper, "-c", ""], check=False, capture_output=True).returncode:
            break
    else:
        missing("no Python that an ordinary user can run")
    mine, other = victims.start(mark, uid=65534), victims.start(mark)
    (task,) = Controller(here, collections_path, wrapper).tasks(stop(pattern=mark)).tasks
    assert task.status == "fatal"
    assert task.result["msg"] == (
        f"not all processes are gone: {other.pid} (sh) denied: no permission to signal a process of root"
    )
    assert {one["pid"]: one["outcome"] for one in task.result["processes"]} == {
        mine.pid: "exited",
        other.pid: "denied",
    }
    assert task.result["changed"] is True
    assert other.poll() is None


def test_guards_refuse_and_say_it_in_the_modules_words(controller, victims, mark):
    several = sorted(victims.start(mark).pid for _number in range(2))
    refusals = [
        (stop(pattern=mark, expect=3), "2 processes match, and 3 were expected"),
        (stop(pattern=mark, max=1), "2 processes match, and at most 1 are allowed"),
        ({**stop(pattern=mark, max=1), "check_mode": True}, "2 processes match, and at most 1 are allowed"),
        ({**stop(pid=["1"]), "check_mode": True}, r"process 1 \(.*\) is protected: it is process 1"),
    ]
    played = controller.tasks(*({**task, "ignore_errors": True} for task, _message in refusals))
    for task, (_given, message) in zip(played.tasks, refusals):
        assert task.status == "fatal"
        assert re.match(f"{message}; hint: ", task.result["msg"])
        assert task.result["changed"] is False
        assert "--" not in task.result["msg"]
    expected, most, foretold, protected = played.results
    assert pids(expected) == pids(most) == pids(foretold) == several
    assert most["hint"].endswith("allow it with max 2")
    assert protected["hint"] == "include init if it is meant all the same"
    assert len(victims.living) == 2


# sending one signal


def test_sends_one_signal_and_waits_for_nothing(controller, victims, mark):
    victim = victims.start(mark, script="trap 'exit 5' HUP; read line")
    options = {"pattern": mark, "state": "signalled", "signal": "HUP"}
    (foretold,) = controller.tasks(stop(**options), flags=("--check",)).results
    assert victim.poll() is None
    (done,) = controller.tasks(stop(**options)).results
    assert (foretold["changed"], done["changed"]) == (True, True)
    assert pids(foretold) == pids(done) == [victim.pid]
    assert done["processes"][0]["signals"] == ["HUP"]
    assert done["processes"][0]["outcome"] in {"signalled", "exited"}
    assert victim.wait(5) == 5


def test_a_signal_that_ends_nothing_is_a_change_each_time(controller, victims, mark):
    victim = victims.start(mark, script="trap '' USR1; read line")
    send = stop(pattern=mark, state="signalled", signal="SIGCONT")
    played = controller.tasks(send, send)
    assert [result["changed"] for result in played.results] == [True, True]
    assert [one["outcome"] for result in played.results for one in result["processes"]] == ["signalled"] * 2
    assert victim.poll() is None


# what makes no sense

SENSELESS = [
    ({"signal": "HUP"}, "signal is only sent with state signalled", "leave signal out, or give a ladder"),
    ({"state": "signalled"}, "state is signalled but all of the following are missing: signal", None),
    (
        {"pattern": None},
        "nothing says which processes are meant",
        "give a pattern, or a selector such as user or pidfile",
    ),
    (
        {"pattern": None, "invert": True, "user": ["root"]},
        "invert has no pattern to invert",
        "give a pattern, or leave invert out",
    ),
    ({"newest": True, "oldest": True}, "newest and oldest cannot both be meant", "give newest or oldest"),
    ({"regex": True, "glob": True}, "pattern '{mark}' cannot be both a regular expression and a glob", "give regex or glob"),
    ({"process_state": "Q"}, "process_state: 'Q' has no such letter", None),
    ({"min_rss": "big"}, "min_rss: 'big' is not a size", None),
    ({"older_than": "x"}, "older_than: 'x' is not a time", None),
    ({"ladder": "FOO:1s"}, "signal 'FOO' is unknown", None),
    ({"pid": ["0"]}, "'0' is not a process id", None),
    ({"max": 0}, "max 0 is not a whole number from 1", None),
    ({"expect": -1}, "expect -1 is not a whole number from 0", None),
]  # fmt: skip


@pytest.fixture(scope="module")
def nonsense(tmp_path_factory, collections_path):
    """Return what comes of all of it, in one play."""
    mark = "marked-and-never-there"
    options = [{"pattern": mark, **given} for given, _message, _hint in SENSELESS]
    tasks = [{**stop(**_without_none(one)), "ignore_errors": True} for one in options]
    # Where a check is missing, a run would stop anybody.
    played = Controller(Here(tmp_path_factory.mktemp("nonsense")), collections_path).tasks(*tasks, flags=("--check",))
    return mark, played.tasks


def _without_none(options):
    return {name: value for name, value in options.items() if value is not None}


@pytest.mark.parametrize("number", range(len(SENSELESS)))
def test_what_makes_no_sense_fails_in_the_modules_words(nonsense, number):
    mark, tasks = nonsense
    _given, message, hint = SENSELESS[number]
    task = tasks[number]
    assert task.status == "fatal"
    assert task.result["msg"].partition("; hint: ")[0] == message.format(mark=mark)
    if hint:
        assert task.result["hint"] == hint
    assert "--" not in task.result["msg"]


def test_an_unknown_option_is_named(controller, mark):
    played = controller.tasks(stop(patern=mark), flags=("--check",))
    assert played.results[0]["msg"].startswith("Unsupported parameters for (swapctl.linux.process) module: patern.")


# each selector, with and without


def test_every_option_narrows_the_choice(controller, victims, mark, tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        victim = victims.start(f"{mark}-Aa", pass_fds=[listener.fileno()], env={"SWAPCTL_MARK": mark})
        port = listener.getsockname()[1]
        younger = victims.start(f"{mark}-bb")
        pidfile = tmp_path / "pid"
        pidfile.write_text(f"{victim.pid}\n", encoding="ascii")
        user, group = os.geteuid(), os.getegid()
        # Options, and which of the two are found: both without any.
        cases = [
            ({}, "both"),
            ({"pattern": f"{mark}-A", "exact": True}, "none"),
            ({"pattern": f"{mark}-[A-Z]a", "regex": True}, "first"),
            ({"pattern": f"*{mark}-?a", "glob": True}, "first"),
            ({"pattern": f"{mark}-BB", "ignore_case": True}, "second"),
            ({"pattern": f"{mark}-bb", "invert": True, "session": [victim.pid, younger.pid]}, "first"),
            ({"name": True}, "none"),
            ({"user": [str(user + 4242)]}, "none"),
            ({"group": [str(group + 4242)]}, "none"),
            ({"parent": [1]}, "none"),
            ({"ancestor": [victim.pid]}, "none"),
            ({"tty": ["tty"]}, "none"),
            ({"process_state": "T,Z"}, "none"),
            ({"older_than": "1h"}, "none"),
            ({"younger_than": "0.01"}, "none"),
            ({"cgroup": ["/there-is-no-such-group"]}, "none"),
            ({"unit": ["there-is-no-such-unit"]}, "none"),
            ({"exe": [sys.executable]}, "none"),
            ({"pid": [str(victim.pid), str(os.getpid())]}, "first"),
            ({"pidfile": str(pidfile)}, "first"),
            ({"env": [f"SWAPCTL_MARK={mark}"]}, "first"),
            ({"port": [port]}, "first"),
            ({"min_swap": "1T"}, "none"),
            ({"min_rss": "1T"}, "none"),
            ({"newest": True}, "second"),
            ({"oldest": True}, "first"),
        ]
        played = controller.tasks(*(find(**{"pattern": mark, **given}) for given, _which in cases))
        assert played.code == 0, played.text
        which = {"first": [victim.pid], "second": [younger.pid], "both": sorted([victim.pid, younger.pid]), "none": []}
        found = [(given, pids(result)) for (given, _which), result in zip(cases, played.results)]
        assert found == [(given, which[wanted]) for given, wanted in cases]
    assert {name for given, _which in cases for name in given} == set(selectors())


def test_process_info_changes_nothing_and_tells_all(controller, victims, mark):
    victim = victims.start(mark)
    (result,) = controller.tasks(find(pattern=mark)).results
    (found,) = result["processes"]
    assert (result["changed"], result["unknown"], result["partial"]) == (False, [], False)
    assert (found["argv"], found["command"]) == (["sh", "-c", "read line; :", mark], f"sh -c read line; : {mark}")
    assert (found["uid"], found["parent_pid"], found["session"]) == (os.geteuid(), os.getpid(), victim.pid)
    assert victim.poll() is None


def test_process_info_tells_who_uses_most(controller, victims, mark):
    several = [victims.start(mark) for _number in range(3)]
    most, few, all_there_are = controller.tasks(
        find(memory=True, sort="rss", limit=1),
        find(memory=True, pattern=mark, sort="age", limit=2),
        find(memory=True, limit=0),
    ).results
    assert len(most["processes"]) == 1
    assert most["total"] > 3
    assert most["processes"][0]["rss"] > 10 << 20  # Python alone has that much
    assert (len(few["processes"]), few["total"]) == (2, 3)
    assert set(pids(few)) < {victim.pid for victim in several}
    assert {victim.pid for victim in several} <= set(pids(all_there_are))
    assert 0 <= most["swap_known"] <= most["swap_used"] <= most["swap_total"] or most["swap_used"] == 0
    assert (few["swap_known"], few["changed"]) == (None, False)
    assert few["processes"][0]["argv"] == []


def test_process_info_tells_what_a_program_has(controller, victims, mark):
    for _number in range(3):
        victims.start(mark)
    each, together, shared = controller.tasks(
        find(memory=True, pattern=mark),
        find(memory=True, pattern=mark, by="program"),
        find(memory=True, pattern=mark, by="user", pss=True),
    ).results
    ((program,), (user,)) = together["processes"], shared["processes"]
    assert (program["name"], program["count"], program["pid"], program["pss"]) == ("sh", 3, None, None)
    assert program["rss"] == sum(one["rss"] for one in each["processes"])
    assert (user["name"], user["count"], shared["total"]) == (pwd.getpwuid(os.geteuid()).pw_name, 3, 1)
    assert 0 < user["pss"] < user["rss"]


def test_what_is_of_use_with_memory_alone_is_refused_without(controller, mark):
    for options in ({"sort": "rss"}, {"limit": 3}, {"by": "unit"}, {"pss": False}):
        (failed,) = controller.tasks(find(pattern=mark, **options)).results
        (name,) = options
        expected = f"{name} is of use with memory alone; hint: leave {name} out, or have memory: true"
        assert failed["msg"] == expected
    (failed,) = controller.tasks(find(memory=True, limit=-1)).results
    assert failed["msg"] == "limit -1 is less than 1"


def test_a_tree_goes_with_its_descendants(controller, victims, mark):
    victim = victims.start(mark, script="exec 3<&0; sh -c 'read line <&3' & wait")
    children = Path(f"/proc/{victim.pid}/task/{victim.pid}/children")
    until(lambda: children.read_text().strip(), "it has a child")
    child = int(children.read_text())
    (done,) = controller.tasks(stop(pattern=mark, tree=True, expect=1)).results
    assert set(pids(done)) == {victim.pid, child}
    assert {one["outcome"] for one in done["processes"]} <= {"exited", "zombie"}  # as process 1 notices its end or not


def test_what_is_included_is_stopped(controller, victims, mark):
    due = victims.start(mark, script="read line; swapctl kill it")
    left, done = controller.tasks(stop(pattern=mark), stop(pattern=mark, include=["swapctl"])).results
    assert (left["changed"], [one["reason"] for one in left["protected"]]) == (False, ["swapctl"])
    assert pids(done) == [due.pid]


def test_what_belongs_to_another_play_is_left_alone(controller, victims, mark):
    lines = [
        f"python3 /home/{mark}/.ansible/tmp/ansible-tmp-1795376109.4-2210-9104/AnsiballZ_command.py",
        f"scp -t /srv/{mark}/ansible-tmp-1795376109.4-2210-9104/AnsiballZ_command.py",
        f"echo BECOME-SUCCESS-abcdefgh; python3 {mark}",
        f"echo ~{mark}",  # how it asks where a user's files are
    ]
    parts = [victims.start(script=f"read line; {line}") for line in lines]
    victim = victims.start(mark)
    (done,) = controller.tasks(stop(pattern=mark)).results
    assert pids(done) == [victim.pid]
    assert {one["pid"]: one["reason"] for one in done["protected"]} == {part.pid: "ansible" for part in parts}
    assert victims.living == parts


# documentation


def selectors():
    fields = [OTHERWISE.get(name, name) for name in inspect.get_annotations(process.Selector)]
    return [name for name in fields if name != "_fields"]


def actions():
    """Return the options of an action, as the library's two functions have them."""
    both = {**inspect.signature(process.send).parameters, **inspect.signature(process.stop).parameters}
    return set(both) - {"selector", "number", "dry_run", "ansible", "confirm", "progress"} | {"state", "signal"}


@pytest.fixture(scope="module")
def documented(collections_path):
    """Return the options of both modules as ansible-doc shows them."""
    names = ("swapctl.linux.process", "swapctl.linux.process_info")
    program = Path(sys.executable).parent / "ansible-doc"
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(collections_path), "LC_ALL": "C.UTF-8"}
    told_of = json.loads(run(program, "--json", *names, env=environment))
    return [told_of[name]["doc"]["options"] for name in names]


def arguments():
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return specs["argument_specs"]["main"]["options"]


def shape(options):
    """Return what *options* accept, without words and without defaults."""
    return {
        name: {key: option.get(key) for key in ("type", "elements", "required")} for name, option in options.items()
    }


def test_the_modules_have_the_librarys_options(documented):
    process_options, info_options = documented
    assert set(info_options) == {*selectors(), "memory", "sort", "limit", "by", "pss"}
    assert info_options["sort"]["choices"] == list(SORTS)
    assert info_options["by"]["choices"] == list(GROUPS)
    assert set(process_options) == {*selectors(), *actions()}
    for name in selectors():
        assert process_options[name] == info_options[name]


def test_the_modules_have_the_librarys_choices_and_defaults(documented):
    options, _info = documented
    assert options["include"]["choices"] == list(plan.INCLUDABLE)
    defaults = {name: option["default"] for name, option in options.items() if "default" in option}
    library = {name: one.default for name, one in inspect.signature(process.stop).parameters.items()}
    expected = {name: library[name] for name in ("ladder", "tree", "max")}
    switches = dict.fromkeys(("regex", "glob", "exact", "name", "ignore_case", "invert", "newest", "oldest"), False)
    assert defaults == {**switches, **expected, "include": list(library["include"]), "state": "absent"}


def test_the_roles_variables_have_the_modules_options(documented):
    options = shape(documented[0])
    expected = {f"process_absent_{name}": option for name, option in options.items()}
    for name in ("pattern", "state", "signal"):
        del expected[f"process_absent_{name}"]
    given = arguments()
    del given["process_absent_patterns"]
    assert shape(given) == expected


def test_the_role_hands_every_option_on(documented):
    *_checks, task = yaml.safe_load((ROLE / "tasks" / "main.yml").read_text(encoding="utf-8"))
    names = set(documented[0]) - {"state", "signal"}
    expected = {
        name: f"{{{{ process_absent_one.{name} | default(process_absent_{name}) | default(omit) }}}}" for name in names
    }
    expected["pattern"] = "{{ process_absent_one.pattern | default(omit) }}"
    assert task["swapctl.linux.process"] == expected


def test_the_roles_readme_lists_every_option():
    lines = (ROLE / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line.split("`")[1] for line in lines if line.startswith("| `")]
    assert [f"process_absent_{name}" for name in rows] == list(arguments())[1:]


# the role and the playbook


def role(here, **variables):
    """Write a playbook that applies the role; return its path."""
    playbook = here.directory / "role.yml"
    task = {"ansible.builtin.import_role": {"name": "swapctl.linux.process_absent"}, "vars": variables}
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    return playbook


def stops(played):
    """Return what became of each pattern, without the checks of the variables before that."""
    assert played.code == 0, played.text
    return [result for result in played.results if "processes" in result]


def changes(played):
    """Return whether each pattern changed something."""
    return [result["changed"] for result in stops(played)]


def test_the_role_stops_what_matches_each_pattern_once(here, controller, victims, mark):
    one, two, left = victims.start(f"{mark}-one"), victims.start(f"{mark}-two"), victims.start(f"{mark}-left")
    patterns = [f"{mark}-one", {"pattern": f"{mark}-t[w]o", "regex": True, "expect": 1}]
    playbook = role(here, process_absent_patterns=patterns)
    foretold = controller.play(playbook, "--check")
    assert changes(foretold) == [True, True]
    assert len(victims.living) == 3
    played = controller.play(playbook)
    assert changes(played) == [True, True]
    assert [pids(result) for result in stops(played)] == [[one.pid], [two.pid]]
    assert [pids(result) for result in stops(foretold)] == [[one.pid], [two.pid]]
    assert victims.living == [left]
    again = controller.play(role(here, process_absent_patterns=patterns[:1]))
    assert (changes(again), victims.living) == ([False], [left])


def test_plain_variables_hold_where_a_pattern_says_nothing(here, controller, victims, mark):
    several = [victims.start(f"{mark}-{number}") for number in range(2)]
    patterns = [{"pattern": f"{mark}-0", "ladder": "INT:5s"}, f"{mark}-1"]
    played = controller.play(
        role(here, process_absent_patterns=patterns, process_absent_ladder="HUP:5s", process_absent_expect=1)
    )
    assert changes(played) == [True, True]
    assert [one["signals"] for result in stops(played) for one in result["processes"]] == [["INT"], ["HUP"]]
    assert [victim.wait(5) for victim in several] == [-signal.SIGINT, -signal.SIGHUP]


def test_the_role_does_nothing_without_patterns(here, controller):
    assert changes(controller.play(role(here))) == []


@pytest.mark.parametrize(
    ("given", "name"), [({"usr": "app"}, "usr"), ({"signal": "HUP"}, "signal"), ({"max": "many"}, "max")]
)
def test_a_wrong_key_is_named_and_nothing_is_stopped(controller, victims, mark, given, name):
    """One that is misspelt would otherwise be no condition at all, and more would be stopped than is meant."""
    victim = victims.start(mark)
    played = controller.play(role(controller.machine, process_absent_patterns=[{"pattern": mark, **given}]), "--check")
    assert played.code == 2
    assert name in played.tasks[-1].result["msg"]
    assert victim.poll() is None


def test_a_wrong_variable_is_named(here, controller, mark):
    playbook = role(here, process_absent_patterns=[mark], process_absent_max="many")
    (task,) = controller.play(playbook, "--check").tasks
    assert task.status == "fatal"
    assert "process_absent_max" in task.result["msg"]


def test_the_playbook_reaches_only_the_hosts_named(controller, victims, mark):
    victim = victims.start(mark)
    played = controller.play("swapctl.linux.process_absent", process_absent_patterns=[mark], process_absent_hosts="web")
    assert "Could not match supplied host pattern, ignoring: web" in played.text
    assert victim.poll() is None
    # The pattern is on Ansible's own command line, and on that of nothing else.
    assert changes(controller.play("swapctl.linux.process_absent", process_absent_patterns=[mark])) == [True]
    assert victim.wait(5) == -15
