"""A primary that is killed, stopped or cut off in the midst of the work costs nobody anything."""

from pathlib import Path

import pytest

from tests.integration.failover import FAULTS, fail_over, may_cut

SECONDS = 12.0
"""That a fault lasts: longer than any patience of the server. The command takes 20."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_primary_that_fails_loses_and_doubles_nothing(fault: str, tmp_path: Path) -> None:
    if fault == "cut off" and not may_cut():
        pytest.skip("needs root, and network namespaces")
    seen = fail_over(tmp_path, fault, SECONDS)
    print(f"{fault}: {seen.told()}")
    assert seen.faults == []
    assert (seen.lost, seen.doubled, seen.disordered, seen.undone) == ([], [], [], [])
    assert seen.is_well
