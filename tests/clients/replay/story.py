"""What every SDK does in its replay: people, values of every type, operations, queries, batches."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.clients.replay.queries import PLACES, ask_everything, date, point, pointer
from tests.clients.replay.sdks import Sdk

MISSING = "nonexist00"
PASSWORD = "pa ss+wörd&%"


@dataclass
class Scene:
    """What the steps share: a signed-in user, the classes of this replay, their objects."""

    sdk: Sdk
    token: str
    user: str
    username: str
    game: str
    team: str
    teams: tuple[str, str] = ("", "")
    first: str = ""


def replay(sdk: Sdk) -> None:
    """Do it all, in order; what the SDK's decoder dislikes is in its journal."""
    scene = people(sdk)
    values(scene)
    operations(scene)
    refusals(scene)
    rows(scene)
    ask_everything(sdk, scene.game, scene.team, scene.first, scene.teams, scene.token)
    batches(scene)
    roles_and_functions(scene)
    installations(scene)
    changes_of_the_user(scene)


def people(sdk: Sdk) -> Scene:
    """Sign up, be refused, log in, be anonymous."""
    name = f"{type(sdk).__name__.lower()}{uuid4().hex[:6]}"
    user = {"username": name, "password": PASSWORD, "email": f"{name}@example.com"}
    made = sdk.sign_up({**user, "phone": "415", "level": 3})
    sdk.log_in(name, "wrong", "error")
    token = str(sdk.log_in(name, PASSWORD).get("sessionToken"))
    sdk.me(token)
    sdk.anonymous()
    sdk.call("a name that is taken", "error", "POST", "/users", user)
    game = f"Game{uuid4().hex[:6]}"
    return Scene(sdk, token, str(made.get("objectId")), name, game, f"Team{game}")


def values(scene: Scene) -> None:
    """Store a value of every type, and read them back with the types that strict decoders want."""
    sdk, token = scene.sdk, scene.token
    oslo = sdk.create("create", scene.team, {"city": "Oslo", "n": 1}).get("objectId")
    bergen = sdk.create("create", scene.team, {"city": "Bergen + Øst", "n": 2}).get("objectId")
    scene.teams = (str(oslo), str(bergen))
    file = sdk.upload("hello.txt", b"Hello, World!", "text/plain", token)
    everything: dict[str, Any] = {
        "score": 1337,
        "playerName": "Sean Plott",
        "cheatMode": False,
        "ratio": 1.5,
        "whole": 5.0,
        "big": 2**53 - 1,
        "tags": ["a", "b"],
        "nothing": None,
        "meta": {"a": 1, "b": {"c": [1, 2]}},
        "when": date("2026-01-02T03:04:05.678Z"),
        "place": point(40.0, -30.5),
        "raw": {"__type": "Bytes", "base64": "aGVsbG8="},
        "area": {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]},
        "owner": pointer("_User", scene.user),
        "team": pointer(scene.team, scene.teams[0]),
        "file": {"__type": "File", "name": file.get("name"), "url": file.get("url")},
        "ACL": {scene.user: {"read": True, "write": True}, "*": {"read": True}},
        "members": {"__op": "AddRelation", "objects": [pointer(scene.team, scene.teams[0])]},
        "text": 'zażółć \U0001f600 "q" \\ / \u2028',
    }
    made = sdk.create("create with every type", scene.game, everything, token)
    scene.first = str(made.get("objectId"))
    shown = sdk.get("get with every type", scene.game, scene.first, token)
    for key in ("score", "whole", "big"):
        whole_number(sdk, key, shown.get(key))


def whole_number(sdk: Sdk, key: str, value: object) -> None:
    """Integers come without a point, or typed clients refuse them."""
    if not isinstance(value, int):
        sdk.journal.complaints.append(f"{key} is {value!r}, no integer")


def operations(scene: Scene) -> None:
    """Every operation on a field."""
    sdk, token, teams = scene.sdk, scene.token, scene.teams
    oslo, bergen = (pointer(scene.team, team) for team in teams)

    def change(what: str, **fields: Any) -> None:
        sdk.update(what, scene.game, scene.first, fields, token)

    half = {"__op": "Increment", "amount": 0.5}
    change("increment", score={"__op": "Increment", "amount": 1}, ratio=half)
    shown = sdk.get("get after it", scene.game, scene.first, token)
    whole_number(sdk, "ratio", shown.get("ratio"))
    change("add", tags={"__op": "Add", "objects": ["c"]})
    change("add what is new", tags={"__op": "AddUnique", "objects": ["c", "d"]})
    change("remove", tags={"__op": "Remove", "objects": ["a"]})
    change("delete a field", cheatMode={"__op": "Delete"})
    both = [
        {"__op": "AddRelation", "objects": [bergen]},
        {"__op": "RemoveRelation", "objects": [oslo]},
    ]
    change("change a relation", members={"__op": "Batch", "ops": both})
    change("remove from a relation", members={"__op": "RemoveRelation", "objects": [bergen]})
    change("add to a relation", members={"__op": "AddRelation", "objects": [oslo, bergen]})


