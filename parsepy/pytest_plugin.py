"""The pytest plugin of the test kit: the fixture ``parse_app``, which costs nothing unless used."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite("parsepy.auth.contract")

Make = Callable[[], AsyncIterator[Any]]
fixture: Callable[[Make], Make] = pytest.fixture
try:
    import pytest_asyncio
except ImportError:
    pass  # another plugin for async tests, such as anyio's, takes plain fixtures
else:
    fixture = pytest_asyncio.fixture

if TYPE_CHECKING:
    from parsepy.testing import App, MakeApp


@fixture
async def parse_app() -> AsyncIterator["MakeApp"]:
    """``parsepy.testing.parse_app``; what it starts is closed when the test ends."""
    # imported when it is used: every run of pytest loads this module
    from parsepy.testing import parse_app as make

    async with AsyncExitStack() as stack:

        async def make_and_close(*args: Any, **options: Any) -> "App":
            return await stack.enter_async_context(await make(*args, **options))

        yield make_and_close
