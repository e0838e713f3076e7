"""The promises of docs/promises.md: each names a test, and the test is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w/.]+\.(?:py|mjs))::([^`]+)`")


def there(file: str, name: str) -> bool:
    """Whether a file declares a test of that name."""
    path = ROOT / file
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".mjs":
        return f'test("{name}"' in text
    return re.search(rf"^\s*(?:async )?def {re.escape(name)}\(", text, re.MULTILINE) is not None


def test_every_promise_names_a_test_that_exists() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "promise |" not in line]
    assert len(rows) >= 50
    assert [row for row in rows if len(NAMED.findall(row)) != 1] == []
    assert [named for named in NAMED.findall(PAGE) if not there(*named)] == []


def test_a_test_that_is_not_there_is_noticed() -> None:
    assert not there("tests/clients/test_promises.py", "test_nothing")
    assert not there("tests/clients/test_nothing.py", "test_nothing")
    assert not there("tests/sdk/ecommerce.test.mjs", "nothing")
