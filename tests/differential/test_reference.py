"""The recorded answers: kept in a file, good for the very requests they were given to."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.differential import reference
from tests.differential.cases import SCENARIOS
from tests.differential.reference import Recording, Reference, asked, server
from tests.differential.scenario import Scenario, create
from tests.differential.sides import CONFIGURATIONS, Side

ORDERS = Scenario("orders", [create("Order", {"total": 5}, name="an order")])
ANSWERS = [{"status": 201, "body": {"objectId": "<id 1.1>"}}]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder in which the answers to `ORDERS` are recorded."""
    recording = Recording("default", tmp_path)
    recording.keep("orders", asked(ORDERS), ANSWERS)
    recording.write({"orders"})
    return tmp_path


async def answers(
    scenario: Scenario, folder: Path, mode: str = "recorded", living: Any = None
) -> list[Any]:
    """What a reference in this mode answers, whose living server answers `living`."""

    async def start(configuration: str) -> Any:
        return None

    async def play(side: Side) -> list[Any]:
        return list(living)

    given = Reference(start, mode, folder)
    found = await given.answers("default", "orders", asked(scenario), play)
    given.write({"orders"})
    return found


async def test_a_recorded_answer_is_read_again(recorded: Path) -> None:
    assert await answers(ORDERS, recorded) == ANSWERS


async def test_a_new_name_of_a_step_needs_no_new_recording(recorded: Path) -> None:
    renamed = Scenario("orders", [create("Order", {"total": 5}, name="the same order")])
    assert await answers(renamed, recorded) == ANSWERS


@pytest.mark.parametrize(
    "step",
    [
        create("Order", {"total": 6}),
        create("Orders", {"total": 5}),
        create("Order", {"total": 5}, who="master"),
        create("Order", {"total": 5}, headers={"X-Parse-Request-Id": "1"}),
    ],
)
async def test_another_request_asks_for_a_recording(recorded: Path, step: Any) -> None:
    with pytest.raises(pytest.fail.Exception, match="has changed since it was recorded: run `make"):
        await answers(replace(ORDERS, steps=[step]), recorded)


async def test_what_was_never_asked_asks_for_a_recording(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="'orders' is not recorded: run `make record`"):
        await answers(ORDERS, tmp_path)


async def test_a_living_server_that_answers_otherwise_is_told(recorded: Path) -> None:
    assert await answers(ORDERS, recorded, "living", ANSWERS) == ANSWERS
    with pytest.raises(pytest.fail.Exception, match="otherwise than recorded"):
        await answers(ORDERS, recorded, "living", [{"status": 400}])


async def test_a_new_recording_replaces_the_old_one(recorded: Path) -> None:
    await answers(ORDERS, recorded, "record", [{"status": 400}])
    assert await answers(ORDERS, recorded) == [{"status": 400}]


async def test_other_options_ask_for_a_recording(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {**CONFIGURATIONS["default"], "defaultLimit": 3}
    monkeypatch.setitem(cast(Any, CONFIGURATIONS), "default", other)
    with pytest.raises(pytest.fail.Exception, match="'default' has changed since: run `make reco"):
        await answers(ORDERS, recorded)


async def test_answers_of_another_server_are_not_kept(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recorded / "server.js").write_text("another server")
    monkeypatch.setattr(reference, "PROGRAM", (recorded / "server.js",))
    recording = Recording("default", recorded)
    recording.keep("carts", "GET /classes/Cart", [])
    assert set(recording.stories) == {"carts"}


def test_what_the_server_loads_counts_where_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: server(name) for name in CONFIGURATIONS}
    read = Path.read_text

    def other_sender(path: Path, encoding: str) -> str:
        return "another sender" if path.name == "sender.js" else read(path, encoding)

    monkeypatch.setattr(Path, "read_text", other_sender)
    assert {name for name in CONFIGURATIONS if server(name) != before[name]} == {"push"}


def test_the_recorded_answers_are_small_and_all_of_a_scenario() -> None:
    files = list(reference.FOLDER.glob("*.json"))
    assert sum(file.stat().st_size for file in files) < 3_000_000
    recorded = {name for file in files for name in Recording(file.stem).stories}
    assert {scenario.name for scenario in SCENARIOS} < recorded
