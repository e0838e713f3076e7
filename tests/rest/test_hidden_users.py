"""What a hook strips of users, or their permissions forbid, no way in shows of them."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Client, MakeApp
from tests.differential.sides import TWINS
from tests.rest.shop import PASSWORD, Shopper, ok, sign_up, unique

CODE = """
from parsepy import Cloud

@Cloud.after_find("_User")
async def strip(request):
    for user in request.objects:
        user.unset("note")
"""
NOTE = "the note that nobody sees"
USER = "user { objectId username note email authData }"
LOG_IN = f"mutation ($i: LogInInput!) {{ logIn(input: $i) {{ viewer {{ {USER} }} }} }}"
LOG_IN_WITH = f"mutation ($i: LogInWithInput!) {{ logInWith(input: $i) {{ viewer {{ {USER} }} }} }}"
WAYS = [
    *("GET /login", "POST /login", "GET /verifyPassword", "POST /verifyPassword", "GET /users/me"),
    *("GET /users/{id}", "GET /users", "POST /users", "POST /batch"),
    *("viewer", "logIn", "logInWith"),
]


class Ways:
    """Ann, who has a badge, and every way to be shown herself."""

    def __init__(self, client: Client, ann: Shopper, badge: dict[str, Any]) -> None:
        self.client, self.ann, self.badge = client, ann, badge
        self.credentials = {"username": ann.name, "password": PASSWORD}

    async def ask(self, way: str) -> httpx.Response:
        """What is answered on one of them."""
        verb, _, path = way.partition(" ")
        if not path:
            return await self._graphql(way)
        if path in ("/users/me", "/users/{id}") or way == "GET /users":
            return await self.ann.client.get(path.format(id=self.ann.id))
        if way == "POST /users":
            return await self.client.post(path, json={"authData": {"badge": self.badge}})
        if way == "POST /batch":
            login = {"method": "POST", "path": "/parse/login", "body": self.credentials}
            return await self.client.post(path, json={"requests": [login]})
        if verb == "GET":
            return await self.client.get(path, params=self.credentials)
        return await self.client.post(path, json=self.credentials)

    async def _graphql(self, way: str) -> httpx.Response:
        if way == "viewer":
            return await self._sent(self.ann.client, f"{{ viewer {{ {USER} }} }}", {})
        by_badge = {"authData": {"badge": self.badge}}
        text, given = (LOG_IN, self.credentials) if way == "logIn" else (LOG_IN_WITH, by_badge)
        return await self._sent(self.client, text, given)

    async def _sent(self, client: Client, text: str, given: Any) -> httpx.Response:
        body = {"query": text, "variables": {"i": given}}
        return await client.post("http://testserver/graphql", json=body)


@pytest.fixture
async def ways(app: MakeApp, tmp_path: Path) -> Ways:
    (tmp_path / "main.py").write_text(CODE)
    auth = {"badge": {"module": str(TWINS / "badge.py")}}
    client = Client(await app(cloud=str(tmp_path / "main.py"), mountGraphQL=True, auth=auth))
    ann = await sign_up(client, note=NOTE, email=f"{unique('ann')}@shop.test")
    badge = {"id": unique("b"), "pin": "right"}
    ok(await ann.client.put(f"/users/{ann.id}", json={"authData": {"badge": badge}}))
    return Ways(client, ann, badge)


@pytest.mark.parametrize("way", WAYS)
async def test_what_a_hook_strips_of_a_user_is_shown_on_no_way(ways: Ways, way: str) -> None:
    answer = await ways.ask(way)
    assert answer.status_code == 200, answer.text
    assert ways.ann.name in answer.text
    assert NOTE not in answer.text


@pytest.mark.parametrize("way", WAYS)
async def test_who_may_not_be_got_is_shown_on_no_way(ways: Ways, way: str) -> None:
    """With ``get: {}`` a log-in answers objectId and token; what only shows refuses."""
    master = Client(ways.client.application, master=True)
    rights = ok(await master.get("/schemas/_User"))["classLevelPermissions"]
    closed = {**rights, "get": {}, "find": {}}
    ok(await master.put("/schemas/_User", json={"classLevelPermissions": closed}))
    text = (await ways.ask(way)).text
    assert not [told for told in (NOTE, "@shop.test", ways.badge["id"]) if told in text]
    if way in ("GET /login", "POST /login", "POST /users", "POST /batch"):
        assert ways.ann.id in text
        assert "sessionToken" in text
