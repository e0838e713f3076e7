"""What clients, databases and configurations of Parse Server were found to miss here, by letters.

Each case has tests that name its letter, with the neighbours of the case; a test that goes with
its file or its name is missed here.
"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DIFFERENTIAL, LIVE = "differential/cases", "livequery"
CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "A1": (
        "pointers in arrays and objects, in any order of keys",
        (f"{DIFFERENTIAL}/typed_values.py", "rest/test_pointer_spellings.py"),
    ),
    "A2": ("conditions beside a typed value", (f"{DIFFERENTIAL}/typed_values.py",)),
    "A3": ("dotted keys into arrays", (f"{DIFFERENTIAL}/dotted_keys.py",)),
    "A4": ("documents of other programs", (f"{DIFFERENTIAL}/stored_documents.py",)),
    "A5": ("errors of webhooks", (f"{DIFFERENTIAL}/webhook_errors.py",)),
    "A6": ("two installations of one device", (f"{DIFFERENTIAL}/installations.py",)),
    "A7": ("includes, keys, excludeKeys", (f"{DIFFERENTIAL}/selections.py",)),
    "B1": ("a class dropped and made again", (f"{LIVE}/test_stream_events.py",)),
    "B2": ("the database dropped", (f"{LIVE}/test_stream_events.py",)),
    "B3": ("a stream's task that ends", (f"{LIVE}/test_stream_events.py",)),
    "B4": ("an event above 16 MB", (f"{LIVE}/test_stream_events.py",)),
    "B5": ("keys at connect", (f"{LIVE}/test_keys.py",)),
    "B6": ("answers before events", (f"{LIVE}/test_answers_first.py",)),
    "B7": ("what triggers of Live Query are told", (f"{LIVE}/test_triggers.py",)),
    "B8": (
        "what can't be followed",
        (f"{LIVE}/test_attacks.py", f"{LIVE}/test_events.py"),
    ),
    "C1": ("cut characters", (f"{DIFFERENTIAL}/clients.py", "clients/test_forms.py")),
    "C2": ("compressed bodies", (f"{DIFFERENTIAL}/clients.py", "clients/test_forms.py")),
    "C3": ("PHP's headers and arrays", (f"{DIFFERENTIAL}/clients.py", "clients/test_forms.py")),
    "C4": ("spellings of queries", (f"{DIFFERENTIAL}/clients.py",)),
    "C5": ("headers of files and CORS", ("clients/test_forms.py", "rest/test_files.py")),
    "C6": (
        "more than the reference takes",
        (f"{DIFFERENTIAL}/clients.py", "clients/test_forms.py"),
    ),
    "C7": (
        "classes named as system classes",
        (
            f"{DIFFERENTIAL}/own_names.py",
            "unit/test_aged_schemas.py",
            "integration/test_templates_applied.py",
        ),
    ),
    "D": (
        "schema files and databases of age",
        ("unit/test_aged_schemas.py", "integration/test_templates_applied.py"),
    ),
    "E1": ("the maintenance key", (f"{DIFFERENTIAL}/maintenance.py",)),
    "E2": (
        "behaviour of the server",
        (
            f"{DIFFERENTIAL}/webhook_errors.py",
            f"{DIFFERENTIAL}/server_behaviour.py",
            f"{DIFFERENTIAL}/what_hooks_see.py",
            "differential/test_explain.py",
        ),
    ),
    "E3": ("silent", ("integration/test_logs.py",)),
    "E4": ("a function's line in the log", ("cloud/test_log_levels.py",)),
    "E5": ("older options, adapters of npm", ("clients/test_configurations.py",)),
    "F1": ("an order by plain pointers", ("shop/test_rules.py",)),
    "F2": ("a flash sale at its moment", ("shop/test_flash_sales.py",)),
    "F3": ("coupons of the agent variant", ("shop/test_variants.py",)),
    "K0": ("paths of include into large arrays", ("hostile/test_bounds.py",)),
    "K3": ("bodies that hold up the loop", ("hostile/test_bounds.py", "hostile/test_bystander.py")),
    "K4": ("a database that waits for one client", ("hostile/test_budget.py",)),
    "K6": (
        "many requests of one client",
        ("hostile/test_budget.py", f"{LIVE}/test_turns.py"),
    ),
    "K8": ("work of clients that hung up", ("hostile/test_budget.py",)),
    "K9": ("names that fill a class's row", ("hostile/test_bounds.py",)),
    "K11": ("array operations that are quadratic", ("hostile/test_bounds.py",)),
    "M4": ("a primary that goes", ("hostile/test_budget.py",)),
    "M5": ("a database that is frozen", ("hostile/test_budget.py",)),
    "F4": ("README's purchase, twice", ("integration/test_cli.py",)),
    "K1": ("subscriptions that cost memory", (f"{LIVE}/test_costs.py",)),
    "K2": ("matching that nobody waits for", (f"{LIVE}/test_costs.py",)),
    "K5": ("slow, idle and many", ("unit/test_connections.py", "connections/test_bounds.py")),
    "K7": ("large events and clients that do not read", (f"{LIVE}/test_costs.py",)),
    "M2": ("workers without their supervisor", ("connections/test_processes.py",)),
    "M3": ("a stop that breaks nobody off", ("connections/test_processes.py",)),
    "L1": ("hints at indexes over hidden columns", ("rest/test_privacy.py",)),
    "L2": ("known and unknown addresses", ("rest/test_equal_times.py",)),
    "L3": ("lines of the log that clients write", ("unit/test_logs.py",)),
    "L4": ("a Host header in events", ("livequery/test_file_addresses.py",)),
    "L5": ("owners in arrays, in any spelling", ("rest/test_pointer_spellings.py",)),
    "L6": ("the read-only master key", ("rest/test_privacy.py", "livequery/test_keys.py")),
    "S1": ("a cart saved during checkout", ("shop/test_races.py", "shop/test_books.py")),
    "S2": ("a code applied during checkout", ("shop/test_races.py",)),
    "S3": ("guessing discount codes", ("shop/test_codes.py",)),
    "S4": ("a holder of a lock who overstays", ("integration/test_locks.py",)),
    "S5": ("whose goods a code is good for", ("shop/test_codes.py",)),
    "S6": ("a price below the sale's", ("shop/test_codes.py",)),
    "S7": ("orders in batches", ("shop/test_batches.py", "integration/test_locks.py")),
    "S8": (
        "many saves of one customer at once",
        ("integration/test_locks.py", "shop/test_one_customer_at_once.py"),
    ),
    "S9": ("payments that fit no order", ("shop/test_payments.py",)),
}
"""The cases: what each is about, and the files whose tests name it."""


@pytest.mark.parametrize("letter", CASES)
def test_every_case_is_named_by_its_tests(letter: str) -> None:
    named = re.compile(rf"\b{letter}\b|def test_(?:\w+_and_)?{letter.lower()}_")
    for file in CASES[letter][1]:
        assert named.search((TESTS / file).read_text(encoding="utf-8")), file
