# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: swap_info
short_description: Show the swap areas of a host, its memory and its memory pressure, and what is wrong with them
version_added: 0.1.0
description:
  - Lists every swap area that is active or listed in C(/etc/fstab), with its use and priority, whether it is
    persistent, and its label and UUID.
  - Changes nothing and starts no other program.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
options:
  checks:
    description:
      - Whether to examine the host, as C(swapctl doctor) does, and to return RV(findings) and RV(unchecked).
      - When left out, neither is returned.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  platform:
    support: full
    platforms: linux
notes:
  - An ordinary user may call it, but cannot read headers, so RV(areas[].label) and RV(areas[].uuid) are null then, and
    RV(unchecked) names the areas.
seealso:
  - module: swapctl.linux.swap
author:
  - The swapctl developers (@swapctl)
"""

EXAMPLES = r"""
- name: Look at swap
  swapctl.linux.swap_info:
  register: swap

- name: Make sure that an area is active and stays so after a reboot
  ansible.builtin.assert:
    that: swap.areas | selectattr('active') | selectattr('persistent') | list | length > 0

- name: Examine swap
  swapctl.linux.swap_info:
    checks: true
  register: examined

- name: Make sure that nothing keeps an area from working
  ansible.builtin.assert:
    that: examined.findings | selectattr('severity', 'equalto', 'error') | list | length == 0
    fail_msg: "{{ examined.findings | map(attribute='message') | join('; ') }}"
"""

RETURN = r"""
areas:
  description: All areas that are active or listed in C(/etc/fstab). Sizes are in bytes.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Path of the area, for a device that of the device itself.
      type: str
      sample: /swapfile
    type:
      description: Either V(file) or V(device), null if C(/etc/fstab) lists what is not there.
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
    reachable:
      description:
        - Whether the path leads to the area. It does not where another mount namespace, such as that of a container,
          has turned the area on. The kernel shows one table to all.
      type: bool
      sample: true
memory:
  description: Memory of the host in bytes.
  returned: success
  type: dict
  contains:
    total:
      description: RAM.
      type: int
      sample: 8589934592
    available:
      description: RAM that programs can still take without swapping, as the kernel estimates it.
      type: int
      sample: 6012954214
    swap_total:
      description: Usable size of all active areas.
      type: int
      sample: 4294963200
    swap_free:
      description: How much of that is free.
      type: int
      sample: 4294963200
pressure:
  description:
    - Share of time, in percent over the last 10, 60 and 300 seconds, in which C(some) or all (C(full)) tasks waited for
      memory, and in C(total) since boot, in microseconds.
    - Null where the kernel does not measure it.
  returned: success
  type: dict
  sample:
    some: {avg10: 0.0, avg60: 0.12, avg300: 0.05, total: 73214}
    full: {avg10: 0.0, avg60: 0.1, avg300: 0.04, total: 61020}
hibernation:
  description: What the host wakes up from after hibernation, null if from nothing.
  returned: success
  type: dict
  contains:
    source:
      description: The file that says so.
      type: str
      sample: /proc/cmdline
    device:
      description: The device, as it is written there.
      type: str
      sample: /dev/vda1
    offset:
      description: The offset that is written there, in pages, V(0) for an area on a device.
      type: int
      sample: 34816
    area:
      description: Path of the area that is meant, null if there is none.
      type: str
      sample: /swapfile
    expected_device:
      description: The device that leads to it, null if that is not known.
      type: str
      sample: /dev/vda1
    expected_offset:
      description: The offset that leads to it, on btrfs as well; null if that is not known.
      type: int
      sample: 34816
    stale:
      description: Whether RV(hibernation.device) and RV(hibernation.offset) lead to no area.
      type: bool
      sample: false
    reason:
      description: Why they do not, or nothing.
      type: str
      sample: ""
findings:
  description: What is wrong, the gravest first. The manual of swapctl lists all findings that there are.
  returned: when O(checks=true)
  type: list
  elements: dict
  contains:
    id:
      description: Name of what was found.
      type: str
      sample: fstab-duplicate
    severity:
      description: V(error), V(warning), or V(info) for what is only worth knowing.
      type: str
      sample: warning
    subject:
      description: The path or setting that it is about.
      type: str
      sample: /swapfile
    message:
      description: What is wrong with it.
      type: str
      sample: "lines 3 and 4 of /etc/fstab are about the same area: turning it on twice fails"
    remedy:
      description: What to do about it.
      type: str
      sample: swapctl ensure /swapfile --priority 5
    fixable:
      description: Whether C(swapctl doctor --fix) repairs it.
      type: bool
      sample: true
unchecked:
  description: What could not be looked at, and why.
  returned: when O(checks=true)
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._outcome import report
from ..module_utils.swapctl.swap import status


def main() -> None:
    module = AnsibleModule(
        argument_spec={"checks": {"type": "bool", "default": False}},
        supports_check_mode=True,
    )
    report(module, lambda: status(checks=module.params["checks"]).to_dict())


if __name__ == "__main__":
    main()
