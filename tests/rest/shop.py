"""What the REST tests share: shoppers, pointers, and short assertions about answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.conftest import Client

PASSWORD = "correct horse"
READ_ONLY_KEY = "read-only-key-for-tests"
MAINTENANCE_KEY = "maintenance-key-for-tests"


@dataclass(frozen=True, slots=True)
class Shopper:
    """A user who has signed up, and a client with their session."""

    id: str
    name: str
    token: str
    client: Client

    @property
    def pointer(self) -> dict[str, Any]:
        """A Pointer to the user."""
        return pointer("_User", self.id)


SignUp = Callable[..., Awaitable[Shopper]]


async def sign_up(client: Client, **fields: Any) -> Shopper:
    """Sign up a shopper with a name of their own."""
    name = fields.pop("username", None) or unique("shopper")
    body = {"username": name, "password": PASSWORD, **fields}
    answer = ok(await client.post("/users", json=body), 201)
    token = answer["sessionToken"]
    return Shopper(answer["objectId"], name, token, client.as_user(token))


def unique(prefix: str) -> str:
    """A name that no other test uses; it may name a class."""
    return f"{prefix}{uuid4().hex[:10]}"


def pointer(class_name: str, object_id: str) -> dict[str, Any]:
    """A Pointer in REST form."""
    return {"__type": "Pointer", "className": class_name, "objectId": object_id}


def ok(response: httpx.Response, status: int = 200) -> Any:
    """The body of an answer that must be a success."""
    assert response.status_code == status, response.text
    return response.json()


def refused(response: httpx.Response, code: int, status: int = 400) -> str:
    """The message of an answer that must be this refusal."""
    body = response.json()
    assert (response.status_code, body.get("code")) == (status, code), response.text
    message = body["error"]
    assert isinstance(message, str)
    return message


async def find(client: Client, class_name: str, where: Any = None, **options: Any) -> Any:
    """The results of a query."""
    parameters = {key: _text(value) for key, value in options.items()}
    if where is not None:
        parameters["where"] = json.dumps(where)
    return ok(await client.get(f"/classes/{class_name}", params=parameters))["results"]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


async def create(client: Client, class_name: str, **fields: Any) -> str:
    """Create an object; its id."""
    object_id = ok(await client.post(f"/classes/{class_name}", json=fields), 201)["objectId"]
    assert isinstance(object_id, str)
    return object_id


async def make_class(master: Client, fields: dict[str, Any], **permissions: Any) -> str:
    """Make a class with these fields and class-level permissions; its name."""
    name = unique("Order")
    types = {
        field: kind if isinstance(kind, dict) else {"type": kind} for field, kind in fields.items()
    }
    body: dict[str, Any] = {"fields": types}
    if permissions:
        body["classLevelPermissions"] = permissions
    ok(await master.post(f"/schemas/{name}", json=body))
    return name


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> None:
    """Ask again and again until the condition holds; fail when the time is over."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def item_of_batch(verb: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One inner request of a batch."""
    return {"method": verb, "path": f"/parse{path}", **({"body": body} if body else {})}
