"""Cloud code for parsepy; main.js beside it does the same for Parse Server."""

import re
from datetime import UTC, datetime
from typing import Any

from parsepy import (
    ACL,
    Cloud,
    Config,
    ConfigRequest,
    ConnectRequest,
    DeleteRequest,
    File,
    FileRequest,
    FindRequest,
    FoundRequest,
    FunctionRequest,
    JobRequest,
    LiveEventRequest,
    Object,
    ParseError,
    SaveRequest,
    SubscribeRequest,
    User,
    UserRequest,
)

fired: list[dict[str, Any]] = []


def note(request: SaveRequest | DeleteRequest) -> None:
    item = request.object
    original = getattr(request, "original", None)
    before = request.trigger_name == "beforeSave"
    fired.append(
        {
            "trigger": request.trigger_name,
            "class": item.class_name,
            "total": item.get("total"),
            "original": original.get("total") if original is not None else None,
            "isNew": not item.existed,
            "dirty": sorted(item.dirty_keys()) if before else None,
            "user": str(request.user.username).split("_")[0] if request.user else None,
            "master": request.master,
            "context": request.context.get("mark"),
        }
    )


@Cloud.function("fired")
async def take(request: FunctionRequest) -> list[dict[str, Any]]:
    found = fired[:]
    fired.clear()
    return found


async def check(request: SaveRequest) -> Object | None:
    note(request)
    request.context["mark"] = "from before"
    order = request.object
    match order.get("wish"):
        case "refuse":
            raise ParseError(142, "total: not today")
        case "throw":
            raise RuntimeError("broken")
        case "text":
            raise RuntimeError("only a text")
        case "change":
            order.set("total", 99).set("extra", {"a": 1})
        case "unset":
            order.unset("note")
        case "increment":
            order.increment("total", 5)
        case "replace":
            return Object(request.class_name, total=7)
        case "array":
            order.add("tags", "b")
        case "acl":
            order.acl = ACL()
    return None


async def saved(request: SaveRequest) -> None:
    note(request)
    if request.object.get("wish") == "after":
        raise ParseError(142, "too late")


async def keep(request: DeleteRequest) -> None:
    note(request)
    if request.object.get("wish") == "keep":
        raise ParseError(142, "it stays")


async def deleted(request: DeleteRequest) -> None:
    note(request)


for name in ("Order", "Doomed", "Asked"):
    Cloud.before_save(name)(check)
    Cloud.after_save(name)(saved)
    Cloud.before_delete(name)(keep)
    Cloud.after_delete(name)(deleted)


@Cloud.before_find("Seen")
async def narrow(request: FindRequest) -> list[Object] | None:
    fired.append({"trigger": "beforeFind", "count": request.count, "isGet": request.is_get})
    where = request.query.to_where()
    if where.get("refuse"):
        raise ParseError(119, "not to be found")
    if where.get("nothing"):
        return []
    request.query.greater_than("total", 1)
    return None


@Cloud.after_find("Seen")
async def show(request: FoundRequest) -> list[Object]:
    fired.append({"trigger": "afterFind", "found": len(request.objects)})
    if any(item.get("total") == 13 for item in request.objects):
        raise ParseError(142, "unlucky")
    for item in request.objects:
        item.set("shown", True)
    return request.objects


@Cloud.before_login
async def let_in(request: UserRequest) -> None:
    fired.append({"trigger": "beforeLogin", "user": request.object.get("kind")})
    if request.object.get("kind") == "banned":
        raise ParseError(142, "banned")


@Cloud.after_login
async def greet(request: UserRequest) -> None:
    fired.append({"trigger": "afterLogin", "user": request.object.get("kind")})


@Cloud.after_logout
async def wave(request: UserRequest) -> None:
    fired.append({"trigger": "afterLogout", "class": request.object.class_name})


@Cloud.before_save(User)
async def user(request: SaveRequest) -> None:
    fired.append({"trigger": "beforeSave", "class": "_User", "isNew": not request.object.existed})


@Cloud.before_password_reset_request
async def mail(request: UserRequest) -> None:
    kind = request.object.get("kind")
    fired.append({"trigger": "beforePasswordResetRequest", "user": kind})
    if kind == "banned":
        raise ParseError(142, "no mail for you")


def note_file(request: FileRequest) -> str:
    name = re.sub("^[0-9a-f]{32}_", "", request.file.name)
    fired.append(
        {
            "trigger": request.trigger_name,
            "file": name,
            "size": request.file_size,
            "master": request.master,
            "user": str(request.user.username).split("_")[0] if request.user else None,
        }
    )
    return name


@Cloud.before_save(File)
async def check_file(request: FileRequest) -> File | None:
    match note_file(request):
        case "refuse.txt":
            raise ParseError(142, "no files today")
        case "throw.txt":
            raise RuntimeError("broken")
        case "other.txt":
            return File("another.txt", b"another")
        case "tell.txt":
            request.file.add_metadata("shelf", 7).add_tag("kind", "mug")
    return None


