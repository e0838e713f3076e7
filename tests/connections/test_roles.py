"""A process may leave websockets, or jobs and queues, to others (`--role`)."""

import pytest

from tests.conftest import MakeApp

LIVE = {"classNames": ["Order"], "carrier": "changeStreams"}


@pytest.mark.parametrize(
    ("role", "has_websockets", "works"),
    [("all", True, True), ("api", False, False), ("live", True, False), ("jobs", False, True)],
)
async def test_a_role_says_what_a_process_does_beside_requests(
    app: MakeApp, role: str, *, has_websockets: bool, works: bool
) -> None:
    application = await app(liveQuery=LIVE, processRole=role)
    assert bool(application.websocket_doors) is has_websockets
    assert (application.live is not None) is has_websockets
    running = {task.get_coro().__qualname__ for task in application._tasks}  # type: ignore[union-attr]  # of coroutines
    assert ("run_schedules" in running) is works
