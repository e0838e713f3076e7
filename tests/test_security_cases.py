"""Each past vulnerability of Parse's sign-in and sessions is named by a test that shows it closed.

A test that goes, with its file or its name, is missed here.
"""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ADVISORIES, PROVIDERS = "rest/test_auth_advisories.py", "unit/test_provider_advisories.py"
DIRECTORY, MFA = "integration/test_directory.py", "rest/test_mfa.py"
MAILS, TIMES, SESSIONS = (
    "rest/test_account_mails.py",
    "rest/test_equal_times.py",
    "rest/test_security.py",
)
ROWS: dict[str, dict[str, str]] = {
    "the audience of a token": {"CVE-2026-30863": PROVIDERS, "GHSA-x6fw-778m-wr9v": PROVIDERS},
    "the application of a token": {
        "GHSA-r657-33vp-gp22": PROVIDERS,
        "GHSA-837q-jhwx-cmpv": PROVIDERS,
    },
    "Game Center's certificate": {"GHSA-qf8x-vqjv-92gr": PROVIDERS},
    "whose token it is": {"GHSA-fr88-w35c-r596": PROVIDERS},
    "addresses that clients name": {"GHSA-3f5f-xgrj-97pf": PROVIDERS},
    "a part of authData": {"GHSA-pfj7-wv7c-22pr": ADVISORIES},
    "empty authData": {"GHSA-wjqw-r9x4-j59v": ADVISORIES},
    "an identity beside a password": {
        "GHSA-mr43-w6c2-mvjq": ADVISORIES,
        "GHSA-8w3j-g983-8jh5": ADVISORIES,
    },
    "codes of second factors": {
        "GHSA-4hf6-3x24-c9m8": ADVISORIES,
        "GHSA-2299-ghjr-6vjp": ADVISORIES,
        "GHSA-w73w-g5xw-rwhf": ADVISORIES,
        "CVE-2026-43930": ADVISORIES,
        "GHSA-jpq4-7fmq-q5fj": ADVISORIES,
        "GHSA-mw9v-j7v7-vh97": ADVISORIES,
    },
    "secrets in answers": {
        "GHSA-75v4-m273-5j49": ADVISORIES,
        "GHSA-wp76-gg32-8258": ADVISORIES,
    },
    "links that are used at once": {"GHSA-r3xq-68wh-gwvh": MAILS},
    "who has an account": {
        "CVE-2026-31901": MAILS,
        "GHSA-w54v-hf9p-8856": MAILS,
        "CVE-2026-39321": TIMES,
        "GHSA-mmpq-5hcv-hf2v": TIMES,
    },
    "validators that were not asked": {"PS#6703": ADVISORIES},
    "an empty password of LDAP": {"GHSA-863r-39r9-vfcf": DIRECTORY},
    "a name in a filter of LDAP": {"GHSA-7m6r-fhh7-r47c": DIRECTORY},
    "a second factor whose provider is not there": {
        "test_a_password_alone_does_not_log_in": "rest/test_second_factor.py",
    },
    "codes that are guessed, used at once, not asked for": {
        "test_the_third_wrong_code_locks_the_account": MFA,
        "test_of_twenty_log_ins_with_one_code_one_succeeds": MFA,
        "test_a_session_alone_does_not_take_it_away": MFA,
    },
    "the algorithm of a token": {"GHSA-4q3h-vp4r-prv2": PROVIDERS},
    "Keycloak's azp": {"GHSA-48mh-j4p5-7j9v": PROVIDERS},
    "fields of sessions": {
        "GHSA-6w4q-23cf-j9jp": SESSIONS,
        "GHSA-jc39-686j-wp6q": SESSIONS,
        "GHSA-5v7g-9h8f-8pgg": SESSIONS,
        "PS#4150": SESSIONS,
        "PS#7486": SESSIONS,
        "CVE-2026-34574": SESSIONS,
        "CVE-2026-39381": SESSIONS,
        "GHSA-g4v2-qx3q-4p64": SESSIONS,
    },
}
"""What it was about: the ids of those who told of it, or the test of what we found, and where."""
CASES = [(name, file) for row in ROWS.values() for name, file in row.items()]


def told(file: str) -> list[str]:
    """Name and docstring of each test of a file, as ids are written in names."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return [
        spelled(f"{node.name} {ast.get_docstring(node) or ''}")
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]


def spelled(name: str) -> str:
    """An id as it may stand in a name: `GHSA-a1-b2` as `ghsa_a1_b2`."""
    return re.sub(r"\W+", "_", name).lower()


@pytest.mark.parametrize(("name", "file"), CASES)
def test_every_case_is_named_by_a_test(name: str, file: str) -> None:
    # several advisories of one kind share a name: ghsa_a1_b2_c3_d4
    short = spelled(name).removeprefix("ghsa_")
    assert any(re.search(rf"(?<![a-z0-9]){short}(?![a-z0-9])", text) for text in told(file))


def test_a_case_without_a_test_is_missed() -> None:
    with pytest.raises(AssertionError):
        test_every_case_is_named_by_a_test("GHSA-0000-0000-0000", ADVISORIES)
