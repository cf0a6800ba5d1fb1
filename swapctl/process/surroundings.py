"""What this process belongs to, and must not cut off: its ancestors, its session, the connection it was called through.

A command that kills by pattern is itself a match: of the shell that runs it, of the ssh at the other end when that is
this machine, of the terminal multiplexer that shows it, of the other tasks of the play that it is part of.
"""

from __future__ import annotations

import os
import re
import sys

from ..record import Record
from . import match
from .table import Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .table import Stat, Table, View

# A multiplexer's server, and the client through which a person looks at it, by their comm.
_MULTIPLEXERS = {"tmux: server": "tmux: client", "screen": "screen"}
_SSHD = frozenset({"sshd", "sshd-session", "sshd-auth", "dropbear"})
# Somebody else's run of this tool, or what was told to start one: sh -c, ssh, systemd-run, xargs, watch ...
_SWAPCTL = re.compile(
    rb"""(?:^|[\s/'"\0;&|(])swapctl(?:\.pyz)?['"]?[\s\0]+(?:--?\S+[\s\0]+)*(?:kill|find)(?:[\s\0]|$)"""
)
_ANSIBLE = re.compile(rb"/ansible-tmp-[0-9.]+-|BECOME-SUCCESS-|\becho ~\S|/\.ansible/|^ssh: .*\[mux\]")
_CONTROLLER = re.compile(r"ansible(?:-.+)?")
_INTERPRETED = 2  # words in which the name of a script stands: python3 /usr/bin/ansible-playbook


class Surroundings(Record):
    """Which processes this one hangs on."""

    pid: int
    session: int
    ancestors: frozenset[int] = frozenset()
    connection: frozenset[int] = frozenset()
    clients: frozenset[str] = frozenset()
    pipes: frozenset[str] = frozenset()
    ansible: bool = False


def look_around(table: Table, *, ansible: bool = False) -> Surroundings:
    """Return what this process belongs to; *ansible*: it is a task of a play, whose other tasks are left alone."""
    me = os.getpid()
    ancestors = tuple(_lineage(table, me))
    programs = {_comm(table, pid) for pid in ancestors}
    return Surroundings(
        me,
        table.view(me).stat.session,
        ancestors=frozenset(ancestors),
        # sudo hides the connection from us, but not from those between it and sshd.
        connection=frozenset(_far_end(table, (me, *ancestors) if programs & _SSHD else (me,))),
        clients=frozenset(client for server, client in _MULTIPLEXERS.items() if server in programs),
        pipes=frozenset(_pipeline(table, me)),
        ansible=ansible or any(_is_controller(table.view(pid)) for pid in ancestors),
    )


def reason_to_protect(view: View, table: Table, around: Surroundings) -> str:
    """Return why a process is protected, a key of plan.REASONS, or nothing; Gone if it is no more."""
    reason = reason_by_place(view.stat, view.pid, around)
    if reason:
        return reason
    if is_foreign(view):
        return "namespace"
    if around.pipes and _reads(view, around.pipes):
        return "connection"
    if _SWAPCTL.search(view.cmdline):
        return "swapctl"
    return "ansible" if around.ansible and _is_of_ansible(view, table) else ""


