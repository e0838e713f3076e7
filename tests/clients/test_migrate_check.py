"""`parsepy migrate check` reads a Parse Server's options, cloud code and database, and judges."""

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from parsepy.cli import main
from parsepy.cli.migrate import python_of
from tests.conftest import database_in

NAME = "test_migrate_check"
MAIN = """
// Parse.Cloud.define("old", f);
Parse.Cloud.define('total', async (request) => 1);
Parse.Cloud.beforeSave("Order", check);
Parse.Cloud.afterSave(Parse.User, welcome);
Parse.Cloud.beforeLogin(async request => {});
Parse.Cloud.afterLiveQueryEvent(`Order`, f);
Parse.Cloud.job("close", f); /* Parse.Cloud.job("never", f) */
Parse.Cloud.define(names[0], f);
const url = "https://example.com"; Parse.Cloud.beforeConnect(f);
"""


def test_cloud_code_of_javascript_is_shown_in_python() -> None:
    assert [line for _, line in python_of(MAIN)] == [
        '@Cloud.function("total")',
        '@Cloud.before_save("Order")',
        "@Cloud.after_save(User)",
        "@Cloud.before_login",
        '@Cloud.after_live_query_event("Order")',
        '@Cloud.job("close")',
        "@Cloud.function(...): the name is computed; write it",
        "@Cloud.before_connect",
    ]


@pytest.fixture
def database(mongo: MongoClient[dict[str, Any]]) -> Any:
    mongo.drop_database(NAME)
    yield mongo[NAME]
    mongo.drop_database(NAME)


def checked(mongo_uri: str, folder: Path, **options: Any) -> int:
    file = folder / "config.json"
    file.write_text(json.dumps({"appId": "a", "masterKey": "m", **options}))
    return main(["migrate", "check", str(file), "--database-uri", database_in(mongo_uri, NAME)])


def test_what_carries_over_is_told_and_nothing_is_written(
    mongo_uri: str, database: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database["_User"].insert_one({"_id": "a", "_hashed_password": "$2b$10$abc"})
    database["Order"].insert_one({"_id": "o"})
    assert checked(mongo_uri, tmp_path) == 0
    told = capsys.readouterr().out
    assert "classes: 2" in told
    assert "users: 1" in told
    assert told.endswith("Verdict: it carries over\n")
    assert sorted(database.list_collection_names()) == ["Order", "_User"]


def test_what_must_be_decided_is_counted_in_the_verdict(
    mongo_uri: str, database: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database["_User"].insert_many(
        [{"_id": "a", "_hashed_password": "md5"}, {"_id": "b", "_auth_data_mfa": {"secret": "s"}}]
    )
    (tmp_path / "main.js").write_text('Parse.Cloud.define("total", f);')
    assert checked(mongo_uri, tmp_path, cloud="main.js", filesAdapter="@acme/files") == 1
    told = capsys.readouterr().out
    assert "1 users have passwords that are not of bcrypt" in told
    assert "1 users have a second factor" in told
    assert 'define("total")  ->  @Cloud.function("total")' in told
    assert told.endswith("Verdict: 5 things to write or decide\n")
