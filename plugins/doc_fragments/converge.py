# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of every module that changes swap; their types are in plugins/module_utils/_converge.py."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  backup:
    description:
      - Keep a copy of C(/etc/fstab) beside it, with the time in its name, when it is changed.
      - When left out, no copy is kept.
    type: bool
    default: false
  fstab_in_place:
    description:
      - Write C(/etc/fstab) where it stands instead of replacing it in one step.
      - It is needed only where the file is a mount point of its own, as in some containers. A crash in the middle of
        the writing can leave the file half written.
      - When left out, the file is replaced in one step, and a task that cannot do that fails and changes nothing.
    type: bool
    default: false
  lock_timeout:
    description:
      - How many seconds to wait while another run of this collection, or of the C(swapctl) command, changes the swap
        of the same host.
      - When that time is over, the task fails and nothing is changed.
    type: float
    default: 30.0
"""
