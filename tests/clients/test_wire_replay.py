"""Replays of SDKs that can't run here: their requests as they send them, read by their decoders.

Against parsepy always, against Parse Server in the slow run. Each step's answer goes through what
that SDK's decoder insists on, and its status and shape are the same on both servers.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.clients.replay import own_steps
from tests.clients.replay.frames import LIVE_CLIENTS, NAME, follow
from tests.clients.replay.more_sdks import DotNet, Flutter, FlutterDio, Swift, SwiftByPost, Unity
from tests.clients.replay.sdks import (
    APP_ID,
    CLIENT_KEY,
    MASTER_KEY,
    WINDOWS_KEY,
    Android,
    ObjectiveC,
    Sdk,
)
from tests.clients.replay.story import replay
from tests.conftest import database_in
from tests.peer import Peer
from tests.sdk.test_js_sdk import parsepy_serving

REPLAY = Path(__file__).parent / "replay"
KEYS = {"clientKey": CLIENT_KEY, "dotNetKey": WINDOWS_KEY}
LIVE = {"classNames": [NAME]}
PARSE_SERVER = pytest.param("Parse Server", marks=[pytest.mark.slow, pytest.mark.node])
# What SDKs send all the same; parsepy takes it (docs/differences.md).
PARSE_SERVER_REFUSES = {
    "find in a query without where",
    "find in Android's query",
    "find with a trace",
    "delete a file by its address",
}
WELCOME = {"params": {"welcome": "hi"}}
ON_BOTH = pytest.mark.parametrize("server", ["parsepy", PARSE_SERVER])


@pytest.fixture(scope="module")
def parsepy_url(mongo_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A parsepy with the keys of native clients; its address."""
    name = f"replay_{uuid4().hex[:16]}"
    options = {**KEYS, "allowClientClassCreation": "true", "liveQuery": json.dumps(LIVE)}
    options["fileUpload"] = '{"enableForPublic": true}'
    cloud = REPLAY / "main.py"
    home = tmp_path_factory.mktemp("replay")
    uri = database_in(mongo_uri, name)
    with parsepy_serving(uri, [], home, cloud, schema="none", **options) as shop:
        yield shop.url
    with MongoClient[dict[str, object]](mongo_uri) as mongo:
        mongo.drop_database(name)


@pytest.fixture(scope="module")
def parse_server_url(mongo_uri: str) -> Iterator[str]:
    """A Parse Server that is set up alike."""
    name = f"replay_{uuid4().hex[:16]}"
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, **KEYS, "allowClientClassCreation": True}
    options |= {"cloud": str(REPLAY / "main.js"), "fileUpload": {"enableForPublic": True}}
    options |= {"liveQuery": LIVE, "startLiveQueryServer": True}
    options["serverURL"] = "http://localhost/parse"
    with Peer(database_in(mongo_uri, name), options) as peer:
        yield peer.url
    with MongoClient[dict[str, object]](mongo_uri) as mongo:
        mongo.drop_database(name)


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """The address of the server that a case names."""
    address: str = request.getfixturevalue(server.lower().replace(" ", "_") + "_url")
    return address


def content(sdk: Sdk, server: str) -> None:
    """See that the SDK's decoder was content with all answers; on parsepy, without exception."""
    theirs = PARSE_SERVER_REFUSES if server == "Parse Server" else set[str]()
    complaints = [said for said in sdk.journal.complaints if said.split(":")[0] not in theirs]
    assert complaints == []
    assert len(sdk.journal.steps) >= 100


@ON_BOTH
@pytest.mark.parametrize("over", [Flutter, FlutterDio])
def test_flutter_reads_every_answer(url: str, server: str, over: type[Flutter]) -> None:
    sdk = over(url)
    replay(sdk)
    own_steps.flutter(sdk)
    content(sdk, server)


@ON_BOTH
@pytest.mark.parametrize("queries", [Swift, SwiftByPost])
def test_swift_reads_every_answer(url: str, server: str, queries: type[Swift]) -> None:
    sdk = queries(url)
    replay(sdk)
    own_steps.swift(sdk)
    content(sdk, server)


@ON_BOTH
def test_objective_c_reads_every_answer(url: str, server: str) -> None:
    sdk = ObjectiveC(url)
    replay(sdk)
    own_steps.objective_c(sdk)
    content(sdk, server)


@ON_BOTH
def test_android_reads_every_answer(url: str, server: str) -> None:
    sdk = Android(url)
    replay(sdk)
    own_steps.android(sdk)
    content(sdk, server)


@ON_BOTH
def test_dotnet_reads_every_answer(url: str, server: str) -> None:
    sdk = DotNet(url)
    replay(sdk)
    content(sdk, server)


@ON_BOTH
def test_unity_reads_every_answer(url: str, server: str) -> None:
    sdk = Unity(url)
    replay(sdk)
    content(sdk, server)


@pytest.mark.parametrize("name", LIVE_CLIENTS)
async def test_a_live_query_client_reads_every_frame(parsepy_url: str, name: str) -> None:
    assert await follow(parsepy_url, LIVE_CLIENTS[name]) == []


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.parametrize("sdk", [Flutter, Swift, ObjectiveC, Android, DotNet, Unity])
def test_both_servers_answer_a_replay_alike(
    parsepy_url: str, parse_server_url: str, sdk: type[Sdk]
) -> None:
    ours, theirs = sdk(parsepy_url), sdk(parse_server_url)
    for side in (ours, theirs):
        SwiftByPost(side.url).call("configure", "true", "PUT", "/config", WELCOME, master=True)
        replay(side)
    pairs = zip(ours.journal.steps, theirs.journal.steps, strict=True)
    refused = PARSE_SERVER_REFUSES | {
        what.replace("find", "found", 1) for what in PARSE_SERVER_REFUSES
    }
    assert [pair for pair in pairs if pair[0] != pair[1] and pair[0][0] not in refused] == []
