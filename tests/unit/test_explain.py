"""What is made of the few words in which swapoff says no."""

from __future__ import annotations

import pytest

from swapctl.errors import Failed
from swapctl.swap.explain import swapoff
from tests.builders import entry


@pytest.mark.parametrize(
    ("code", "words", "cause"),
    [
        pytest.param(2, "Cannot allocate memory", "what it holds (1 MiB) found no room in memory", id="no-memory"),
        pytest.param(-9, "", "what it holds (1 MiB) found no room in memory", id="killed-for-want-of-it"),
        pytest.param(4, "Invalid argument", "somebody else is turning it off already", id="a-race"),
        pytest.param(16, "Not superuser.", "the kernel does not permit it (swapoff exited with 16", id="not-permitted"),
    ],
)
def test_a_cause_has_a_name_and_a_remedy(code, words, cause):
    failure = Failed(f"swapoff exited with {code}: swapoff: /swapfile: swapoff failed: {words}", code=code)
    told = swapoff("/swapfile", entry(used=1 << 20), failure)
    assert told.message.startswith(f"/swapfile could not be turned off: {cause}")
    assert told.hint
    assert told.code == code
