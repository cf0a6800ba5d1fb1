"""Mappings from what the kernel prints, and what a picture makes of them."""

from __future__ import annotations

import pytest

from swapctl.process import addresses, inspected
from swapctl.process.addresses import GAP, KERNEL, SEVERAL, Mapping, parse, picture


def entry(begin, end, permissions="rw-p", path="", *, rss=0, swap=0, dirty=0):
    return (
        f"{begin:x}-{end:x} {permissions} 00001000 fe:00 42      {path}\n"
        f"Size: {(end - begin) >> 10:>10} kB\nRss: {rss:>10} kB\nPss: {rss // 2:>10} kB\nPss_Dirty: 9 kB\n"
        f"Private_Dirty: {dirty} kB\nSwap: {swap} kB\nSwapPss: {swap} kB\nLocked: 0 kB\nVmFlags: rd wr mr\n"
    ).encode()


PROGRAM = "/usr/bin/my prog"
SMAPS = b"".join([
    entry(0x400000, 0x401000, "r--p", PROGRAM, rss=4),
    entry(0x401000, 0x404000, "r-xp", PROGRAM, rss=8),
    entry(0x404000, 0x405000, "r--p", PROGRAM),
    entry(0x405000, 0x406000, "rw-p", PROGRAM, rss=4, dirty=4),
    entry(0x406000, 0x408000, "rw-p", rss=4, swap=4),
    entry(0x900000, 0xA00000, "rw-p", "[heap]", rss=512, swap=256),
    entry(0x7F0000000000, 0x7F0000001000, "r--p", "/lib/libc.so.6", rss=4),
    entry(0x7F0000001000, 0x7F0000002000, "r-xp", "/lib/libc.so.6", rss=4),
    entry(0x7F0000002000, 0x7F0000003000, "---p"),
    entry(0x7F0000003000, 0x7F0000004000, "rw-s", "/dev/shm/x (deleted)", rss=4),
    entry(0x7F0000004000, 0x7F0000005000, "rw-p", "[anon:mine]"),
    entry(0x7FFE00000000, 0x7FFE00021000, "rw-p", "[stack]", rss=12),
    entry(0x7FFE00030000, 0x7FFE00034000, "r--p", "[vvar]"),
    entry(0x7FFE00034000, 0x7FFE00036000, "r--p", "[vvar_vclock]"),
    entry(0x7FFE00036000, 0x7FFE00038000, "r-xp", "[vdso]", rss=4),
    entry(0xFFFFFFFFFF600000, 0xFFFFFFFFFF601000, "--xp", "[vsyscall]"),
])  # fmt: skip
FOUND = parse(SMAPS, PROGRAM)


def test_every_mapping_has_its_kind():
    assert [one.kind for one in FOUND] == [
        *("rodata", "text", "rodata", "data", "bss", "heap", "file", "file", "reserved", "shared", "anonymous"),
        *("stack", "vvar", "vvar", "vdso", "vsyscall"),
    ]
    assert {one.kind for one in FOUND} == set(addresses.KINDS)


def test_amounts_are_bytes():
    heap = FOUND[5]
    assert heap == Mapping(
        0x900000,
        0xA00000,
        "heap",
        "rw-p",
        0x1000,
        "[heap]",
        size=1 << 20,
        resident=512 << 10,
        proportional=256 << 10,
        swap=256 << 10,
        swap_proportional=256 << 10,
    )
    assert addresses.total(FOUND)["swap"] == 260 << 10
    assert heap.to_dict()["begin"] == "900000"


@pytest.mark.parametrize(
    "name", ["/x/Size: 9 kB", "/x/\\012400000-500000 rw-p 0 0:0 0 /y", "/x/ (deleted)", "/<b>&\udcff"]
)
def test_a_name_is_anything(name):
    raw = entry(0x1000, 0x2000, path="").replace(
        b"      \n", b"      " + name.encode("utf-8", "surrogateescape") + b"\n"
    )
    (one,) = parse(raw)
    assert (one.path, one.kind, one.size) == (name, "file", 4096)


def test_a_program_is_known_by_a_name_with_a_newline():
    assert parse(entry(0x1000, 0x2000, "r-xp", "/x\\012y"), "/x\ny")[0].kind == "text"


def test_bss_is_next_to_the_data_and_nothing_else_is():
    apart = parse(entry(0x1000, 0x2000, path=PROGRAM) + entry(0x3000, 0x4000), PROGRAM)
    assert [one.kind for one in apart] == ["data", "anonymous"]


