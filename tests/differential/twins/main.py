"""Cloud code for parsepy; main.js beside it does the same for Parse Server."""

from datetime import UTC, datetime
from typing import Any

from parsepy import (
    ACL,
    Cloud,
    DeleteRequest,
    FindRequest,
    FoundRequest,
    FunctionRequest,
    JobRequest,
    Object,
    ParseError,
    SaveRequest,
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
            "isNew": item.is_new if before else original is None and _is_save(request),
            "dirty": sorted(item.dirty_keys()) if before else None,
            "user": str(request.user.username).split("_")[0] if request.user else None,
            "master": request.master,
            "context": request.context.get("mark"),
        }
    )


def _is_save(request: Any) -> bool:
    return bool(request.trigger_name == "afterSave")


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
    fired.append({"trigger": "beforeSave", "class": "_User", "isNew": request.object.is_new})


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
    "count": {"type": int, "default": 2},
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
