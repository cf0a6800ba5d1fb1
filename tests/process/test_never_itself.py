"""``swapctl kill`` never hits what it was called by or through, nor who asks and watches at a terminal."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.process.stage import need, until
from tests.server import Server
from tests.support import ROOT, missing
from tests.terminal import Terminal
from tests.victims import Victims

SLOW = "trap 'sleep 0.7; exit 0' TERM; read line"


@pytest.fixture
def victims():
    with Victims() as victims:
        yield victims


@pytest.fixture
def mark():
    return f"marked{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Return an environment in which swapctl is on the PATH."""
    directory = tmp_path_factory.mktemp("here")
    program = directory / "swapctl"
    program.write_text(
        f"#!{sys.executable} -S\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from swapctl.cli import main\nraise SystemExit(main())\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SSH_", "TMUX"))}
    return {**mine, "PATH": f"{directory}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"}


@pytest.fixture(scope="module")
def server():
    server = Server()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def user(server):
    return server.user("somebody", sudo=True)


def run(command, env):
    """Run a command without a terminal; return its exit status and what it printed."""
    done = subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def stopped(victim):
    return victim.wait(10) == -signal.SIGTERM


def cleanup(directory, mark, line):
    """Return a script that has the mark in its path, and whose caller need not know what it does."""
    script = directory / mark / "cleanup.sh"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\n{line}\necho alive\n", encoding="utf-8")
    for path in (script.parent, script):
        path.chmod(0o755)
    return script


