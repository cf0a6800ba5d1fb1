# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: process
short_description: Stop processes, or send them a signal, and never the wrong ones
version_added: 0.1.0
description:
  - Finds the processes that have all that is asked for, stops them with a ladder of signals, and proves that they are
    gone.
  - Each process is held by a descriptor from the moment at which it is found, and signalled through that. A process
    that gets the number of one that has ended meanwhile is never hit.
  - Protected are process 1, threads of the kernel, the task itself, what started it and the connection that it came
    through, processes of other PID namespaces, SSH servers and their sessions, other runs of C(swapctl), and all
    that belongs to a running Ansible. They are left alone and told in RV(protected).
  - What matches anew while others are being stopped is stopped, too, as long as the time of O(ladder) lasts.
  - The task fails if a process is left, and names it.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - swapctl.linux.selector
attributes:
  check_mode:
    support: full
    details: The processes are chosen exactly as in a run, and have the outcome V(planned).
  diff_mode:
    support: full
    details: Shows the processes before and after.
  platform:
    support: full
    platforms: linux
options:
  state:
    description:
      - V(absent) stops the processes.
      - V(signalled) sends O(signal) once and waits for nothing.
      - When left out, the processes are to be absent.
    type: str
    choices: [absent, signalled]
    default: absent
  ladder:
    description:
      - Signals in order, each with the time after which those that are left get the next one.
      - A signal without a time has 5 seconds. A rung ends early when all that are left ignore its signal.
      - A stopped process is continued, so that the signal reaches it.
      - When left out, C(SIGTERM) with 10 seconds and C(SIGKILL) with 5 seconds.
    type: str
    default: TERM:10s,KILL:5s
  signal:
    description:
      - Signal to send with O(state=signalled), by name or number.
      - When left out, there is none, so it is required there.
    type: str
  tree:
    description:
      - Whether all descendants of the processes are meant as well, also those that are forked meanwhile.
      - When left out, they are not.
    type: bool
    default: false
  expect:
    description:
      - How many processes there must be. With another number the task fails, and nothing is signalled.
      - When left out, there may be any number up to O(max).
    type: int
  max:
    description:
      - How many processes there may be at most. With more the task fails, and nothing is signalled. Descendants do
        not count.
    type: int
    default: 20
  include:
    description:
      - Kinds of protected processes that are meant all the same.
      - When left out, none is.
    type: list
    elements: str
    choices: [init, ancestor, session, connection, namespace, sshd, swapctl, ansible]
    default: []
seealso:
  - module: swapctl.linux.process_info
author:
  - The swapctl developers (@swapctl)
"""

EXAMPLES = r"""
- name: Stop all workers
  swapctl.linux.process:
    pattern: worker.conf

- name: Stop the four workers of one user, and give them half a minute
  swapctl.linux.process:
    pattern: worker
    name: true
    user: app
    expect: 4
    ladder: TERM:30s,KILL:5s

- name: Let a daemon read its configuration anew
  swapctl.linux.process:
    pidfile: /run/worker.pid
    state: signalled
    signal: HUP

- name: Stop everything of a user who is to be deleted, but not this connection
  swapctl.linux.process:
    user: mallory
    max: 500
    include: [sshd]
"""

RETURN = r"""
processes:
  description: The processes that were meant, and what became of each. Sizes are in bytes.
  returned: always
  type: list
  elements: dict
  contains:
    pid:
      description: Process id.
      type: int
      sample: 4711
    inode:
      description: Number that no other process ever has, null where the kernel has none (before Linux 6.9).
      type: int
      sample: 353252
    name:
      description: Name, in full where the kernel keeps only its beginning.
      type: str
      sample: worker
    command:
      description: Command line, its arguments apart by one blank; empty for kernel threads and zombies.
      type: str
      sample: /usr/bin/worker --config /etc/worker.conf
    argv:
      description: Arguments.
      type: list
      elements: str
      sample: [/usr/bin/worker, --config, /etc/worker.conf]
    user:
      description: Effective user.
      type: str
      sample: app
    uid:
      description: Effective user's number.
      type: int
      sample: 998
    parent_pid:
      description: Process id of the parent.
      type: int
      sample: 1
    session:
      description: Session id.
      type: int
      sample: 4711
    state:
      description: State when it was found, as a letter.
      type: str
      sample: S
    threads:
      description: Number of threads.
      type: int
      sample: 4
    age:
      description: Seconds since it began, when it was found.
      type: float
      sample: 86400.5
    rss:
      description: Memory that it had.
      type: int
      sample: 73400320
    swap:
      description: How much of it was in swap, without what it shared with others.
      type: int
      sample: 0
    outcome:
      description:
        - V(exited) after a signal; V(zombie) if it has ended and its parent has not noticed; V(vanished) before any
          signal; V(signalled) if nothing was waited for; V(planned) in check mode.
        - V(survived), V(stuck) in the kernel, V(denied) for lack of permission, or V(respawned) if it came while others
          were being stopped and is still there. These fail the task.
      type: str
      sample: exited
    signals:
      description: Signals that reached it.
      type: list
      elements: str
      sample: [TERM, KILL]
    status:
      description: Exit code, or the negative number of the signal that ended it; null where the kernel does not tell.
      type: int
      sample: -9
    elapsed:
      description: Seconds from its first signal to its end, null if it has not ended.
      type: float
      sample: 10.021
    parent:
      description: Of a zombie or a respawned process, its parent's C(pid) and C(name).
      type: dict
      sample:
    tracer:
      description: The C(pid) and C(name) of the process that traces it.
      type: dict
      sample:
    wchan:
      description: Where in the kernel it is stuck.
      type: str
      sample:
    detail:
      description: Why it is still there.
      type: str
      sample: ""
protected:
  description:
    - Processes that match and were left alone, as above, with the C(outcome) V(protected), the C(reason), one of the
      values of O(include) or V(self) or V(kernel), and C(detail) in words.
  returned: always
  type: list
  elements: dict
unknown:
  description: Processes of which it cannot be told whether they are meant, with the C(reason). They fail the task.
  returned: always
  type: list
  elements: dict
partial:
  description: Whether C(/proc) hides processes from this user.
  returned: always
  type: bool
  sample: false
trouble:
  description: What ended the run early, such as too few open files, or empty. It fails the task.
  returned: always
  type: str
  sample: ""
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._process import SELECTOR_SPEC, act
from ..module_utils.swapctl.process.ladder import DEFAULT
from ..module_utils.swapctl.process.plan import INCLUDABLE, MOST

ACTION = {
    "state": {"type": "str", "choices": ["absent", "signalled"], "default": "absent"},
    "ladder": {"type": "str", "default": DEFAULT},
    "signal": {"type": "str"},
    "tree": {"type": "bool", "default": False},
    "expect": {"type": "int"},
    "max": {"type": "int", "default": MOST},
    "include": {"type": "list", "elements": "str", "choices": list(INCLUDABLE), "default": []},
}


def main() -> None:
    act(
        AnsibleModule(
            argument_spec={**SELECTOR_SPEC, **ACTION},
            required_if=[("state", "signalled", ["signal"])],
            supports_check_mode=True,
        )
    )


if __name__ == "__main__":
    main()
