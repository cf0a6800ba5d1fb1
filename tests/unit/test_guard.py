"""The guard of conftest.py guards."""

from __future__ import annotations

import os
import subprocess

import pytest


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(lambda: subprocess.run(["true"], check=False), id="subprocess"),
        pytest.param(lambda: os.system("true"), id="system"),  # noqa: S605
        pytest.param(lambda: os.execv("/bin/true", ["true"]), id="exec"),  # noqa: S606
        pytest.param(lambda: os.posix_spawn("/bin/true", ["true"], {}), id="spawn"),
    ],
)
def test_a_unit_test_that_runs_a_program_fails(run):
    with pytest.raises(BaseException) as caught:
        run()
    assert type(caught.value).__name__ == "UnexpectedCommand"
    assert not isinstance(caught.value, Exception)
