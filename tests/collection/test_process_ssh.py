"""The module ``swapctl.linux.process`` over real SSH connections: it never hits its own, nor any other part of the play.

The pattern is the user's name, and in all that Ansible is given: so it is on nearly every command line of the play.
"""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.server import ADDRESSES, Server
from tests.support import venv_path
from tests.victims import Victims

HOSTS = ("one", "two", "three")
RAN_MEANWHILE = "sleep 4"


class Way(NamedTuple):
    """How the task reaches its host."""

    become: bool
    wait: str  # for the task itself; for it as a job that is polled; for nothing: another task asks
    pipelining: bool
    transfer: str = "smart"


WAYS = {
    "plain": Way(become=False, wait="task", pipelining=False),
    "become-pipelining": Way(become=True, wait="task", pipelining=True),
    "become-async": Way(become=True, wait="job", pipelining=False, transfer="scp"),
    "async-unattended-pipelining": Way(become=False, wait="later", pipelining=True, transfer="piped"),
}


@pytest.fixture(scope="module")
def server():
    server = Server()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def victims():
    with Victims() as victims:
        yield victims


@pytest.fixture
def mark():
    return f"mk{uuid.uuid4().hex[:10]}"


def tasks(way):
    """Return the tasks of a play, in which something else runs from the beginning to the end."""
    stop = {
        "swapctl.linux.process": {"pattern": "{{ what }}"},
        "become": way.become,
        "register": "stopped",
        **{"task": {}, "job": {"async": 60, "poll": 1}, "later": {"async": 60, "poll": 0}}[way.wait],
    }
    finished = {
        "ansible.builtin.async_status": {"jid": "{{ stopped.ansible_job_id }}"},
        "become": way.become,
        "register": "stopped",
        "until": "stopped.finished",
        "retries": 60,
        "delay": 1,
    }
    meanwhile = {
        "ansible.builtin.command": RAN_MEANWHILE,
        "async": 60,
        "poll": 0,
        "register": "meanwhile",
        "changed_when": False,
    }
    ended = {
        "ansible.builtin.async_status": {"jid": "{{ meanwhile.ansible_job_id }}"},
        "register": "ended",
        "until": "ended.finished",
        "retries": 60,
        "delay": 1,
    }
    return [
        meanwhile,
        stop,
        *([finished] if way.wait == "later" else []),
        {"ansible.builtin.ping": {}},
        ended,
        {
            "ansible.builtin.assert": {"that": ["ended.rc == 0", f"ended.cmd == {RAN_MEANWHILE.split()}"]},
            "delegate_to": "localhost",
        },
        {
            "ansible.builtin.copy": {
                "content": "{{ stopped | to_json }}",
                "dest": "{{ playbook_dir }}/{{ inventory_hostname }}.json",
            },
            "delegate_to": "localhost",
            "connection": "local",
        },
    ]


def inventory(server, user, mark, way):
    """Return several names for this machine, all with the mark."""
    shared = {
        "ansible_port": server.port,
        "ansible_user": user.name,
        "ansible_python_interpreter": server.python,
        "ansible_ssh_private_key_file": str(server.directory / "key"),
        "ansible_ssh_common_args": "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
        "ansible_ssh_transfer_method": way.transfer,
        "ansible_pipelining": way.pipelining,
        "ansible_control_path_dir": str(server.directory / f"cp-{mark}"),
    }
    hosts = {f"{mark}-{name}": {"ansible_host": ADDRESSES[number % 2]} for number, name in enumerate(HOSTS)}
    return {"all": {"hosts": hosts, "vars": shared}}


@pytest.fixture
def play(server, collections_path, tmp_path, mark):
    """Return what runs the play on all hosts at once, and gives its exit status, what it printed and what the tasks said."""

    def play(user, way):
        directory = tmp_path / f"play-of-{mark}"
        directory.mkdir()
        book, hosts = directory / "play.yml", directory / "hosts.json"
        plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks(way)}]
        book.write_text(json.dumps(plays), encoding="utf-8")
        hosts.write_text(json.dumps(inventory(server, user, mark, way)), encoding="utf-8")
        (directory / "home").mkdir()
        command = server.command(
            Path(sys.executable).parent / "ansible-playbook",
            *("--inventory", hosts, "--forks", "4", "--extra-vars", f"what={mark}", "-v", book),
        )
        done = subprocess.run(
            command,
            env={
                **server.environment,
                **venv_path(),
                "ANSIBLE_COLLECTIONS_PATH": str(collections_path),
                "ANSIBLE_NOCOLOR": "true",
                "HOME": str(directory / "home"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        said = [json.loads(file.read_text(encoding="utf-8")) for file in directory.glob(f"{mark}-*.json")]
        return done.returncode, done.stdout, said

    return play


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_the_play_goes_on_after_it(server, play, victims, mark, way):
    user = server.user(mark, sudo=True)
    uids = [user.uid, 0 if way.become else user.uid, user.uid]
    marked = [victims.start(mark, name, uid=uid) for name, uid in zip(HOSTS, uids)]
    other = victims.start(mark[:-1], uid=user.uid)
    code, output, said = play(user, way)
    assert code == 0, output
    assert "UNREACHABLE" not in output
    assert len(said) == len(HOSTS)
    assert [victim.poll() for victim in marked] == [-15] * len(HOSTS)
    assert other.poll() is None
    pids = {victim.pid for victim in marked}
    # Each host's task looks at the same processes: one of them comes first.
    assert {one["pid"] for result in said for one in result["processes"]} <= pids
    assert any(result["changed"] for result in said)
    protected = {one["reason"] for result in said for one in result["protected"]}
    assert "sshd" in protected
    assert "ansible" in protected
