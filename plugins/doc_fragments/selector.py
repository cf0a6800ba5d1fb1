# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that say which processes are meant; their types are in plugins/module_utils/_process.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  pattern:
    description:
      - A literal, contiguous part of the command line or of the name.
      - The command line is compared with its arguments apart by one blank. Names are those that C(ps -e) shows, at
        most 15 bytes long.
      - A pattern that is empty or matches everything makes the task fail.
      - When left out, the other options choose, and at least one of them must.
    type: str
  name:
    description:
      - Whether O(pattern) is compared with names alone, that of the process, of its program and of the script that it
        runs, each without directories, and not with the rest of the command line.
    type: bool
    default: false
  regex:
    description: Whether O(pattern) is a regular expression, found anywhere in the command line or name.
    type: bool
    default: false
  glob:
    description: Whether O(pattern) is a shell pattern, for the whole command line or name.
    type: bool
    default: false
  exact:
    description: Whether O(pattern) is the whole name, or one whole argument of the command line.
    type: bool
    default: false
  ignore_case:
    description: Whether upper and lower case are the same in O(pattern).
    type: bool
    default: false
  invert:
    description: Whether those processes are meant that O(pattern) does not match. The other options hold as they are.
    type: bool
    default: false
  user:
    description:
      - Effective user, by name or number, one of them.
      - When left out, any. This holds for all options that follow. All that are given must hold.
    type: list
    elements: str
  group:
    description: Effective group, by name or number, one of them.
    type: list
    elements: str
  parent:
    description: Process id of the parent, one of them.
    type: list
    elements: int
  ancestor:
    description: Process id of the parent, or its parent, and so on, one of them.
    type: list
    elements: int
  session:
    description: Session id, one of them.
    type: list
    elements: int
  tty:
    description: Controlling terminal, such as V(pts/3), one of them; V(none) for processes without.
    type: list
    elements: str
  process_state:
    description:
      - State, one of these letters. V(R) runs, V(S) and V(I) sleep, V(D) waits in the kernel, V(T) is stopped, V(t)
        is stopped by a tracer, V(Z) has ended and waits for its parent.
    type: str
  older_than:
    description: It began longer ago than this, in seconds or as V(5m), V(2h), V(1d).
    type: str
  younger_than:
    description: It began less long ago than this, in seconds or as V(5m), V(2h), V(1d).
    type: str
  cgroup:
    description: Path of a control group of which it is a member, or of one above that, one of them.
    type: list
    elements: str
  unit:
    description: Systemd unit to which it belongs, one of them. A name without a suffix means a service.
    type: list
    elements: str
  exe:
    description: Executable file that it runs, one of them, also when the file was deleted or replaced meanwhile.
    type: list
    elements: path
  pid:
    description:
      - Process id, one of them. V(PID:INODE), as M(swapctl.linux.process_info) tells both, is this one process and
        never a later one with the same id.
      - A protected process that is named here makes the task fail instead of being left out.
    type: list
    elements: str
  pidfile:
    description:
      - File that holds its process id.
      - A file that is empty, holds something else, names no process or one that began after the file was written, or
        could have been written by somebody who does not own the process, makes the task fail. One that is not there
        means that there is no such process.
    type: path
  env:
    description: Variable in its environment, V(NAME) or V(NAME=VALUE), one of them.
    type: list
    elements: str
  port:
    description: TCP or UDP port at which it waits, in the network namespace of the task, one of them.
    type: list
    elements: int
  min_swap:
    description: It has at least this much in swap, in bytes or as V(100M).
    type: str
  min_rss:
    description: It has at least this much in memory, in bytes or as V(100M).
    type: str
  newest:
    description: Whether only the one that began last is meant, of those that are chosen otherwise.
    type: bool
    default: false
  oldest:
    description: Whether only the one that began first is meant, of those that are chosen otherwise.
    type: bool
    default: false
"""
