# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: swap_layout
short_description: Manage all the swap of a host in one declaration
version_added: 0.1.0
description:
  - Brings any number of swap areas to the wanted state in one task, all of them or none.
  - What adds room comes before what takes it away, so that an area that moves never leaves the host with less swap than
    before and after.
  - With O(exclusive), every other area of the host is turned off and does not come back after a reboot. Without any
    areas that is a host without swap, as Kubernetes wants it.
  - What holds for the module M(swapctl.linux.swap) holds here. What is not a swap area is never overwritten, a second
    run changes nothing and starts no other program, and when a step fails all steps before it are undone.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - swapctl.linux.converge
attributes:
  check_mode:
    support: full
    details: The RV(actions) are exactly those that a run performs.
  diff_mode:
    support: full
    details: Shows each area, and each file that changes, before and after.
  platform:
    support: full
    platforms: linux
options:
  areas:
    description:
      - The areas of the host. Each has the options of the module M(swapctl.linux.swap), where they are described.
      - When left out, there are none to see to.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description:
          - Absolute path of the swap file or block device, or V(UUID=...), V(LABEL=...) or V(PARTUUID=...).
          - Each area has either this or O(areas[].zram).
        type: str
      zram:
        description: Name of a zram device, V(zram0) and so on, for an area in compressed memory.
        type: str
      algorithm:
        description: How zram compresses, as the kernel offers it. When left out, the kernel chooses.
        type: str
      memory_limit:
        description: How much memory zram may take. When left out, any amount.
        type: str
      encryption:
        description: V(random) encrypts with a new key at each boot, through C(/etc/crypttab). When left out, it is not.
        type: str
        choices: [none, random]
      name:
        description: Name of the encrypted device, C(/dev/mapper/NAME). When left out, one is made of the path.
        type: str
      state:
        description: Whether the area is there. When left out, it is.
        type: str
        choices: [present, absent]
      size:
        description: How large it is. When left out, what is there stays, and a new one on a device takes all of it.
        type: str
      active:
        description: Whether the kernel swaps to it from now on. When left out, it does.
        type: bool
      persist:
        description: What has it come back after a reboot. When left out, C(/etc/fstab) does.
        type: str
        choices: [fstab, systemd, none, keep]
      priority:
        description: Priority from 0 to 32767. When left out, the kernel chooses.
        type: int
      discard:
        description: Whether the disk is told which blocks are free. When left out, it is not.
        type: str
        choices: [none, once, pages, both]
      nofail:
        description: Boot without complaint when it is missing. When left out, a missing area is an error at boot.
        type: bool
      label:
        description: Label of at most 15 bytes. When left out, the present one is kept.
        type: str
      uuid:
        description: UUID. When left out, the present one is kept, and a new area gets a random one.
        type: str
      options:
        description: Further options for C(/etc/fstab). When left out, there are none.
        type: list
        elements: str
      force:
        description: Overwrite what a block device holds. When left out, only what is blank or swap is used.
        type: bool
      subvolume:
        description: Have the directory of the file be a btrfs subvolume. When left out, the directory has to be there.
        type: bool
      set_type:
        description: Give the partition the type of a swap area. When left out, its type stays as it is.
        type: bool
  zswap:
    description:
      - Zswap, the kernel's compressed cache in front of swap, for now and after a reboot.
      - A kernel without it is refused, unless it is to be off. With areas on zram it does more harm than good, which
        comes as a warning.
      - When left out, it stays as it is.
    type: dict
    suboptions:
      enabled:
        description: Whether it is used.
        type: bool
        required: true
      compressor:
        description: How it compresses, as the kernel offers it. When left out, it stays as it is.
        type: str
      max_pool_percent:
        description: How much of RAM it may take, in percent from 1 to 100. When left out, it stays as it is.
        type: int
      persist:
        description: What sets it at boot. V(tmpfiles) is C(/etc/tmpfiles.d/swapctl-zswap.conf). V(none) deletes that
          file. When left out, V(tmpfiles).
        type: str
        choices: [tmpfiles, none]
  tuning:
    description:
      - Values of the kernel's, C(vm.*), for now and after a reboot. They are written to the running kernel and to
        C(/etc/sysctl.d/99-swapctl.conf), which then holds these and nothing else.
      - Lines in other files that win over them at boot, or say something else, come as warnings.
      - An empty mapping deletes that file. What a value no longer named has now stays until the next boot.
      - When left out, values and file stay as they are.
    type: dict
    suboptions:
      swappiness:
        description: How readily memory of programs is swapped rather than the cache dropped, from 0 to 200, or to 100
          before Linux 5.8. When left out, it is not set.
        type: int
      vfs_cache_pressure:
        description: How readily names and inodes are dropped from memory, 100 being neither more nor less readily than
          other memory. When left out, it is not set.
        type: int
      page_cluster:
        description: Power of two of how many pages are read from swap at once, from 0 to 31. When left out, it is not
          set.
        type: int
      watermark_scale_factor:
        description: How much memory is freed in the background before it runs short, in hundredths of a percent, from 1
          to 3000. When left out, it is not set.
        type: int
      overcommit_memory:
        description: Whether the kernel promises more memory than there is. V(0) as far as it seems reasonable, V(1)
          always, V(2) never. When left out, it is not set.
        type: int
      overcommit_ratio:
        description: With O(tuning.overcommit_memory=2), how much of RAM is promised besides all swap, in percent. When
          left out, it is not set.
        type: int
      min_free_kbytes:
        description: How much memory is kept free, in KiB, at most half of it. When left out, it is not set.
        type: int
  exclusive:
    description:
      - Turn off every active area that O(areas) does not name, and have it not come back after a reboot. Lines in
        C(/etc/fstab) and units are taken out; what a generator of systemd's or a service would bring is masked.
      - Areas of other mount namespaces, such as those of containers, are left alone.
      - When left out, areas that are not named stay as they are.
    type: bool
    default: false
  delete:
    description:
      - With O(exclusive), delete the files of areas that are not named, if they bear a swap header. A device stays as
        it is.
      - When left out, the files stay.
    type: bool
    default: false
