"""docs/security.md: each promise names its tests, each test is there, no known attack is left out.

What is trusted, what is promised and what is not is told there, for people; here it is held.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.test_cases import CASES

TESTS = Path(__file__).parent
MANUAL = (TESTS.parent / "docs/security.md").read_text(encoding="utf-8")
PAST = """
p6h4-93qp-jhcm prm5-8g2m-24gg 93vw-8fm5-p2jf 462x-c3jw-7vr6 xprv-wvh7-qqqx CVE-2026-30938
4263-jgmp-7pf4 6hh7-46r2-vf29 827p-g5x5-h86c c2hr-cqg6-8j6r 6927-3vr9-fxf2 CVE-2026-47138
38m6-82c8-4xfm mf3j-86qx-cq5j cmj3-wx7h-ffvg cgxm-vr2f-6fj8 6qh5-m6g3-xhq6 CVE-2026-34573
mfj6-6p54-m98c CVE-2026-30972 775h-3xrc-c228 CVE-2026-30863 r657-33vp-gp22 837q-jhwx-cmpv
qf8x-vqjv-92gr fr88-w35c-r596 3f5f-xgrj-97pf pfj7-wv7c-22pr wjqw-r9x4-j59v mr43-w6c2-mvjq
4hf6-3x24-c9m8 2299-ghjr-6vjp w73w-g5xw-rwhf CVE-2026-43930 jpq4-7fmq-q5fj mw9v-j7v7-vh97
75v4-m273-5j49 wp76-gg32-8258 r3xq-68wh-gwvh CVE-2026-31901 w54v-hf9p-8856 CVE-2026-39321
mmpq-5hcv-hf2v PS#6703 863r-39r9-vfcf 4q3h-vp4r-prv2 x6fw-778m-wr9v 48mh-j4p5-7j9v
7m6r-fhh7-r47c 6w4q-23cf-j9jp jc39-686j-wp6q 5v7g-9h8f-8pgg PS#4150 PS#7486 CVE-2026-34574
CVE-2026-39381 g4v2-qx3q-4p64 2m6g-crv8-p3c6 72hp-qff8-4pvv r2m8-pxm9-9c4g wmwx-jr2p-4j4r
7xg7-rqf6-pw6c fcv6-fg5r-jm9q 5f92-jrq3-28rc 8xq9-g7ch-35hg CVE-2026-29182 CVE-2026-30228
xfh7-phr7-gr2x CVE-2026-30229 vm5r-c87r-pf6x PS#387 CVE-2026-30947 7ch5-98q2-7289
fph2-r4qg-9576 crrq-vr9j-fxxh j7mm-f4rv-6q6q mmg8-87c5-jrc2 m983-v2ff-wq65 5hmj-jcgp-6hff
97pr-9hgg-3p8r 9jpp-xhh6-75mf 48q3-prgv-gm4w q5q9-2rhp-33qw CVE-2026-47248 8cph-rgr4-g5vj
9g8f-h8f3-hjcm 2fgh-8j2g-w354 6m77-f8xr-f723 9prm-jqwx-45x9 hcj7-6gxh-24ww v5hf-f4c3-m5rv
7wqv-xjf3-x35v v8x7-r927-cc93 CVE-2026-55778 r899-h629-j84r CVE-2026-35200 vr5f-2r24-w5hc
792q-q67h-w579 xw6g-jjvf-wwf9
""".split()  # noqa: SIM905 - a table to compare by eye
"""What was reported of Parse Server: ids of advisories, the GHSA ones without these letters."""


def rows(text: str) -> list[list[str]]:
    """The cells of all tables whose last column is what holds a promise."""
    found, is_held = [], False
    for line in text.splitlines():
        if not line.startswith("|"):
            is_held = False
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[-1] == "held by":
            is_held = True
        elif is_held and not set(line) <= set("|- "):
            found.append(cells)
    return found


def named(text: str) -> list[tuple[str, str]]:
    """The tests that a text names, as file and function."""
    return re.findall(r"`tests/([\w/]+\.py)::(test_\w+)`", text)


@cache
def functions(file: str) -> frozenset[str]:
    """The tests of a file; none if it is not there."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def missing(text: str) -> list[str]:
    """The tests that a text names and that are not there."""
    return [f"{file}::{name}" for file, name in named(text) if name not in functions(file)]


def test_every_test_that_is_named_is_there() -> None:
    assert missing(MANUAL) == []
    assert missing("`tests/rest/test_files.py::test_that_was_dropped`") != []


def test_every_promise_has_a_test() -> None:
    assert [cells[0] for cells in rows(MANUAL) if not named(cells[-1])] == []
    assert len(rows(MANUAL)) > 100


@pytest.mark.parametrize("letter", [name for name in CASES if re.fullmatch(r"[KLSM]\d+", name)])
def test_every_attack_that_got_through_has_its_row(letter: str) -> None:
    assert [cells[0] for cells in rows(MANUAL)].count(letter) == 1


def test_every_past_vulnerability_is_in_a_row() -> None:
    told = {name.removeprefix("GHSA-") for cells in rows(MANUAL) for name in cells[1].split(", ")}
    assert [name for name in PAST if name not in told] == []
