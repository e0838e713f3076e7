"""Parse Dashboard's GraphQL console in a browser, which every run of the tests drives."""

from pathlib import Path

import pytest

from tests.browser.driving import drive
from tests.dashboard.test_dashboard import CONSOLE, FOLDER, opened


@pytest.mark.slow
@pytest.mark.node
def test_the_console_does_all_that_its_file_says(mongo_uri: str, tmp_path: Path) -> None:
    with opened(mongo_uri, tmp_path) as settings:
        drive(FOLDER / f"{CONSOLE}.test.mjs", {**settings, "SCREENSHOTS": str(tmp_path)})
