"""Cloud code for parsepy that tells what hooks see; stages.js does the same for Parse Server."""

from typing import Any

from parsepy import Cloud, Object, ParseError, SaveRequest, UserRequest


def told(stage: str) -> Any:
    async def tell(request: SaveRequest) -> None:
        item, original = request.object, request.original
        heard = Object("Heard")
        heard["stage"] = stage
        heard["of"] = item.class_name
        heard["itsId"] = item.id
        heard["isNew"] = item.is_new if stage == "beforeSave" else False
        heard["authData"] = item.get("authData")
        heard["hadAuthData"] = None if original is None else original.get("authData")
        await heard.save(use_master_key=True)
        if stage == "beforeSave":
            item["seenId"] = item.id or "none"

    return tell


for name in ("Chosen", "_User", "Kept"):
    Cloud.before_save(name)(told("beforeSave"))
    Cloud.after_save(name)(told("afterSave"))


def fail(how: Any) -> None:
    match how:
        case "text":
            raise ParseError(141, "only a text")
        case "error":
            raise ParseError(141, "broken")
        case "parse":
            raise ParseError(142, "not today")
        case "rejected":
            raise ParseError(4711, "later")


@Cloud.before_login
async def before_login(request: UserRequest) -> None:
    fail(request.object.get("before"))


@Cloud.after_login
async def after_login(request: UserRequest) -> None:
    fail(request.object.get("after"))


@Cloud.after_logout
async def after_logout(request: UserRequest) -> None:
    user = await request.object["user"].fetch(use_master_key=True)
    fail(user.get("afterOut"))
