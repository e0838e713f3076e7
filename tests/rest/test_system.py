"""What the server says of itself."""

from parsepy import __version__
from tests.conftest import Client
from tests.rest.shop import READ_ONLY_KEY, ok


async def test_the_server_tells_the_master_key_what_it_can_do(master: Client) -> None:
    info = ok(await master.get("/serverInfo"))
    assert info["parseServerVersion"].count(".") == 2
    assert info["parsepyVersion"] == __version__
    assert info["features"]["schemas"]["addClass"] is True


async def test_the_read_only_key_may_ask_as_well(client: Client) -> None:
    ok(await client.get("/serverInfo", headers={"X-Parse-Master-Key": READ_ONLY_KEY}))


async def test_a_client_is_told_nothing(client: Client) -> None:
    response = await client.get("/serverInfo")
    assert (response.status_code, response.json()) == (403, {"error": "Permission denied"})


async def test_health_needs_no_key(client: Client) -> None:
    del client.headers["X-Parse-Application-Id"]
    assert ok(await client.get("/health")) == {"status": "ok"}
