"""A process whose memory is locked for real, so that whoever asks for its command line waits.

A reader of it waits for a file that its server never delivers, and a writer, the process itself, waits for that reader.
Whoever asks then waits behind that writer.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.process.stage import need, state, until
from tests.support import missing

if TYPE_CHECKING:
    from tests.process.stage import Stage, Victim

LONGEST = 8.0  # seconds: three of patience, and a busy machine

# A file system of one file (fuse(4)), in a mount namespace of its own, so that it ends with this process.
SERVER = """\
import struct

fuse = os.open("/dev/fuse", os.O_RDWR)
path = sys.argv[1].encode()
how = f"fd={fuse},rootmode=100644,user_id=0,group_id=0".encode()
failed = libc.unshare(0x20000)  # CLONE_NEWNS
failed = failed or libc.mount(b"none", b"/", None, ctypes.c_ulong(0x44000), None)  # MS_REC | MS_PRIVATE
if failed or libc.mount(b"none", path, b"fuse", ctypes.c_ulong(0), how):
    raise OSError(ctypes.get_errno(), "mount")
say()
while True:
    request = os.read(fuse, 1 << 17)
    operation, number = struct.unpack_from("=4xIQ", request)
    error, answer = -38, b""  # ENOSYS
    if operation == 26:  # FUSE_INIT
        error, answer = 0, struct.pack("=4I2HI", 7, 22, 4096, 0, 1, 1, 4096)
    elif operation == 3:  # FUSE_GETATTR: a regular file of one page
        error, answer = 0, struct.pack("=QII6Q10I", 9, 0, 0, 1, 4096, 8, 0, 0, 0, 0, 0, 0, 0o100644, 1, 0, 0, 0, 4096, 0)
    elif operation == 15:  # FUSE_READ
        say("somebody reads")
        continue
    os.write(fuse, struct.pack("=IiQ", 16 + len(answer), error, number) + answer)
"""
SILENT = """\
import mmap

name(b"silent one")
file = os.open(sys.argv[1], os.O_RDONLY)
page = mmap.mmap(file, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
say()
say(ctypes.addressof(ctypes.c_char.from_buffer(page)))
os.read(0, 1)
mmap.mmap(-1, 4096)
"""
READER = """\
memory = os.open(f"/proc/{sys.argv[1]}/mem", os.O_RDONLY)
say()
os.pread(memory, 1, int(sys.argv[2]))
"""


def make_silent(stage: Stage) -> Victim:
    """Return a process that is found by its name alone, for any reader of its command line waits."""
    need("cat", "timeout")
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        missing(f"/dev/fuse: {error.strerror}")
    path = stage.directory / "file"
    path.touch()
    server = stage.victim(SERVER, path, marked=False)
    silent = stage.victim(SILENT, f"/proc/{server.pid}/root{path}", marked=False)
    stage.victim(READER, str(silent.pid), silent.heard(), marked=False)
    assert server.heard() == "somebody reads"
    silent.tell()
    until(lambda: state(silent.pid) == "D", "it waits for its own memory")
    assert subprocess.run(["timeout", "0.2", "cat", f"/proc/{silent.pid}/cmdline"], check=False).returncode == 124
    return silent
