"""A running `parsepy serve --demo`: both templates, their rules, a few goods."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from pymongo import MongoClient

from tests.conftest import database_in
from tests.sdk.test_js_sdk import SCHEMA, parsepy_serving


@contextmanager
def demo_serving(mongo_uri: str, home: Path) -> Iterator[str]:
    """Serve the demo on a database of its own until the block ends; its address."""
    name = f"demo_{uuid4().hex[:16]}"
    templates = [SCHEMA / "ecommerce.json", SCHEMA / "shopping.json"]
    cloud = SCHEMA.parent / "cloud" / "main.py"
    uri = database_in(mongo_uri, name)
    with parsepy_serving(uri, templates, home, cloud, demo="true", mountGraphQL="true") as shop:
        yield shop.url
    with MongoClient[dict[str, object]](mongo_uri) as mongo:
        mongo.drop_database(name)
