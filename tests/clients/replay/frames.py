"""How each SDK's Live Query client speaks, and what it wants of the frames that come back."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.clients.replay.queries import date, point, pointer
from tests.clients.replay.sdks import APP_ID, CLIENT_KEY
from tests.clients.replay.wire import flaws

SECONDS = 15
NAME = "GameScore"
EVENTS = ("create", "update", "leave", "enter", "delete")
Frame = dict[str, Any]


@dataclass(frozen=True)
class LiveClient:
    """One SDK: its `connect`, its `subscribe`, and whether it wants its ids back in every frame."""

    connect: Callable[[str, str], Frame]
    subscribe: Callable[[Frame, str], Frame]
    strict: bool = False


def _key(token: str, installation: str) -> Frame:
    own = {"applicationId": APP_ID, "clientKey": CLIENT_KEY}
    return {"op": "connect", **own, "sessionToken": token, "installationId": installation}


def _plain(where: Frame, token: str) -> Frame:
    query = {"className": NAME, "where": where}
    return {"op": "subscribe", "requestId": 1, "query": query, "sessionToken": token}


def _fields(where: Frame, token: str) -> Frame:
    asked = _plain(where, token)
    return {**asked, "query": {**asked["query"], "fields": ["score", "tag"]}}


def _swift(where: Frame, token: str) -> Frame:
    spelled = {k: v if isinstance(v, dict) else {"$eq": v} for k, v in where.items()}
    return _plain(spelled, token)


def _android(token: str, installation: str) -> Frame:
    return {"op": "connect", "applicationId": APP_ID, "sessionToken": token}


def _objective_c(token: str, installation: str) -> Frame:
    own = {"applicationId": APP_ID, "clientKey": CLIENT_KEY}
    return {"op": "connect", **own, "sessionToken": ""}  # signed out, as it writes it


LIVE_CLIENTS = {
    "Flutter": LiveClient(_key, _plain),
    "Flutter with keys": LiveClient(_key, _fields),
    "Swift": LiveClient(_key, _swift, strict=True),
    "Objective-C": LiveClient(_objective_c, _plain),
    "Android": LiveClient(_android, _plain),
}


async def follow(url: str, client: LiveClient) -> list[str]:
    """Connect, subscribe, let one object go through all events; answer what the SDK dislikes."""
    keys = {"X-Parse-Application-Id": APP_ID, "X-Parse-Client-Key": CLIENT_KEY}
    name = f"live{uuid4().hex[:8]}"
    async with (
        httpx.AsyncClient(base_url=url, headers=keys, timeout=SECONDS) as rest,
        connect(url.replace("http", "ws", 1)) as socket,
    ):
        made = await rest.post("/users", json={"username": name, "password": "p"})
        token, installation = made.json()["sessionToken"], str(uuid4())
        complaints = []

        def check(frame: Frame, op: str) -> None:
            complaints.extend(wrong(frame, op, client.strict, connected, installation))

        connected = await ask(socket, client.connect(token, installation))
        if connected.get("op") != "connected" or not isinstance(connected.get("clientId"), str):
            return [f"no connection: {connected}"]
        where = {"tag": name, "score": {"$gt": 10}}
        check(await ask(socket, client.subscribe(where, token)), "subscribed")
        if complaints:
            return complaints
        score = {"tag": name, "score": 11, "when": date("2026-01-02T03:04:05.678Z")}
        more = {"place": point(1, 2), "team": pointer("Team", "abc")}
        path = f"/classes/{NAME}"
        key = (await rest.post(path, json={**score, **more})).json()["objectId"]
        for op, change in zip(EVENTS, (None, 12, 1, 20, None), strict=True):
            if op == "delete":
                await rest.delete(f"{path}/{key}")
            elif change is not None:
                await rest.put(f"{path}/{key}", json={"score": change})
            check(await frame_of(socket), op)
        check(await ask(socket, {"op": "unsubscribe", "requestId": 1}), "unsubscribed")
        return complaints


async def ask(socket: ClientConnection, message: Frame) -> Frame:
    """Send a message; the frame that answers it."""
    await socket.send(json.dumps(message))
    return await frame_of(socket)


async def frame_of(socket: ClientConnection) -> Frame:
    """The next frame, in time."""
    frame: Frame = json.loads(await asyncio.wait_for(socket.recv(), SECONDS))
    return frame


def wrong(frame: Frame, op: str, strict: bool, connected: Frame, installation: str) -> list[str]:
    """What the SDK dislikes about a frame."""
    if frame.get("op") != op:
        return [f"{op} expected: {frame}"]
    found = flaws(frame)
    if not isinstance(frame.get("requestId"), int):
        found.append(f"{op}: no integer requestId")
    if op in EVENTS:
        shown = frame.get("object", {})
        found += [f"{op}: no {m}" for m in ("className", "objectId") if m not in shown]
    if strict:  # Swift drops frames that are not for its own client and installation
        own = {"clientId": connected["clientId"], "installationId": installation}
        found += [f"{op}: another {key}" for key, value in own.items() if frame.get(key) != value]
    return found
