"""What has a zram device made at boot: the generator's configuration keeps what is not ours, and the unit does all."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.sizes import GIB, parse
from swapctl.swap import zram_config
from swapctl.swap.zram_config import combined, edit, expression, service, service_size, settings

MARK = "# Made by swapctl, which changes this section alone: see swapctl(8).\n"
VALUES = {"zram-size": "ram / 2", "swap-priority": "7"}
OURS = "[zram0]\nzram-size = ram / 2\nswap-priority = 7\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, MARK + OURS, id="no-file"),
        pytest.param("", OURS, id="empty"),
        pytest.param("# mine\n", f"# mine\n{OURS}", id="comment"),
        pytest.param("[zram1]\nzram-size = 5", f"[zram1]\nzram-size = 5\n{OURS}", id="no-final-newline"),
        pytest.param("[zram0]\n", OURS, id="empty-section"),
        pytest.param(OURS, OURS, id="right"),
        pytest.param(
            "[zram0]\nzram-size=ram / 2\nswap-priority\t=  7  \n",
            "[zram0]\nzram-size=ram / 2\nswap-priority\t=  7  \n",
            id="right-otherwise-written",
        ),
        pytest.param("[zram0]\nzram-size = 5\n# why\nswap-priority = 7\n", "[zram0]\nzram-size = ram / 2\n# why\nswap-priority = 7\n", id="comment-inside"),
        pytest.param("[zram0]\nfs-type = ext2\nzram-size = 5\n", OURS, id="other-settings-go"),
        pytest.param("[zram0]\nzram-size = 5\n\n# about the next\n[zram1]\n", f"{OURS}\n# about the next\n[zram1]\n", id="between"),
        pytest.param("[zram0]\nzram-size = 5\n[zram1]\nx = 1\n[zram0]\nzram-size = 6\n", f"{OURS}[zram1]\nx = 1\n", id="twice"),
        pytest.param("[zram00]\nzram-size = 5\n", f"[zram00]\nzram-size = 5\n{OURS}", id="another-name"),
        pytest.param("#[zram0]\n", f"#[zram0]\n{OURS}", id="commented-out"),
    ],
)  # fmt: skip
def test_edit(before, after):
    assert edit(before, "zram0", VALUES) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, None, id="no-file"),
        pytest.param("", "", id="empty"),
        pytest.param("# mine\n", "# mine\n", id="no-section"),
        pytest.param(MARK + OURS, None, id="nothing-left"),
        pytest.param(f"# mine\n{OURS}", "# mine\n", id="comment"),
        pytest.param(f"{MARK}{OURS}[zram1]\nx = 1\n", f"{MARK}[zram1]\nx = 1\n", id="another-section"),
        pytest.param("[zram0]\na = 1\n# why\nb = 2\n", "# why\n", id="comment-inside"),
    ],
)
def test_a_section_is_taken_away(before, after):
    assert edit(before, "zram0", None) == after


LINES = st.lists(
    st.sampled_from(
        [
            *("", "# x", "; y", "[zram0]", "[zram1]", " [zram0] ", "[other]", "zram-size = 5", "zram-size=6"),
            *("x = y", "\tswap-priority = 9", "?", "ä", "a\x0cb = c\r"),
        ]
    )
)  # fmt: skip
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n", "\n\n"]))


@given(TEXTS)
def test_edit_sets_what_is_wanted_and_a_second_time_nothing(text):
    after = edit(text, "zram0", VALUES)
    assert settings(after, "zram0") == VALUES
    assert edit(after, "zram0", VALUES) == after


@given(TEXTS)
def test_a_section_that_is_taken_away_is_gone(text):
    after = edit(text, "zram0", None)
    assert settings(after or "", "zram0") is None
    assert edit(after, "zram0", None) == after


@given(TEXTS, st.sampled_from([VALUES, None]))
def test_what_is_not_ours_keeps_its_bytes(text, values):
    after = (edit(text, "zram0", values) or "").removeprefix(MARK)
    assert others(after) == others(text.removeprefix(MARK))
    for section in ("zram1", "other"):
        assert settings(after, section) == settings(text, section)


def others(text):
    """Return the lines that are neither blank nor a header or a setting of ours."""
    kept, ours = [], False
    for line in text.split("\n"):
        if line.strip().startswith("["):
            ours = line.strip().startswith("[zram0]")
            kept += [] if ours else [line]
        elif line.strip(" \t") and not (ours and zram_config._SETTING.fullmatch(line)):
            kept.append(line)
    return kept


def test_later_texts_override_earlier_ones():
    texts = ("[zram0]\na = 1\nb = 2\n", "[zram1]\na = 5\n", "[zram0]\nb = 3\n")
    assert combined(texts, "zram0") == {"a": "1", "b": "3"}
    assert combined(texts, "zram2") is None


@pytest.mark.parametrize(
    ("size", "text"),
    [("50%", "ram * 50 / 100"), ("12.5%", "ram * 12.5 / 100"), ("auto", "ram * 50 / 100"), ("1G", "1024"), ("10000000", "10000000 / 1048576")],
)  # fmt: skip
def test_a_size_as_the_generator_computes_it(size, text):
    assert expression(parse(size)) == text


def commands(text, key="ExecStart"):
    return [line.partition("=")[2] for line in text.split("\n") if line.startswith(f"{key}=")]


def test_the_unit_does_all_in_the_order_of_the_kernel():
    text = service(
        3, GIB, algorithm="lz4", limit=4096, label='a "b" $c %d \\', uuid="0f3b2a1c-1111-4222-8333-944455556666"
    )
    assert commands(text) == [
        "-modprobe zram num_devices=1",
        "sh -c 'until test -e /sys/block/zram3; do read -r added < /sys/class/zram-control/hot_add || exit 1; done'",
        "sh -c 'until echo 1 > /sys/block/zram3/reset; do sleep 0.2; done'",
        "-sh -c 'echo lz4 > /sys/block/zram3/comp_algorithm'",
        "sh -c 'echo 4096 > /sys/block/zram3/mem_limit'",
        "sh -c 'echo 1073741824 > /sys/block/zram3/disksize'",
        'mkswap -L "a \\"b\\" $$c %%d \\\\" -U 0f3b2a1c-1111-4222-8333-944455556666 -- /dev/zram3',
    ]
    assert commands(text, "ExecStop") == ["sh -c 'until echo 1 > /sys/block/zram3/reset; do sleep 0.2; done'"]
    assert service_size(text) == GIB


def test_the_unit_leaves_out_what_is_not_wanted():
    text = service(0, GIB)
    assert not [line for line in commands(text) if "comp_algorithm" in line or "mem_limit" in line]
    assert commands(text)[-1] == "mkswap -- /dev/zram0"


@given(st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=15))
def test_any_label_is_one_word_of_a_unit(label):
    (line,) = (line for line in commands(service(0, GIB, label=label)) if line.startswith("mkswap"))
    words = shlex.split(line.replace("$$", "$").replace("%%", "%"))  # as systemd reads it, near enough
    assert words[:3] == ["mkswap", "-L", label]


def test_a_unit_that_does_not_say_its_size():
    assert service_size("[Service]\n") is None
