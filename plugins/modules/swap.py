# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: swap
short_description: Manage a swap file or swap device
version_added: 0.1.0
description:
  - Creates, resizes, activates, deactivates and removes one swap area, which is a file or a block device, and keeps
    its line in C(/etc/fstab).
  - However the host looks before, one run leads to the wanted state. Where that is there already, nothing is changed
    and no other program is started.
  - What is not a swap area is never overwritten. A data file, directory, symbolic link, file system, LUKS, LVM or RAID
    member, partition table or hibernation image at O(path) makes the task fail, and nothing is changed.
  - A new file is made under a temporary name, allocated in full and formatted before it gets its name, so that a
    half-made one never has it. When a step fails, all steps before it are undone.
  - An area is turned off only if what it holds fits into memory and the other areas. When it is resized and that
    does not fit, a temporary area takes the load meanwhile.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - swapctl.linux.converge
attributes:
  check_mode:
    support: full
    details: The RV(actions) are exactly those that a run performs.
  diff_mode:
    support: full
    details: Shows the area, and C(/etc/fstab), before and after.
  platform:
    support: full
    platforms: linux
options:
  path:
    description:
      - Absolute path of the swap file, or of the block device.
      - A device can also be named by what it bears, as V(UUID=...), V(LABEL=...) or V(PARTUUID=...), or by a
        link such as V(/dev/disk/by-id/...). The line in C(/etc/fstab) then says the same.
    type: path
    required: true
  state:
    description:
      - V(present) makes the area, if it is not there, and brings it to what the other options say.
      - V(absent) turns the area off, takes it out of C(/etc/fstab), and deletes the file. A device is left as it is.
        Nothing is deleted but a swap file.
      - When left out, the area is to be present.
    type: str
    choices: [present, absent]
    default: present
  size:
    description:
      - How large the area is, its header included.
      - In bytes; with V(K), V(M), V(G) or V(T) (also V(KiB) and so on) in powers of 1024, with V(KB), V(MB), V(GB) or
        V(TB) in powers of 1000; as a percentage of RAM, such as V(50%); or V(auto), which for a file is as much as RAM
        but at least 1 GiB and at most 8 GiB, and for a device all of it.
      - An area of another size is made anew and keeps its label and UUID. A size that depends on RAM is right within
        two percent.
      - When left out, an area that is there keeps its size, a new one on a device takes all of the device, and a task
        that would have to make a file fails.
    type: str
  active:
    description:
      - Whether the kernel swaps to the area from now on.
      - When left out, it does.
    type: bool
    default: true
  persist:
    description:
      - Whether the area is active after a reboot as well.
      - V(fstab) lists it in C(/etc/fstab) with exactly the options given here, in one line. Other lines for the same
        area are taken out, however they name it. The rest of the file keeps its bytes and its place.
      - V(systemd) writes a C(.swap) unit into C(/etc/systemd/system), started at boot, and takes the area out of
        C(/etc/fstab). V(fstab) does the reverse.
      - V(none) takes it out of both. A unit that a generator or the distribution brings is masked.
      - V(keep) leaves both as they are, with O(state=absent) too.
      - When left out, it is listed.
    type: str
    choices: [fstab, systemd, none, keep]
    default: fstab
  priority:
    description:
      - Priority of the area, from 0 to 32767. The kernel fills areas with a higher one first.
      - When left out, the kernel chooses one below all that are set, and a priority that was set is taken away.
    type: int
  discard:
    description:
      - Whether the kernel tells the disk which blocks are free. V(once) does so for the whole area when it is
        activated, V(pages) for pages as they are freed, V(both) does both.
      - When left out, none of that is done.
    type: str
    choices: [none, once, pages, both]
    default: none
  nofail:
    description:
      - Boot without complaint when the area is missing. For a device C(x-systemd.device-timeout=30s) is added as
        well, unless O(options) has such an option, because without it a missing device delays the boot.
      - When left out, a missing area is an error at boot.
    type: bool
    default: false
  label:
    description:
      - Label of the area, at most 15 bytes.
      - When left out, an area that is there keeps its label, and a new one has none.
    type: str
  uuid:
    description:
      - UUID of the area.
      - When left out, an area that is there keeps its UUID, and a new one gets a random one.
    type: str
  options:
    description:
      - Further options of the line in C(/etc/fstab), in this order after those that the other options make.
      - When left out, there are none.
    type: list
    elements: str
    default: []
  force:
    description:
      - Overwrite what a block device holds, be it a file system, LUKS or anything else. A device in use is refused all
        the same, and for a file this does nothing.
      - When left out, only a device that is blank or a swap area already is used.
    type: bool
    default: false
  subvolume:
    description:
      - Have the directory of the swap file be a btrfs subvolume, which is made if it is not there. Snapshots of what is
        above leave it out; a subvolume with an active swap file cannot have any. A directory that is no subvolume, and
        another file system, make the task fail.
      - When left out, the directory has to be there.
    type: bool
    default: false
  set_type:
    description:
      - Have the partition table say that the partition at O(path) is one for swap, type C(82) in a DOS table and
        C(0657FD6D-A4AB-43C4-84E5-0933C84B4F4F) in a GPT. What is no partition of a disk makes the task fail.
      - On the disk that holds the root file system, systemd activates partitions of that type in a GPT by itself,
        unless C(/etc/fstab) lists a swap area; see systemd-gpt-auto-generator(8).
      - When left out, the type stays as it is. With O(state=absent), too.
    type: bool
    default: false