seealso:
  - module: swapctl.linux.swap
  - module: swapctl.linux.swap_info
author:
  - The swapctl developers (@swapctl)
"""

EXAMPLES = r"""
- name: Have a fast area and a slow one, and nothing else
  swapctl.linux.swap_layout:
    exclusive: true
    areas:
      - path: /dev/disk/by-partlabel/swap
        priority: 10
        nofail: true
      - path: /var/swap
        size: 4G

- name: Have no swap, as Kubernetes wants it
  swapctl.linux.swap_layout:
    exclusive: true

- name: Swap little, and read one page at a time
  swapctl.linux.swap_layout:
    tuning:
      swappiness: 10
      page_cluster: 0

- name: Move the swap file, with no moment without one
  swapctl.linux.swap_layout:
    areas:
      - path: /srv/swap
        size: 4G
      - path: /swapfile
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
before:
  description: What was found. C(before.areas) has an item for each of O(areas), in the same order, and then for each
    area that is not named and had to go. Its keys are those that the module M(swapctl.linux.swap) returns. With
    O(tuning) there is C(before.tuning), too, which has C(before.tuning.running) and C(before.tuning.persistent), and
    so it is with O(zswap).
  returned: success
  type: dict
  sample:
    areas:
      - {path: /swapfile, type: file, size: 4294967296, usable: 4294963200, used: 0, priority: 10, active: true,
         persistent: true, label: null, uuid: 2f2c8a0e-6d0f-4c1e-9a57-0c6a1f1d7b32, options: [sw, pri=10], unit: null}
after:
  description: The same after the run, or in check mode as it would be.
  returned: success
  type: dict
warnings:
  description: What is as wanted, but will not stay so, such as a value that another file sets at boot.
  returned: success, where there are any
  type: list
  elements: str
  sample: ["/etc/sysctl.d/99-sysctl.conf line 3 sets vm.swappiness to 60 and is read after
    /etc/sysctl.d/99-swapctl.conf: at boot it wins over 10"]
unlisted:
  description: The areas that O(areas) does not name and that O(exclusive) is about.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Path of the area.
      type: str
      sample: /swap.img
    origin:
      description: What has made it, or has it come back, empty if that is not known.
      type: str
      sample: a cloud image, or the installer of Ubuntu Server
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

from ..module_utils._converge import ARGUMENT_SPEC, converge, given
from ..module_utils.swapctl.swap import layout

AREA = {
    "path": {"type": "str"},
    "zram": {"type": "str"},
    "algorithm": {"type": "str"},
    "memory_limit": {"type": "str"},
    "encryption": {"type": "str", "choices": ["none", "random"]},
    "name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"]},
    "size": {"type": "str"},
    "active": {"type": "bool"},
    "persist": {"type": "str", "choices": ["fstab", "systemd", "none", "keep"]},
    "priority": {"type": "int"},
    "discard": {"type": "str", "choices": ["none", "once", "pages", "both"]},
    "nofail": {"type": "bool"},
    "label": {"type": "str"},
    "uuid": {"type": "str"},
    "options": {"type": "list", "elements": "str"},
    "force": {"type": "bool"},
    "set_type": {"type": "bool"},
    "subvolume": {"type": "bool"},
}
ZSWAP = {
    "enabled": {"type": "bool", "required": True},
    "compressor": {"type": "str"},
    "max_pool_percent": {"type": "int"},
    "persist": {"type": "str", "choices": ["tmpfiles", "none"]},
}
TUNING = {
    "swappiness": {"type": "int"},
    "vfs_cache_pressure": {"type": "int"},
    "page_cluster": {"type": "int"},
    "watermark_scale_factor": {"type": "int"},
    "overcommit_memory": {"type": "int"},
    "overcommit_ratio": {"type": "int"},
    "min_free_kbytes": {"type": "int"},
}
LAYOUT = {
    "areas": {"type": "list", "elements": "dict", "options": AREA, "default": []},
    "zswap": {"type": "dict", "options": ZSWAP},
    "tuning": {"type": "dict", "options": TUNING},
    "exclusive": {"type": "bool", "default": False},
    "delete": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec={**LAYOUT, **ARGUMENT_SPEC}, supports_check_mode=True)
    converge(module, lambda options: layout({"swap": given({name: options[name] for name in LAYOUT})}))


if __name__ == "__main__":
    main()
