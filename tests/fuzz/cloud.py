"""Cloud code of the fuzzed server: a query with the caller's rights, and its longest turn."""

from typing import Any

from parsepy import Cloud, Query
from tests.hostile import turns

__all__ = ["turns"]


@Cloud.define("seek")
async def seek(request: Any) -> Any:
    """What a query of a class finds for who calls."""
    query = Query(request.params["className"]).where(request.params["where"]).limit(1000)
    return await query.find()
