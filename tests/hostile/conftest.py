"""Fixtures of the hostile tests: small bounds, a MongoDB that may be stopped."""

import gc
import warnings
from collections.abc import Iterator

import pytest

from tests.conftest import QuickMongo


@pytest.fixture
def stoppable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickMongo]:
    """A MongoDB of its own, which a test may stop or send away."""
    with QuickMongo.start(tmp_path_factory.mktemp("own") / "data") as mongo:
        assert isinstance(mongo, QuickMongo)
        yield mongo
    with warnings.catch_warnings():  # the driver leaves lost sockets to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
