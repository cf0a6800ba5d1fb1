# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: process_info
short_description: Find processes by a part of their command line and by what else they have
version_added: 0.1.0
description:
  - Lists the processes that have all that is asked for. The module itself is left out, its ancestors are not.
  - Changes nothing and starts no other program. A command line, an environment or open files are read only when an
    option or the result needs them.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - swapctl.linux.selector
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  platform:
    support: full
    platforms: linux
options:
  memory:
    description:
      - Whether to tell who uses most memory and swap, instead of all about each process. All processes are meant then,
        if no other option says which.
      - No command line is read for it, so that nothing that is swapped out comes back.
    type: bool
    default: false
  sort:
    description:
      - Who has most of this comes first. Of V(age) that is who began first, V(faults) are those with reading from a
        disk, V(cpu) is time on a processor, and for V(pss) the kernel walks through the memory of all processes that
        are meant.
      - When left out, V(swap). Only with O(memory).
    type: str
    choices: [swap, rss, pss, faults, age, cpu]
  limit:
    description: So many, V(0) for all. When left out, 20. Only with O(memory).
    type: int
  by:
    description:
      - Sum what all processes of one program, user or systemd unit have. What several of them share is counted for
        each, unless O(pss) shares it out.
      - When left out, each process is told. Only with O(memory).
    type: str
    choices: [program, user, unit]
  pss:
    description:
      - Whether to share out what several processes have together, in memory and in swap. The kernel walks through the
        memory of all that are told for it, which takes longer, and brings nothing back from swap.
      - When left out, that is done for O(sort=pss) alone. Only with O(memory).
    type: bool
notes:
  - What an ordinary user may not know of a process of somebody else is told in RV(unknown), and whether C(/proc) hides
    processes altogether in RV(partial).
seealso:
  - module: swapctl.linux.process
author:
  - The swapctl developers (@swapctl)
"""

EXAMPLES = r"""
- name: Look for workers
  swapctl.linux.process_info:
    pattern: worker.conf
    user: app
  register: workers

- name: Make sure that there are four
  ansible.builtin.assert:
    that: workers.processes | length == 4

- name: Who has more than 100 MiB in swap?
  swapctl.linux.process_info:
    min_swap: 100M

- name: Which five use most swap?
  swapctl.linux.process_info:
    memory: true
    limit: 5
  register: users

- name: Which unit uses most swap?
  swapctl.linux.process_info:
    memory: true
    by: unit
    pss: true
    limit: 1
  register: units

- name: Tell of them
  ansible.builtin.debug:
    msg: "{{ item.name }} ({{ item.user }}): {{ item.swap | human_readable }}"
  loop: "{{ users.processes }}"
"""

RETURN = r"""
processes:
  description:
    - The processes, in the order of their ids. Sizes are in bytes.
    - With O(memory) in the order that O(sort) says, and each without C(inode), C(command), C(parent_pid) and
      C(session).
    - With O(by) each is what several have together, with the C(name) of the program, user or unit. C(pid), C(uid),
      C(user), C(state) and C(argv) are then null or empty, and C(age) is that of the oldest.
  returned: success
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
      description: State, as a letter.
      type: str
      sample: S
    threads:
      description: Number of threads.
      type: int
      sample: 4
    age:
      description: Seconds since it began.
      type: float
      sample: 86400.5
    rss:
      description: Memory that it has.
      type: int
      sample: 73400320
    swap:
      description: How much of it is in swap, without what it shares with others.
      type: int
      sample: 0
    count:
      description: How many processes this stands for, 1 without O(by).
      returned: with O(memory)
      type: int
      sample: 1
    minor:
      description: Page faults since it began that took no reading from a disk.
      returned: with O(memory)
      type: int
      sample: 20544
    major:
      description: Page faults since it began that took reading from a disk, where swap is, too.
      returned: with O(memory)
      type: int
      sample: 311
    cpu:
      description: Seconds for which it has had a processor.
      returned: with O(memory)
      type: float
      sample: 71.25
    pss:
      description:
        - Memory, with what is shared divided by those who share it.
        - null unless O(pss) or O(sort=pss) asks for it, and where this user may not know.
      returned: with O(memory)
      type: int
      sample: 52428800
    private_dirty:
      description: What it has written to and nobody else has; null as C(pss) is.
      returned: with O(memory)
      type: int
      sample: 20971520
    swap_pss:
      description: What it has in swap, divided likewise; null as C(pss) is.
      returned: with O(memory)
      type: int
      sample: 0
total:
  description: How many processes there are of which RV(processes) has the first.
  returned: with O(memory)
  type: int
  sample: 211
swap_total:
  description: How much swap the host has.
  returned: with O(memory)
  type: int
  sample: 4294967296
swap_used:
  description: How much of it is used.
  returned: with O(memory)
  type: int
  sample: 1073741824
swap_known:
  description:
    - How much of that processes have at most. The rest is shared memory and files in tmpfs.
    - null where only some processes are meant, or O(sort) is by what tells nothing of swap.
  returned: with O(memory)
  type: int
  sample: 805306368
denied:
  description: Of how many processes this user may not know all.
  returned: with O(memory)
  type: int
  sample: 0
silent:
  description: How many did not answer, because their memory is locked.
  returned: with O(memory)
  type: int
  sample: 0
unknown:
  description: Processes of which it cannot be told whether they are meant, with the C(reason).
  returned: without O(memory)
  type: list
  elements: dict
  sample: [{pid: 812, name: secretd, reason: "no permission to learn its exe"}]
partial:
  description: Whether C(/proc) hides processes from this user, so that there may be more.
  returned: success
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._outcome import report
from ..module_utils._process import SELECTOR_SPEC, WORDS, look

MEMORY = {
    "memory": {"type": "bool", "default": False},
    "sort": {"type": "str", "choices": ["swap", "rss", "pss", "faults", "age", "cpu"]},
    "limit": {"type": "int"},
    "by": {"type": "str", "choices": ["program", "user", "unit"]},
    "pss": {"type": "bool"},
}


def main() -> None:
    module = AnsibleModule(argument_spec={**SELECTOR_SPEC, **MEMORY}, supports_check_mode=True)
    report(module, lambda: look(module.params), WORDS)


if __name__ == "__main__":
    main()
