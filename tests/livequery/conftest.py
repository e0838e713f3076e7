"""A shop whose orders and products can be followed live."""

from collections.abc import AsyncIterator

import pytest

from parsepy.app import Application
from tests.conftest import Client, MakeApp
from tests.livequery.listener import serving


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """The shop's server, with classes to follow."""
    return await app(liveQuery={"classNames": ["Order", "Flash.*"]})


@pytest.fixture
async def url(application: Application) -> AsyncIterator[str]:
    """Where it listens for websockets."""
    async with serving(application) as address:
        yield address


@pytest.fixture
def shop(master: Client) -> Client:
    """The shop's own client, with the master key."""
    return master