def test_a_picture_has_gaps_and_neighbours_of_one_file_once():
    shown = picture(FOUND)
    assert [one.kind for one in shown] == [
        *(GAP, "rodata", "text", "rodata", "data", "bss", GAP, "heap", GAP, "file", "reserved", "shared", "anonymous"),
        *(GAP, "stack", GAP, "vvar", "vvar", "vdso", KERNEL, "vsyscall"),
    ]
    library = shown[9]
    assert (library.count, library.permissions, library.size, library.resident) == (2, "r--p r-xp", 8192, 8192)
    assert sum(one.resident for one in shown) == sum(one.resident for one in FOUND)


def test_a_picture_of_many_folds_those_with_least():
    many = b"".join(entry(n << 16, (n << 16) + 4096, path=f"/lib/{n}", rss=4 * (n == 500)) for n in range(1, 1000))
    shown = picture(parse(many), 4)
    boxes = [one for one in shown if one.kind not in {GAP, KERNEL}]
    assert len(boxes) <= 5
    assert [one.path for one in boxes if one.resident] == ["/lib/500"]
    assert sum(one.count for one in boxes) == 999
    assert {one.kind for one in boxes} == {SEVERAL, "file"}


def test_addresses_of_32_bits_have_no_kernel_above():
    assert KERNEL not in [one.kind for one in picture(parse(entry(0x8048000, 0x8049000, "r-xp", "/a")))]


def test_nothing_is_nothing():
    assert (parse(b""), picture(())) == ((), ())


def test_a_command_line_in_swap_is_known_before_it_is_read():
    swapped = {"VmSwap": "260 kB"}
    assert not inspected.holds_swap(0x7FFE00020000, swapped, FOUND)  # the stack is in RAM
    assert inspected.holds_swap(0x900010, swapped, FOUND)  # a title was put into the heap
    assert inspected.holds_swap(0, swapped, None)
    assert not inspected.holds_swap(0, {"VmSwap": "0 kB"}, None)


def test_what_is_shared_out_is_the_kernels_sum_where_there_is_one():
    rollup = (
        b"400000-7ffe00038000 ---p 00000000 00:00 0 [rollup]\nRss: 560 kB\nPss: 283 kB\nSwap: 260 kB\nSwapPss: 99 kB\n"
    )
    status = {"VmSwap": "260 kB"}
    sums, exact = (inspected.memory(status, FOUND, raw) for raw in (b"", rollup))
    assert (sums["proportional"], sums["swap_proportional"]) == (280 << 10, 260 << 10)
    assert exact == {**sums, "proportional": 283 << 10, "swap_proportional": 99 << 10}
    assert inspected.memory(status, None)["proportional"] is None


@pytest.mark.parametrize(
    ("pid", "session", "parent_session", "is_init", "orphan"),
    [
        pytest.param(9, 5, 1, True, True, id="of another session than init"),
        pytest.param(9, 9, 1, True, None, id="began a session, under init"),
        pytest.param(9, 5, 4, False, True, id="of another session than a subreaper"),
        pytest.param(9, 5, 7, False, None, id="the parent may have begun a session since"),
        pytest.param(9, 5, 5, False, False, id="of its parent's session"),
        pytest.param(9, 0, 0, False, False, id="a session of another namespace"),
    ],
)
def test_an_orphan_is_told_where_the_session_shows_it(pid, session, parent_session, is_init, orphan):
    told, words = inspected.descent(pid, session, (7, "reaper"), parent_session, parent_is_init=is_init)
    assert (told, bool(words)) == (orphan, orphan is not False)


@pytest.mark.parametrize(
    ("letter", "others", "part"),
    [
        ("Z", 0, "has ended (zombie); its parent sh (7) has not taken notice"),
        ("Z", 2, "its first thread has ended (zombie), 2 threads of it live on"),
        ("D", 0, "waits in the kernel at kernel_clone (uninterruptible); no signal wakes it, unless that ends it"),
        ("T", 0, "is stopped by a signal"),
        ("t", 0, "is stopped by what traces it; gdb (8) traces it"),
        ("P", 0, "is in state P"),
    ],
)
def test_a_state_has_words(letter, others, part):
    tracer = (8, "gdb") if letter == "t" else None
    said = inspected.state_in_words(letter, parent=(7, "sh"), tracer=tracer, wchan="kernel_clone", others=others)
    assert part in said