def reason_by_place(stat: Stat, pid: int, around: Surroundings) -> str:
    """Return why a process is protected, as far as its number and its name tell; its memory is not read."""
    reasons = {
        "self": pid == around.pid,
        "kernel": stat.kernel,
        "init": pid == 1,
        "ancestor": pid in around.ancestors,
        "session": pid == around.session,
        "connection": pid in around.connection or stat.comm in around.clients,
        "sshd": stat.comm in _SSHD,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _pipeline(table: Table, me: int) -> Iterator[str]:
    """Give the pipes that this process writes to, and those that their readers write to: kill | grep | tee."""
    pipes = set(_output(table.view(me)))
    members = [table.view(pid) for pid in table.pids() if pipes and _group(table, pid) == _group(table, me)]
    while pipes:
        yield from pipes
        readers = [view for view in members if view.pid != me and _reads(view, frozenset(pipes))]
        members = [view for view in members if view not in readers]
        pipes = {pipe for view in readers for pipe in _output(view)}


def _group(table: Table, pid: int) -> int:
    try:
        return table.view(pid).stat.group
    except (Gone, Denied):
        return 0


def _output(view: View) -> Iterator[str]:
    for number in (1, 2):
        try:
            target = view.link(f"fd/{number}")
        except (Gone, Denied):
            continue
        if target.startswith("pipe:"):
            yield target


def _reads(view: View, pipes: frozenset[str]) -> bool:
    """Whether a process reads from one of *pipes*."""
    try:
        numbers = view.list("fd")
    except (Gone, Denied):
        return False
    for number in numbers:
        try:
            if view.link(f"fd/{number}") in pipes:
                flags = int(view.read(f"fdinfo/{number}").partition(b"flags:")[2].split()[0], 8)
                if flags & os.O_ACCMODE == os.O_RDONLY:
                    return True
        except (Gone, Denied):  # this one was closed meanwhile
            continue
    return False


def is_foreign(view: View) -> bool:
    """Whether a process has another number in a PID namespace of its own: a container's."""
    return len(view.status.get("NSpid", "").split()) > 1


def _is_of_ansible(view: View, table: Table) -> bool:
    if _ANSIBLE.search(view.cmdline) or _is_controller(view):
        return True
    return any(_is_controller(table.view(ancestor)) for ancestor in _lineage(table, view.pid))


def _is_controller(view: View) -> bool:
    try:
        if not view.comm.startswith(("ansible", "python")):
            return False
        return any(_CONTROLLER.fullmatch(word.rpartition("/")[2]) for word in view.argv[:_INTERPRETED])
    except (Gone, Denied):
        return False


def _lineage(table: Table, pid: int) -> Iterator[int]:
    """Give the parent of a process, the parent's parent, and so on."""
    seen = {0}
    while pid not in seen:
        seen.add(pid)
        try:
            pid = table.view(pid).stat.parent
        except (Gone, Denied):
            return
        if pid:
            yield pid


def _comm(table: Table, pid: int) -> str:
    try:
        return table.view(pid).comm
    except (Gone, Denied):
        return ""


def _far_end(table: Table, family: tuple[int, ...]) -> Iterator[int]:
    """Give who is at the other end of the SSH connection, if that is on this machine, and their ancestors."""
    connection = _ssh_connection(table, family)
    if not connection:
        return
    client, client_port, server, server_port = connection
    socket = _socket(table, _address(client, client_port), _address(server, server_port))
    if not socket:
        return
    for pid in table.pids():
        view = table.view(pid)
        try:
            # Another ssh may hold it for the one that was called (ControlMaster), or have been called through one more.
            holds = view.comm == "ssh" or socket in view.sockets()
        except (Gone, Denied):
            continue
        if holds:
            yield pid
            yield from (ancestor for ancestor in _lineage(table, pid) if ancestor != 1)


def _ssh_connection(table: Table, family: tuple[int, ...]) -> list[str] | None:
    """Return client, its port, server and its port, as the first of *family* that has them in its environment says."""
    for pid in family:
        try:
            environ = table.view(pid).read("environ")
        except (Gone, Denied):
            continue
        for variable in environ.split(b"\0"):
            name, _equals, value = variable.partition(b"=")
            words = match.decode(value).split()
            if name == b"SSH_CONNECTION" and len(words) == 4:  # noqa: PLR2004 (sshd(8): two addresses with their ports)
                return words
    return None


def _socket(table: Table, local: set[str], remote: set[str]) -> str:
    for kind in ("tcp", "tcp6"):
        for line in table.text(f"self/net/{kind}").splitlines()[1:]:
            fields = line.split()
            if fields[1] in local and fields[2] in remote:
                return f"socket:[{fields[9]}]"
    return ""


def _address(host: str, port: str) -> set[str]:
    """Return what an address and a port look like in ``/proc/net/tcp`` and ``tcp6``: words of 4 bytes, host order."""
    import socket

    host = host.partition("%")[0]
    try:
        if ":" in host:
            texts = [socket.inet_pton(socket.AF_INET6, host)]
        else:
            packed = socket.inet_pton(socket.AF_INET, host)
            texts = [packed, bytes(10) + b"\xff\xff" + packed]
        number = int(port)
    except (OSError, ValueError):
        return set()
    words = [[packed[at : at + 4] for at in range(0, len(packed), 4)] for packed in texts]
    step = -1 if sys.byteorder == "little" else 1
    return {f"{b''.join(word[::step] for word in several).hex().upper()}:{number:04X}" for several in words}
