"""A primary that is stopped, cut off and killed in the midst of the work costs nobody anything."""

from pathlib import Path

import pytest

from tests.integration.failover import FAULTS, fail_over, may_cut

SECONDS = 12.0
"""That a fault lasts: longer than the patience of the server. The command takes 20."""


@pytest.mark.slow
def test_a_primary_that_fails_loses_and_doubles_nothing(tmp_path: Path) -> None:
    faults = [fault for fault in FAULTS if fault != "cut off" or may_cut()]  # root can
    for seen in fail_over(tmp_path, faults, SECONDS):
        print(seen.told())
        assert seen.faults == []
        assert (seen.lost, seen.doubled, seen.disordered, seen.undone) == ([], [], [], [])
        assert seen.is_well
        # who waits for a server that is the primary no more does not wait until it is back
        assert seen.slowest < SECONDS