@Cloud.after_save(File)
async def file_saved(request: FileRequest) -> None:
    if note_file(request) == "late.txt":
        raise ParseError(142, "too late")


@Cloud.before_delete(File)
async def keep_file(request: FileRequest) -> None:
    if note_file(request) == "keep.txt":
        raise ParseError(142, "it stays")


@Cloud.after_delete(File)
async def file_deleted(request: FileRequest) -> None:
    note_file(request)


@Cloud.before_find(File)
async def hide_file(request: FileRequest) -> None:
    if note_file(request) == "hidden.txt":
        raise ParseError(142, "not to be seen")


@Cloud.after_find(File)
async def show_file(request: FileRequest) -> None:
    match note_file(request):
        case "unlucky.txt":
            raise ParseError(142, "unlucky")
        case "load.txt":
            request.force_download = True
        case "head.txt":
            request.response_headers["X-Shelf"] = "7"


def note_config(request: ConfigRequest) -> None:
    fired.append(
        {
            "trigger": request.trigger_name,
            "price": request.object.get("price"),
            "before": request.original.get("price") if request.original else None,
            "master": request.master,
            "mark": request.context.get("mark"),
        }
    )


@Cloud.before_save(Config)
async def check_config(request: ConfigRequest) -> None:
    note_config(request)
    request.context["mark"] = "from before"
    if request.object.get("price", 0) < 0:
        raise ParseError(142, "price: at least 0")


@Cloud.after_save(Config)
async def config_saved(request: ConfigRequest) -> None:
    note_config(request)


@Cloud.before_connect
async def connect(request: ConnectRequest) -> None:
    fired.append({"trigger": "beforeConnect", "master": request.master})
    if request.installation_id == "banned":
        raise ParseError(142, "not you")


@Cloud.before_subscribe("Live")
async def subscribe(request: SubscribeRequest) -> None:
    total = request.query.to_where().get("total")
    user = request.user is not None
    fired.append({"trigger": "beforeSubscribe", "total": total, "user": user})
    if total == -1:
        raise ParseError(142, "not that")
    if total == 5:
        request.query.equal_to("total", 6)


@Cloud.after_live_query_event("Live")
async def tell(request: LiveEventRequest) -> None:
    item, before = request.object, request.original
    fired.append(
        {
            "trigger": "afterEvent",
            "event": request.event,
            "total": item.get("total"),
            "original": before.get("total") if before is not None else None,
        }
    )
    match item.get("wish"):
        case "hide":
            request.send_event = False
        case "change":
            item.set("note", "changed")
        case "refuse":
            raise ParseError(142, "no event")


@Cloud.function("echo")
async def echo(request: FunctionRequest) -> Any:
    return request.params


@Cloud.function("form")
async def form(request: FunctionRequest) -> dict[str, Any]:
    return {
        name: {**value, "data": value["data"].hex()} if isinstance(value, dict) else value
        for name, value in request.params.items()
    }


@Cloud.function("nothing")
async def nothing(request: FunctionRequest) -> None:
    return None


@Cloud.function("object")
async def an_object(request: FunctionRequest) -> Object:
    fields = {"total": 3, "when": datetime(1970, 1, 1, tzinfo=UTC)}
    return await Object("Plain").save(fields, use_master_key=True)


@Cloud.function("values")
async def values(request: FunctionRequest) -> list[Any]:
    return [1, "a", True, {"b": [None]}, datetime(1970, 1, 1, tzinfo=UTC)]


@Cloud.function("refused")
async def refused(request: FunctionRequest) -> None:
    raise ParseError(155, "too many")


@Cloud.function("broken")
async def broken(request: FunctionRequest) -> None:
    raise RuntimeError("broken")


@Cloud.function("users", require_user=True)
async def users(request: FunctionRequest) -> Any:
    assert request.user is not None
    return Cloud.answer(request.user.get("kind"))


@Cloud.function("masters", require_master=True)
async def masters(request: FunctionRequest) -> int:
    return 1


FIELDS = {
    "name": {"type": str, "required": True},
    "count": {"type": float, "default": 2},
    "size": {"options": ["S", "M"], "error": "S or M"},
    "kind": {"options": ["a", "b"]},
}


@Cloud.function("fields", fields=FIELDS)
async def fields(request: FunctionRequest) -> Any:
    return request.params


@Cloud.function("listed", fields=["name"])
async def listed(request: FunctionRequest) -> Any:
    return request.params


@Cloud.function("roles", require_any_user_roles=["staff"])
async def roles(request: FunctionRequest) -> int:
    return 1


@Cloud.function("keyed", require_user_keys=["kind"])
async def keyed(request: FunctionRequest) -> int:
    return 1


@Cloud.job("work")
async def work(request: JobRequest) -> str:
    await request.message("half")
    return "done"