notes:
  - Must run as root, and with the capability C(CAP_SYS_ADMIN) where it turns an area on or off. In a container, the
    areas are those of the host's kernel.
  - The managed host needs Python 3.9 or newer and util-linux or BusyBox, and no Python package.
seealso:
  - module: swapctl.linux.swap_info
  - name: swapon(8)
    description: How Linux enables swap areas, and on what files it can.
    link: https://man7.org/linux/man-pages/man8/swapon.8.html
author:
  - The swapctl developers (@swapctl)
"""

EXAMPLES = r"""
- name: Have a swap file of 4 GiB, now and after a reboot
  swapctl.linux.swap:
    path: /swapfile
    size: 4G

- name: Have half as much swap as RAM, used before other areas, and keep a copy of fstab if it has to change
  swapctl.linux.swap:
    path: /var/swap
    size: 50%
    priority: 10
    backup: true

- name: Use a partition for swap, and boot without it if it is missing
  swapctl.linux.swap:
    path: /dev/disk/by-partlabel/swap
    discard: once
    nofail: true

- name: Turn an area off until the next boot
  swapctl.linux.swap:
    path: /swapfile
    active: false
    persist: keep

- name: Have the swap file no more
  swapctl.linux.swap:
    path: /swapfile
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be, in order. Nothing when all is as wanted.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What kind of action it is.
      type: str
      sample: swapon
    detail:
      description: What it changes.
      type: str
      sample: /swapfile, priority 10
  sample:
    - name: create
      detail: /.swapfile.swapctl-new, 4 GiB, preallocated
    - name: format
      detail: /.swapfile.swapctl-new, 4 GiB
    - name: rename
      detail: /.swapfile.swapctl-new to /swapfile
    - name: swapon
      detail: /swapfile, priority 10
    - name: fstab
      detail: '/etc/fstab: + /swapfile none swap sw,pri=10 0 0'
before:
  description: The area as it was found. Sizes are in bytes.
  returned: success
  type: dict
  contains: &state
    path:
      description: Path of the area, for a device that of the device itself.
      type: str
      sample: /swapfile
    type:
      description: Either V(file) or V(device), null if there is no swap area.
      type: str
      sample: file
    size:
      description: Size with the header.
      type: int
      sample: 4294967296
    usable:
      description: Size without the header, as the kernel shows it.
      type: int
      sample: 4294963200
    used:
      description: How much of it is in use.
      type: int
      sample: 0
    priority:
      description: Priority in use, negative where the kernel chose it; null if the area is not active.
      type: int
      sample: 10
    active:
      description: Whether the kernel swaps to it.
      type: bool
      sample: true
    persistent:
      description: Whether C(/etc/fstab) or a unit of systemd's activates it at boot.
      type: bool
      sample: true
    label:
      description: Label in its header.
      type: str
      sample: swap0
    uuid:
      description: UUID in its header.
      type: str
      sample: 2f2c8a0e-6d0f-4c1e-9a57-0c6a1f1d7b32
    options:
      description: Options of its line in C(/etc/fstab), null if there is no line.
      type: list
      elements: str
      sample: [sw, pri=10]
    unit:
      description: Unit of systemd's that activates it at boot besides C(/etc/fstab), null if there is none.
      type: str
      sample: swapfile.swap
    zram:
      description:
        - What an area in compressed RAM is made of and holds, null for any other. C(memory_limit) is null for any
          amount, C(original) and C(compressed) are what it holds before and after compression, C(memory) the RAM that
          this takes, C(ratio) that of the first to the last. Sizes are in bytes.
      type: dict
      sample:
        algorithm: zstd
        memory_limit: null
        original: 104857600
        compressed: 31457280
        memory: 32505856
        ratio: 3.23
after:
  description:
    - The area as it is after the run, with the same keys as RV(before).
    - In check mode as it would be; null is what only the run can know, such as a new UUID.
  returned: success
  type: dict
  contains: *state
backup_file:
  description: The copy of C(/etc/fstab) that was made, null if none was.
  returned: success
  type: str
  sample: /etc/fstab.2026-11-22T16:09:53Z~
hint:
  description: What to do about the failure.
  returned: failure, where there is something to do
  type: str
  sample: name another path, or move away what is there
remains:
  description: What still differs from before, where a run failed and could not undo everything.
  returned: failure, where something remains
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._converge import ARGUMENT_SPEC, converge
from ..module_utils.swapctl.swap import Area

AREA = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "size": {"type": "str"},
    "active": {"type": "bool", "default": True},
    "persist": {"type": "str", "choices": ["fstab", "systemd", "none", "keep"], "default": "fstab"},
    "priority": {"type": "int"},
    "discard": {"type": "str", "choices": ["none", "once", "pages", "both"], "default": "none"},
    "nofail": {"type": "bool", "default": False},
    "label": {"type": "str"},
    "uuid": {"type": "str"},
    "options": {"type": "list", "elements": "str", "default": []},
    "force": {"type": "bool", "default": False},
    "set_type": {"type": "bool", "default": False},
    "subvolume": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec={**AREA, **ARGUMENT_SPEC}, supports_check_mode=True)
    converge(module, lambda options: Area(**{name: options[name] for name in AREA}))


if __name__ == "__main__":
    main()
