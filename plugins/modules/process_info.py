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
"""

RETURN = r"""
processes:
  description: The processes, in the order of their ids. Sizes are in bytes.
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
unknown:
  description: Processes of which it cannot be told whether they are meant, with the C(reason).
  returned: success
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
from ..module_utils._process import SELECTOR_SPEC, WORDS, selector
from ..module_utils.swapctl.process import look


def main() -> None:
    module = AnsibleModule(argument_spec=SELECTOR_SPEC, supports_check_mode=True)
    report(module, lambda: look(selector(module.params)).to_dict(), WORDS)


if __name__ == "__main__":
    main()
