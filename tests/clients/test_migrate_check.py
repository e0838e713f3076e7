"""`parsepy migrate check` reads a Parse Server's options, cloud code and database, and judges.

On a database that Parse Server has made it is seen in tests/interchange/test_migration.py.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from parsepy.cli import main
from parsepy.cli.messages import of_database
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
    mongo[NAME]["_SCHEMA"].insert_many(
        [
            {"_id": "_User", "username": "string"},
            {"_id": "Order", "total": "number", "_metadata": {"class_permissions": {"find": {}}}},
        ]
    )
    yield mongo[NAME]
    mongo.drop_database(NAME)


class Check:
    """Runs the check in a folder; `code` and `told` are of the last run."""

    def __init__(self, mongo_uri: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.uri, self.folder, self._capsys = database_in(mongo_uri, NAME), folder, capsys
        self.code, self.told = -1, ""

    def __call__(self, **options: Any) -> str:
        file = self.folder / "config.json"
        file.write_text(json.dumps({"appId": "a", "masterKey": "m", **options}))
        self.code = main(["migrate", "check", str(file), "--database-uri", self.uri])
        self.told = self._capsys.readouterr().out
        return self.told


@pytest.fixture
def check(mongo_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(mongo_uri, tmp_path, capsys)


def test_what_carries_over_is_told_and_nothing_is_written(database: Any, check: Check) -> None:
    database["_User"].insert_one({"_id": "a", "_hashed_password": "$2b$10$abc"})
    database["Order"].insert_one({"_id": "o"})
    told = check()
    assert "  classes: 2\n  objects: Order 1\n" in told
    assert "users: 1" in told
    assert told.endswith("Verdict: it carries over\n")
    assert check.code == 0
    assert sorted(database.list_collection_names()) == ["Order", "_SCHEMA", "_User"]


def test_what_must_be_decided_is_counted_in_the_verdict(
    database: Any, check: Check, tmp_path: Path
) -> None:
    database["_User"].insert_many(
        [{"_id": "a", "_hashed_password": "md5"}, {"_id": "b", "_auth_data_mfa": {"secret": "s"}}]
    )
    (tmp_path / "main.js").write_text('Parse.Cloud.define("total", f);')
    told = check(cloud="main.js", filesAdapter="@acme/files")
    assert "1 users have passwords that are not of bcrypt" in told
    assert "1 users have a second factor" in told
    assert 'to do: define("total")  ->  @Cloud.function("total")' in told
    assert told.endswith("Verdict: 5 things to write or decide\n")
    assert check.code == 1


def test_what_is_written_in_python_is_told_from_what_is_not(
    database: Any, check: Check, tmp_path: Path
) -> None:
    (tmp_path / "main.js").write_text(MAIN + "q.find({ useMasterKey: true }); o.setACL(acl);")
    (tmp_path / "main.py").write_text(
        'from parsepy import Cloud\n@Cloud.function("total")\n@Cloud.after_save("_User")\n'
        "@Cloud.before_login\nasync def f(request): ...\n"
    )
    told = check(cloud="main.py")
    for written in ('define("total")', "afterSave(User)", "beforeLogin()"):
        assert f"  {written}  is written: " in told
    for missing in ('beforeSave("Order")', 'job("close")', "beforeConnect()"):
        assert f"  to do: {missing}  ->  " in told
    assert "differs: it uses useMasterKey (1 times)  ->  use_master_key=True" in told
    assert "differs: it uses setACL (1 times)" in told


def test_users_of_a_provider_without_an_adapter_are_counted(database: Any, check: Check) -> None:
    database["_User"].insert_many(
        [{"_id": str(n), "_auth_data_badge": {"id": n}} for n in range(3)]
        + [{"_id": "x", "_auth_data_anonymous": {"id": "x"}}]
    )
    told = check()
    assert "to do: 3 users sign in by badge, which auth does not name" in told
    assert "  users of anonymous: 1" in told
    database["_User"].insert_one({"_id": "g", "_auth_data_github": {"id": "g"}})
    assert "to do: 1 users sign in by github, which is built in, but auth does not name" in check()
    told = check(auth={"badge": {"module": "adapters/badge.py"}})
    assert "  users of badge: 3, by the adapter in auth.badge" in told


def test_odd_classes_permissions_and_indexes_are_told(database: Any, check: Check) -> None:
    database["_SCHEMA"].insert_many(
        [
            {"_id": "Old", "p": "*Gone", "x": "money", "_metadata": {"indexes": {"i": {"x": 1}}}},
            {
                "_id": "Hidden",
                "_metadata": {"class_permissions": {"protectedFields": {"*": ["x"]}}},
            },
            {"_id": "Wide", "_metadata": {"class_permissions": {"create": {"*": True}}}},
        ]
    )
    database["Old"].insert_one({"_id": "o"})
    database["Stray"].insert_one({"_id": "s"})
    told = check()
    assert "differs: Old.p: points to the class Gone, which is gone" in told
    assert "differs: Old.x: 'money' is no type" in told
    assert (
        "differs: without a row in _SCHEMA, so unknown as classes until one is written: Stray"
        in (told)
    )
    assert "differs: Old: _SCHEMA names indexes that are not there; they are not made: i" in told
    assert "differs: Hidden: Field 'x' in protectedFields:* does not exist" in told
    assert "anybody may, as before: Wide (create)" in told
    assert told.splitlines()[-1].startswith("Verdict: it carries over; 5 differ")


def test_rows_and_collections_of_other_programs_are_no_obstacle(
    database: Any, check: Check
) -> None:
    database["_SCHEMA"].insert_many(
        [
            {"_id": "Broken", "_metadata": [1], "": "x", "a": {"type": "String"}},
            {"_id": "Loose", "_metadata": {"class_permissions": {"create": True, "find": 5}}},
            {"_id": "not a name"},
            {"_id": 5},
        ]
    )
    database.create_collection("Seen", viewOn="Order", pipeline=[])
    told = check()
    assert "differs: not a name: no class can have this name" in told
    assert "differs: Broken.a: {'type': 'String'} is no type" in told
    assert "differs: Loose: " in told
    assert check.code == 0


def test_doubled_names_keep_an_index_from_being_made(database: Any, check: Check) -> None:
    database["_User"].insert_many([{"_id": n, "username": "ann"} for n in "ab"])
    assert "to do: _User.username is there more than once" in check()
    database["_User"].delete_one({"_id": "a"})
    database["_User"].create_index("username", unique=True)
    assert "more than once" not in check()


def test_files_devices_parameters_and_schedules_are_told(
    database: Any, check: Check, tmp_path: Path
) -> None:
    database["_SCHEMA"].insert_one({"_id": "Photo", "file": "file"})
    names = ("a.png", "gone.png", "https://files.parsetfss.com/x.png")
    database["Photo"].insert_many([{"_id": name, "file": name} for name in names])
    database["fs.files"].insert_one({"filename": "a.png", "length": 2_000_000})
    database["_Installation"].insert_one({"_id": "i", "deviceType": "ios", "deviceToken": "t"})
    database["_GlobalConfig"].insert_one({"_id": 1, "params": {"fee": 3, "a.b": 4}})
    database["_JobSchedule"].insert_one({"_id": "j", "jobName": "gone"})
    (tmp_path / "main.py").write_text('@Cloud.job("clean")\n')
    told = check(cloud="main.py", push={"android": {"firebaseServiceAccount": "x.json"}})
    assert "files in GridFS: 1 (2.0 MB)" in told
    assert "to do: 1 files that objects name are not in GridFS (gone.png)" in told
    assert "files whose name is an address of their own: 1, kept as it is" in told
    assert "to do: 1 devices are ios, and push names no sender for them" in told
    assert "to do: parameters with a dot or dollar can't be changed: a.b" in told
    assert "to do: schedules of jobs that cloud code lacks: gone" in told


def test_queues_of_this_server_are_no_classes(
    mongo: MongoClient[dict[str, Any]], check: Check
) -> None:
    for name in ("_MailQueue", "_SignInCode", "_Audience", "Loose"):
        mongo[NAME][name].insert_one({"_id": "x"})
    try:
        told = check()
    finally:
        for name in ("_MailQueue", "_SignInCode", "_Audience", "Loose"):
            mongo[NAME].drop_collection(name)
    assert "unknown as classes until one is written: Loose\n" in told


def test_an_address_and_a_password_that_are_wrong_are_told_apart() -> None:
    wrong = "Authentication failed., full error: {'ok': 0.0, 'code': 18}"
    told = "Authentication failed; look at name, password and authSource in databaseURI"
    assert of_database(wrong) == told
    assert 'write "databaseURI": "mongodb://' in of_database("Invalid URI scheme: it must begin")
    assert of_database("10.0.0.1:27017: timed out, Timeout: 5s").endswith("databaseURI right?")


def test_what_is_no_database_of_parse_servers_is_said(
    mongo: MongoClient[dict[str, Any]], check: Check
) -> None:
    mongo.drop_database(NAME)
    assert "has no _SCHEMA: it is no Parse Server's database" in check()
    assert check.code == 1


def test_a_database_that_is_not_there_is_to_do_beside_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.json"
    file.write_text(
        json.dumps({"appId": "a", "masterKey": "m", "cloud": "/of/a/container/main.js"})
    )
    uri = "mongodb://127.0.0.1:9/x?serverSelectionTimeoutMS=200&connectTimeoutMS=200"
    assert main(["migrate", "check", str(file), "--database-uri", uri]) == 1
    told = capsys.readouterr().out
    assert "to do: it can't be read: nothing answers at 127.0.0.1:9; is it running" in told
    assert "TopologyDescription" not in told
    assert "to do: not looked at: there is no file /of/a/container/main.js" in told
    assert told.endswith("Verdict: 3 things to write or decide\n")
