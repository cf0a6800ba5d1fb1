"""Sizes: what people write, and what they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl import sizes
from swapctl.errors import InvalidInput
from swapctl.sizes import GIB, KIB, MIB, Size


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1048576", 1 << 20),
        (1048576, 1 << 20),
        ("512B", 512),
        ("40K", 40 << 10),
        ("40KiB", 40 << 10),
        ("40KB", 40_000),
        ("512M", 512 << 20),
        ("512MiB", 512 << 20),
        ("512MB", 512_000_000),
        ("4G", 4 << 30),
        ("4GiB", 4 << 30),
        ("4Gi", 4 << 30),
        ("4GB", 4_000_000_000),
        ("1T", 1 << 40),
        ("1TiB", 1 << 40),
        ("1TB", 10**12),
        ("1P", 1 << 50),
        ("1.5GiB", 3 << 29),
        ("1.5K", 1536),
        ("0.1M", 104857),
        ("4 G", 4 << 30),
        ("  4G  ", 4 << 30),
        ("4g", 4 << 30),
        ("4gib", 4 << 30),
        ("100mb", 100_000_000),
    ],
)
def test_a_size_in_bytes_or_with_a_unit(text, amount):
    assert sizes.parse(text) == Size(amount)


@pytest.mark.parametrize(
    ("text", "percent"),
    [("50%", 50), ("12.5%", 12.5), ("100 %", 100), ("1000%", 1000), ("0.1%", 0.1)],
)
def test_a_share_of_memory(text, percent):
    assert sizes.parse(text) == Size(percent=percent)


@pytest.mark.parametrize("text", ["auto", "AUTO", " auto "])
def test_auto_leaves_it_to_the_host(text):
    assert sizes.parse(text) == Size()


@pytest.mark.parametrize(
    "text",
    ["", " ", "G", "4X", "-4G", -4, "+4G", "4G!", "4,5G", "1e9", "4.G", ".5G", "0x10", "4GBs", "4iB", "%", "٤G", True],
    ids=repr,
)
def test_what_is_no_size_is_refused_with_what_is_allowed(text):
    with pytest.raises(InvalidInput) as caught:
        sizes.parse(text)
    assert str(caught.value) == (
        f"size {text!r} is not a size; hint: allowed are bytes, K M G T (powers of 1024), KB MB GB TB (powers of 1000),"
        " a percentage of RAM such as 50%, or auto"
    )


@pytest.mark.parametrize("text", ["0%", "0.0%", "1000.5%", "5000%"])
def test_a_share_beyond_reason_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        sizes.parse(text)
    assert str(caught.value) == f"size {text!r} is outside 0% to 1000% of RAM"


@pytest.mark.parametrize("text", ["0", 0, "0G", "0.0001K"], ids=repr)
def test_a_size_of_nothing_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        sizes.parse(text)
    assert str(caught.value) == f"size {text!r} is nothing; hint: to be rid of an area, remove it"


@pytest.mark.parametrize(
    ("size", "memory", "amount"),
    [
        pytest.param(Size(5), 8 * GIB, 5, id="absolute"),
        pytest.param(Size(percent=50), 8 * GIB, 4 * GIB, id="half"),
        pytest.param(Size(percent=150), 8 * GIB, 12 * GIB, id="more-than-all"),
        pytest.param(Size(), 512 * MIB, GIB, id="auto-small-host"),
        pytest.param(Size(), 1 * GIB, GIB, id="auto-one-gib"),
        pytest.param(Size(), 4 * GIB, 4 * GIB, id="auto-as-much-as-memory"),
        pytest.param(Size(), 2 * GIB - 30 * MIB, 2 * GIB, id="auto-rounds-up-what-the-kernel-keeps"),
        pytest.param(Size(), 64 * GIB, 8 * GIB, id="auto-large-host"),
    ],
)
def test_how_many_bytes_a_size_is_on_a_host(size, memory, amount):
    assert size.bytes(memory) == amount


@pytest.mark.parametrize(
    ("text", "relative"),
    [("4G", False), ("50%", True), ("auto", True)],
)
def test_a_size_that_follows_the_memory_is_relative(text, relative):
    assert sizes.parse(text).relative is relative


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (KIB, "1 KiB"),
        (1536, "1.5 KiB"),
        (10 * KIB, "10 KiB"),
        (100 * KIB, "100 KiB"),
        (MIB - KIB, "1023 KiB"),
        (MIB, "1 MiB"),
        (GIB, "1 GiB"),
        (GIB + GIB // 4, "1.2 GiB"),
        (20 * GIB, "20 GiB"),
        (1 << 40, "1 TiB"),
        (1 << 50, "1 PiB"),
        (1 << 60, "1024 PiB"),
    ],
)
def test_a_size_for_a_person(amount, text):
    assert sizes.human(amount) == text


@given(st.integers(1, 1 << 62))
def test_every_whole_number_of_bytes_is_read_exactly(amount):
    assert sizes.parse(str(amount)) == Size(amount)


@given(st.integers(1, 1 << 20), st.sampled_from("KMGT"))
def test_a_unit_of_1024_counts_exactly(number, unit):
    factor = 1024 ** ("KMGT".index(unit) + 1)
    assert {sizes.parse(f"{number}{unit}{tail}") for tail in ("", "i", "iB", "ib")} == {Size(number * factor)}
