"""What one SDK does and no other, after the common replay."""

from urllib.parse import urlsplit
from uuid import uuid4

from tests.clients.replay.more_sdks import Flutter, Swift
from tests.clients.replay.sdks import MASTER_KEY, Android, ObjectiveC, escaped
from tests.clients.replay.wire import send


def flutter(sdk: Flutter) -> None:
    """An unset field, whole words, health, an installation by its own path, files."""
    name = f"Dart{uuid4().hex[:6]}"
    key = sdk.create("create", name, {"name": "hello world", "t": ["x"]}).get("objectId")
    words = {"$search": {"$term": "hello", "$caseSensitive": False, "$diacriticSensitive": False}}
    whole = {"name": {"$text": words}}
    sdk.find("find whole words", name, whole, order="$score", keys="$score")
    sdk.update("unset", name, str(key), {"name": {"__op": "Delete"}})
    sdk.call("find everything", "find", "GET", f"/classes/{name}")
    encoded = "%7B%22name%22:%20%22hello%20world%22%7D"
    sdk.call("find as encoded", "find", "GET", f"/classes/{name}?where={encoded}")
    sdk.call("distinct", "find", "GET", f"/aggregate/{name}?distinct=name", master=True)
    sdk.call("health", "health", "GET", "/health")
    device = {"installationId": str(uuid4()), "deviceType": "Linux", "timeZone": "Africa/Abidjan"}
    made = sdk.call("register", "create", "POST", "/installations", device)
    path = f"/installations/{made.get('objectId')}"
    nested = {"channels": {"__op": "Remove", "objects": [["a"]]}}
    sdk.call("leave a list of channels", "update", "PUT", path, nested)
    sdk.call("log out as nobody", "any", "POST", "/logout")
    sdk.upload("a%20b.png", b"\x89PNG\r\n", "image/png")
    sdk.sent("upload untyped", "file", "POST", "/files/noext", sdk.headers(""), b"abc")


def android(sdk: Android) -> None:
    """Untyped uploads, a function of nobody, an anonymous user who becomes a real one."""
    sdk.sent("upload untyped", "file", "POST", "/files/file", sdk.headers(""), b"some bytes")
    sdk.upload("x.png", b"\x89PNG", "image/png")
    sdk.sent("call without a body", "function", "POST", "/functions/hello", sdk.headers(""), None)
    sdk.call("find with a trace", "find", "GET", "/classes/Gx", {"trace": "1", "limit": "1"})
    push = {"channels": ["a"], "data": {"alert": "x"}}
    sdk.call("push as nobody", "any", "POST", "/push", push)
    sdk.call("configure as nobody", "any", "PUT", "/config", {"params": {"a": 1}})
    name = f"a{uuid4().hex[:8]}"
    guest = sdk.anonymous()
    real = {"username": name, "password": "p", "authData": {"anonymous": None}}
    key, token = str(guest.get("objectId")), str(guest.get("sessionToken"))
    sdk.update("become real", "_User", key, real, token)
    sdk.log_in(name, "p")
    again = {"authData": {"anonymous": {"id": f"fixed-{name}"}}}
    sdk.call("sign up by provider", "sign up", "POST", "/users", again, revocable=True)
    sdk.call("log in by provider", "log in", "POST", "/users", again, revocable=True)


def objective_c(sdk: ObjectiveC) -> None:
    """Functions without parameters, texts for numbers, empty members of an or, crash reports."""
    sdk.call("call with nothing", "function", "POST", "/functions/hello")
    sdk.call("upgrade as nobody", "error", "POST", "/upgradeToRevocableSession")
    sdk.call("find by nothing", "find", "GET", "/classes/Gx", {})
    inner = {"className": "Gy", "limit": "5", "where": {"a": 1}}
    texts = {"where": {"p": {"$inQuery": inner}}, "limit": "10"}
    sdk.call("find with texts", "find", "GET", "/classes/Gx", texts)
    empty = {"where": {"$or": [{}, {"a": 1}]}}
    sdk.call("find by an empty member", "find", "GET", "/classes/Gx", empty)
    crash = {"breakpadDump": {"a": 1}}
    sdk.call("report a crash", "ok", "POST", "/events/_CrashReport", crash)
    sdk.sent("upload untyped", "file", "POST", "/files/file", sdk.headers(""), b"some bytes")
    device = {"deviceType": "ios", "installationId": str(uuid4()), "deviceToken": "ab" * 32}
    sdk.call("register", "create", "POST", "/classes/_Installation", {**device, "badge": 0})


def swift(sdk: Swift) -> None:
    """Schemas, aggregates, hooks and files, as the SDK offers them to servers in Swift."""
    name = f"Sw{uuid4().hex[:6]}"
    fields = {"a": {"type": "String", "required": False}}
    schema = {"className": name, "fields": fields}
    sdk.call("health by POST", "health", "POST", "/health")
    sdk.call("server information", "ok", "GET", "/serverInfo", master=True)
    sdk.call("make a class", "ok", "POST", f"/schemas/{name}", schema, master=True)
    sdk.call("show a class", "ok", "GET", f"/schemas/{name}", master=True)
    more = {"b": {"type": "Number", "required": True, "defaultValue": 0}}
    schema = {"className": name, "fields": more}
    sdk.call("add a column", "ok", "PUT", f"/schemas/{name}", schema, master=True)
    for number in range(3):
        sdk.create("create", name, {"a": f"x{number % 2}", "b": number})
    stages = [{"$group": {"_id": "$a", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
    asked = {"pipeline": escaped(stages)}
    sdk.call("aggregate", "find", "GET", f"/aggregate/{name}", query=asked, master=True)
    asked = {"distinct": "a"}
    sdk.call("distinct", "find", "GET", f"/aggregate/{name}", query=asked, master=True)
    sdk.call("configure", "true", "PUT", "/config", {"params": {"welcome": "hi"}}, master=True)
    hook = {"functionName": name, "url": "http://127.0.0.1:9/x"}
    sdk.call("make a hook", "ok", "POST", "/hooks/functions/", hook, master=True)
    sdk.call("list hooks", "ok", "GET", "/hooks/functions/", master=True)
    gone = {"__op": "Delete"}
    sdk.call("delete a hook", "ok", "PUT", f"/hooks/functions/{name}", gone, master=True)
    sdk.call("empty a class", "ok", "DELETE", f"/purge/{name}", master=True)
    sdk.call("delete a class", "ok", "DELETE", f"/schemas/{name}", master=True)
    path = urlsplit(str(sdk.upload("sw.txt", b"abc", "text/plain").get("url"))).path
    origin = sdk.url.removesuffix("/parse")
    shown = send(origin, "GET", path, sdk.headers(""), None)
    if shown.body != b"abc":
        sdk.journal.complaints.append(f"download a file: {shown.status} {shown.text}")
    master = {**sdk.headers(""), "X-Parse-Master-Key": MASTER_KEY}
    deleted = send(origin, "DELETE", path, master, None)
    if deleted.status != 200:
        sdk.journal.complaints.append(
            f"delete a file by its address: {deleted.status} {deleted.text}"
        )