LINES = {
    "sh": 'sh -c "swapctl kill MARK"',
    "this-shell": "swapctl kill MARK",
    "this-shell-and-nothing-else": "true; swapctl kill MARK --quiet && true",
    "nested": """sh -c "sh -c 'swapctl kill MARK; true'; true" """,
    "bash": 'bash -c "swapctl kill MARK; true"',
    "subshell": "(swapctl kill MARK)",
    "substitution": 'out=$(swapctl kill MARK) && echo "$out"',
    "pipeline": "swapctl kill MARK | cat",
    "reader-of-the-output": "swapctl kill MARK | sh -c 'cat; : MARK'",
    "reader-of-the-errors": "swapctl kill MARK 2>&1 > /dev/null | sh -c 'cat; : MARK'",
    "and-its-own-pipeline": "sh -c 'cat; : MARK' < /dev/null | swapctl kill MARK",
    "background": "swapctl kill MARK & wait $!",
    "loop": "for i in 1 2 3; do swapctl kill MARK || test $? = 1; done",
    "env": "env X=MARK swapctl kill MARK",
    "xargs": "echo MARK | xargs swapctl kill",
    "xargs-with-the-mark": "echo swapctl | xargs -I PROGRAM sh -c 'PROGRAM kill MARK'",
    "timeout": "timeout 50 swapctl kill MARK",
    "nohup": "nohup swapctl kill MARK",
    "nice": "nice -n 1 swapctl kill MARK",
    "setsid": "setsid swapctl kill MARK",
    "setsid-wait": "setsid --fork --wait swapctl kill MARK",
    "script": "script --quiet --return --command 'swapctl kill MARK --yes' /dev/null",
    "python": f"""{sys.executable} -c 'import subprocess; subprocess.run(["swapctl", "kill", "MARK"], check=True)'""",
    "regex": "swapctl kill --regex 'MARK( |$)'",
    "all-but": "swapctl kill nothing-is-called-so --invert --session VICTIM --expect 1",
    "tree": "swapctl kill MARK --tree",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_what_called_it_lives_on(here, victims, mark, line):
    victim, bystander = victims.start(mark), victims.start(mark[:-1])
    written = line.replace("MARK", mark).replace("VICTIM", str(victim.pid))
    if not shutil.which(written.split()[0], path=here["PATH"]) and line.startswith("script"):
        missing("script(1) is not installed")
    code, output = run(["sh", "-c", f"{written}; echo alive $?"], here)
    assert (code, output.splitlines()[-1]) == (0, "alive 0"), output
    assert stopped(victim)
    assert bystander.poll() is None


def test_a_script_whose_path_matches_lives_on(here, victims, mark, tmp_path):
    victim = victims.start(mark)
    script = cleanup(tmp_path, mark, f"swapctl kill {mark}")
    code, output = run(["sh", "-c", f"{script}; echo alive too"], here)
    assert (code, output.splitlines()[-2:]) == (0, ["alive", "alive too"]), output
    assert stopped(victim)


def test_two_at_once_do_not_hit_each_other(here, victims, mark):
    several = [victims.start(mark, script=SLOW) for _number in range(3)]
    code, output = run(["sh", "-c", f"printf '{mark}\n{mark}\n' | xargs -P 2 -n 1 swapctl kill; echo alive $?"], here)
    # 123: one of them came when all were gone. 125 would be: one was killed.
    assert (code, output.splitlines()[-1]) in {(0, "alive 0"), (0, "alive 123")}, output
    assert [victim.wait(10) for victim in several] == [0, 0, 0]


def test_another_run_that_is_due_later_is_left_alone(here, victims, mark):
    victim = victims.start(mark)
    due = victims.start(script=f"read line; swapctl kill {mark}")
    code, output = run(["swapctl", "kill", mark, "--verbose"], here)
    assert code == 0
    assert f"{due.pid} (sh) left alone (swapctl): it runs swapctl, or something that does" in output
    assert stopped(victim)
    assert due.poll() is None


def test_a_job_of_cron_lives_on(here, victims, mark, tmp_path):
    victim, log = victims.start(mark), tmp_path / "log"
    job = f"{shutil.which('swapctl', path=here['PATH'])} kill {mark}; echo alive $?"
    code, output = run(
        ["sh", "-c", 'exec setsid --fork env -i PATH=/usr/bin:/bin sh -c "$0" > "$1" 2>&1', job, log], here
    )
    assert (code, output) == (0, "")
    until(lambda: log.exists() and "alive" in log.read_text(), "the job says that it is alive")
    assert log.read_text().splitlines()[-1] == "alive 0"
    assert stopped(victim)


# through sudo and su

SUDO = {
    "sudo": "sudo SWAPCTL kill MARK",
    "sudo-sh": "sudo sh -c 'SWAPCTL kill MARK; true'",
    "sudo-user": "sudo -u somebody SWAPCTL kill MARK",
    "sudo-login": "sudo -i -u somebody SWAPCTL kill MARK",
    "sudo-twice": "sudo -u somebody sudo SWAPCTL kill MARK",
    "su": "su -c 'SWAPCTL kill MARK'",
    "su-user": "su somebody -c 'SWAPCTL kill MARK; true'",
    "su-login": "su - somebody -c 'SWAPCTL kill MARK; true'",
    "setpriv": "setpriv --reuid=UID --regid=UID --clear-groups SWAPCTL kill MARK",
    "flock": "flock /run/lock-of-this-test SWAPCTL kill MARK",
}


@pytest.mark.parametrize("line", SUDO.values(), ids=SUDO.keys())
def test_who_lends_the_rights_lives_on(server, user, victims, mark, line):
    need(line.split()[0])
    victim = victims.start(mark, uid=user.uid)
    swapctl = str(server.directory / "bin" / "swapctl")
    written = line.replace("MARK", mark).replace("UID", str(user.uid)).replace("SWAPCTL", swapctl)
    code, output = run(server.command("sh", "-c", f"{written}; echo alive $?"), server.environment)
    assert (code, output.splitlines()[-1]) == (0, "alive 0"), output
    assert stopped(victim)


@pytest.mark.parametrize("pty", ["use_pty", "!use_pty"])
def test_sudo_lives_on_with_a_terminal_of_its_own_and_without(server, user, victims, mark, pty):
    server.sudo("pty", f"Defaults {pty}")
    victim = victims.start(mark, uid=user.uid)
    swapctl = server.directory / "bin" / "swapctl"
    command = server.command("sh", "-c", f"sudo {swapctl} kill {mark} --yes; echo alive $?")
    with Terminal(command, server.environment) as terminal:
        output = terminal.read("alive [0-9]+")
        assert terminal.end() == 0
    assert output.splitlines()[-1] == "alive 0"
    assert stopped(victim)


# through SSH, from this very machine

SSH = {
    "command": "SSH SWAPCTL kill MARK",
    "script": "SSH SCRIPT",
    "script-with-sudo": "SSH SUDO-SCRIPT",
    "sudo-and-script": "SSH sudo SCRIPT",
    "on-a-terminal": "SSH -tt SCRIPT",
    "on-a-terminal-with-sudo": "SSH -tt sudo SCRIPT",
    "connection-kept": "SSH -o ControlMaster=auto -o ControlPersist=60 -o ControlPath=HOME/MARK/%p SCRIPT > HOME/log; cat HOME/log",
    "connection-shared": "MASTER; SHARED SCRIPT",
    "connection-shared-with-sudo": "MASTER; SHARED sudo SCRIPT",
    "two-hops": "SSH SSH SCRIPT",
}


@pytest.mark.parametrize("line", SSH.values(), ids=SSH.keys())
def test_the_connection_that_it_came_through_lives_on(server, user, victims, mark, line):
    """What the client's command line has is the path of a script: that swapctl runs is not to be seen there."""
    victim = victims.start(mark, uid=user.uid)
    swapctl = server.directory / "bin" / "swapctl"
    script = cleanup(user.home, mark, f"$1 {swapctl} kill {mark} --yes")
    os.chown(script.parent, user.uid, user.uid)
    ssh = shlex.join(server.ssh(user))
    shared = f"{ssh} -o ControlPath={user.home}/%p-{mark[-4:]}"
    words = {
        "MASTER": f"{shared} -o ControlMaster=yes -f -N > /dev/null 2>&1",
        "SHARED": shared,
        "SUDO-SCRIPT": f"{script} sudo",
        "SCRIPT": str(script),
        "SWAPCTL": str(swapctl),
        "SSH": ssh,
        "HOME": str(user.home),
        "MARK": mark,
    }
    written = re.sub("|".join(words), lambda found: words[found[0]], line)
    code, output = run(server.by(user, "sh", "-c", f"{written}; echo alive $?"), server.environment)
    assert (code, output.splitlines()[-1]) == (0, "alive 0"), output
    assert stopped(victim)


# at a terminal


def test_a_shell_at_a_terminal_lives_on(here, victims, mark, tmp_path):
    victim = victims.start(mark)
    history = tmp_path / mark
    history.write_text(f"tail -f /var/log/{mark}\n", encoding="utf-8")
    env = {**here, "HISTFILE": str(history), "PS1": f"{mark}$ ", "BASH_SILENCE_DEPRECATION_WARNING": "1"}
    with Terminal(["bash", "--norc", "--noprofile", "-i"], env) as terminal:
        terminal.read(re.escape(f"{mark}$ "))
        terminal.type(f"swapctl kill {mark} --yes; echo still-'alive' $?\n")
        terminal.read(r"still-alive 0\r?\n")
        terminal.type("exit 7\n")
        assert terminal.end() == 7
    assert stopped(victim)


@pytest.fixture
def tmux(here):
    """Return a command for a tmux with a server of its own."""
    need("tmux")
    place = Path(f"/tmp/swapctl-tmux-{uuid.uuid4().hex[:8]}")  # a socket's path is short
    command = ["tmux", "-S", str(place), "-f", "/dev/null"]
    try:
        yield command
    finally:
        subprocess.run([*command, "kill-server"], env=here, check=False, capture_output=True)
        place.unlink(missing_ok=True)


def test_a_multiplexer_that_was_started_with_it_lives_on(here, victims, mark, tmp_path, tmux):
    victim, log = victims.start(mark), tmp_path / "log"
    line = f"swapctl kill {mark} --yes > {log} 2>&1; echo alive $? >> {log}; exec cat"
    assert run([*tmux, "new-session", "-d", "-s", mark, line], here) == (0, "")
    until(lambda: log.exists() and "alive" in log.read_text(), "the shell says that it is alive")
    assert log.read_text().splitlines()[-1] == "alive 0"
    assert run([*tmux, "list-sessions", "-F", "#{session_name}"], here) == (0, f"{mark}\n")
    assert stopped(victim)


def test_who_looks_at_a_multiplexer_keeps_looking(here, victims, mark, tmp_path, tmux):
    victim, log = victims.start(mark), tmp_path / "log"
    assert run([*tmux, "new-session", "-d", "-s", mark, "sh"], here) == (0, "")
    with Terminal([*tmux, "attach-session", "-t", mark], here) as terminal:
        until(lambda: run([*tmux, "list-clients"], here)[1], "somebody looks")
        line = f"swapctl kill {mark} --yes > {log} 2>&1; echo alive $? >> {log}"
        assert run([*tmux, "send-keys", "-t", mark, line, "Enter"], here) == (0, "")
        until(lambda: log.exists() and "alive" in log.read_text(), "the shell says that it is alive")
        assert terminal.process.poll() is None
        assert run([*tmux, "list-clients", "-F", "#{client_pid}"], here) == (0, f"{terminal.process.pid}\n")
    assert log.read_text().splitlines()[-1] == "alive 0"
    assert stopped(victim)


# the question


@pytest.fixture
def asked(here, victims, mark):
    """Give a victim, and a terminal at which the question stands."""
    victim = victims.start(mark)
    with Terminal(["swapctl", "kill", mark], here) as terminal:
        terminal.read(r"\[y/N\] $")
        yield victim, terminal


def test_asks_at_a_terminal_and_says_whom_it_would_stop(asked, mark):
    victim, terminal = asked
    me = pwd.getpwuid(os.geteuid()).pw_name
    (row,) = [line for line in terminal.output.splitlines() if mark in line]
    assert re.search(rf"\b{victim.pid}\b.*\b{me}\b.*\b[0-9]+s\b.*[0-9.]+ [KM]iB.*sh -c read line; : {mark}", row), row
    assert "Stop this process? [y/N] " in terminal.output
    assert victim.poll() is None


@pytest.mark.parametrize("answer", ["n\n", "\n", "yep\n", "\x04"], ids=["no", "enter", "neither", "end"])
def test_goes_on_only_if_told_so(asked, answer):
    victim, terminal = asked
    terminal.type(answer)
    assert terminal.end() == 3
    assert "swapctl: not confirmed: nothing was signalled" in terminal.output
    assert victim.poll() is None


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_stops_them_when_told_so(asked, answer):
    victim, terminal = asked
    terminal.type(answer)
    assert terminal.end() == 0
    assert "exited (-15)" in terminal.output
    assert stopped(victim)


def test_an_interrupt_is_a_no(asked):
    victim, terminal = asked
    terminal.type("\x03")
    assert terminal.end() == 130
    assert victim.poll() is None


@pytest.mark.parametrize("options", [["--yes"], ["--dry-run"]])
def test_does_not_ask_when_there_is_no_need(here, victims, mark, options):
    victim = victims.start(mark)
    with Terminal(["swapctl", "kill", mark, *options], here) as terminal:
        assert terminal.end() == 0
        assert "[y/N]" not in terminal.output
    assert stopped(victim) if options == ["--yes"] else victim.poll() is None


def test_does_not_ask_when_nothing_matches(here, mark):
    with Terminal(["swapctl", "kill", mark], here) as terminal:
        assert terminal.end() == 1
        assert terminal.output.strip() == "swapctl: nothing matches"


@pytest.mark.parametrize("redirection", ["< /dev/null", "2> /dev/null", "< /dev/null > /dev/null 2>&1"])
def test_goes_ahead_where_nobody_can_be_asked(here, victims, mark, redirection):
    victim = victims.start(mark)
    with Terminal(["sh", "-c", f"swapctl kill {mark} {redirection}; echo alive $?"], here) as terminal:
        terminal.read("alive 0")
        assert terminal.end() == 0
    assert stopped(victim)


def test_shows_who_is_still_there_while_it_waits(here, victims, mark):
    several = [victims.start(mark, script=SLOW) for _number in range(5)]
    with Terminal(["swapctl", "kill", mark, "--yes"], here) as terminal:
        assert terminal.end() == 0
    pids = sorted(victim.pid for victim in several)
    shown = ", ".join(f"{pid} sh" for pid in pids[:3])
    assert f"TERM: 0 of 10 s, still there: {shown}, 2 more" in terminal.output
    assert terminal.output.count("exited (0)") == 5


@pytest.mark.parametrize("options", [["--quiet"], ["--json"]])
def test_shows_nothing_while_it_waits_if_told_so(here, victims, mark, options):
    victims.start(mark, script=SLOW)
    with Terminal(["swapctl", "kill", mark, "--yes", *options], here) as terminal:
        assert terminal.end() == 0
    assert "still there" not in terminal.output
