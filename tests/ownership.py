"""What a killed server owned in a queue: free at once, as it is by itself ten seconds later."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from parsepy.operations.queues import LEASE


def let_go(uri: str, queue: str) -> None:
    """End every ownership in a queue of this database."""
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as mongo:
        rows = mongo.get_default_database()[queue]
        for row in rows.find():
            assert row["until"] <= datetime.now(UTC) + timedelta(seconds=LEASE)
            rows.update_one({"_id": row["_id"]}, {"$set": {"until": datetime.now(UTC)}})