def refusals(scene: Scene) -> None:
    """What is refused, as each decoder must be able to read it."""
    sdk, game = scene.sdk, scene.game
    sdk.update("change as nobody", game, scene.first, {"playerName": "x"}, "", "error")
    sdk.update("change nothing", game, MISSING, {"playerName": "x"}, scene.token, "error")
    sdk.get("get nothing", game, MISSING, scene.token, "error")


def rows(scene: Scene) -> None:
    """More objects, for queries to find."""
    for number, latitude in enumerate(PLACES):
        row = {
            "score": number,
            "playerName": f"p{number}",
            "tags": [f"t{number}"],
            "team": pointer(scene.team, scene.teams[1]),
            "place": point(latitude, -30),
            "when": date(f"2026-02-0{number + 1}T00:00:00.000Z"),
        }
        scene.sdk.create("create a row", scene.game, row)


def batches(scene: Scene) -> None:
    """Several requests in one, some of which fail."""
    sdk, token = scene.sdk, scene.token

    def request(method: str, path: str = "", body: Any = None) -> dict[str, Any]:
        sent = {"method": method, "path": f"/parse/classes/{scene.game}{path}"}
        return sent if body is None else {**sent, "body": body}

    creates = [request("POST", body={"score": 50 + number}) for number in range(3)]
    made = sdk.batch("create together", creates, token)
    keys = [item["success"]["objectId"] for item in made.json]
    more = request("PUT", f"/{keys[0]}", {"score": {"__op": "Increment", "amount": 1}})
    missing = request("PUT", f"/{MISSING}", {"score": 1})
    sdk.batch("change together", [more, missing], token)
    sdk.batch("delete together", [request("DELETE", f"/{key}") for key in (*keys, MISSING)], token)


def roles_and_functions(scene: Scene) -> None:
    """Roles, cloud functions with their values and their errors, the configuration."""
    sdk, token = scene.sdk, scene.token
    users = {"__op": "AddRelation", "objects": [pointer("_User", scene.user)]}
    role = {"name": f"r{scene.username}", "ACL": {"*": {"read": True}}, "users": users}
    sdk.create("create a role", "_Role", role, token)
    sdk.find("find a role", "_Role", {"name": role["name"]}, token)
    sdk.function("hello", {"name": "ann"}, token)
    told = {"a": 1, "d": date("2026-01-02T03:04:05.678Z"), "l": [1, 2.5, None], "g": point(1, 2)}
    sdk.function("echo", told, token)
    sdk.function("fail", {}, token, "error")
    sdk.function("nosuch", {}, token, "error")
    sdk.config()


def installations(scene: Scene) -> None:
    """Register a device, change its channels, register it again."""
    sdk, token, name = scene.sdk, scene.token, "_Installation"
    device = {
        "installationId": sdk.installation,
        "deviceType": "android",
        "pushType": "gcm",
        "timeZone": "Europe/Oslo",
        "localeIdentifier": "en-US",
        "parseVersion": "4.4.0",
        "appName": "App",
        "appIdentifier": "com.example",
        "appVersion": "1",
        "channels": {"__op": "AddUnique", "objects": ["news"]},
        "deviceToken": f"token{scene.username}",
    }
    key = str(sdk.create("register a device", name, device, token).get("objectId"))
    channels = {"__op": "AddUnique", "objects": ["sport"]}
    sdk.update("follow a channel", name, key, {"channels": channels, "badge": 0}, token)
    channels = {"__op": "Remove", "objects": ["news"]}
    sdk.update("leave a channel", name, key, {"channels": channels}, token)
    sdk.get("get a device", name, key, token)
    sdk.update("change no device", name, MISSING, {"timeZone": "UTC"}, token, "error")


def changes_of_the_user(scene: Scene) -> None:
    """Change the user and the password, delete, and end the session."""
    sdk, user = scene.sdk, scene.user
    sdk.update("change oneself", "_User", user, {"phone": "999"}, scene.token)
    sdk.update("change another", "_User", user, {"phone": "999"}, "", "error")
    sdk.update("change the password", "_User", user, {"password": "new pass 1"}, scene.token)
    token = str(sdk.log_in(scene.username, "new pass 1").get("sessionToken"))
    sdk.call("this session", "get", "GET", "/sessions/me", token=token)
    when = date("2026-01-02T03:04:05.678Z")
    opened = {"at": when, "dimensions": {"a": "b"}}
    sdk.call("tell an event", "ok", "POST", "/events/AppOpened", opened, token=token)
    sdk.delete("delete as nobody", scene.game, scene.first, "", "error")
    sdk.delete("delete", scene.game, scene.first, token)
    sdk.delete("delete again", scene.game, scene.first, token, "error")
    sdk.log_out(token)
    sdk.me(token, "error")
