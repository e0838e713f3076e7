"""What the types of cloud code allow, and what they refuse: a refusal is marked `# refused`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from everything import Date, Everything  # made by the test

from parsepy import (
    Answer,
    Cloud,
    DeleteRequest,
    File,
    FileRequest,
    FindRequest,
    FunctionRequest,
    Object,
    Proceed,
    Query,
    SaveRequest,
    User,
    UserRequest,
    WriteRequest,
)


@Cloud.before_save(Everything, require_user=True)
async def check(request: SaveRequest[Everything]) -> None:
    text: str = request.object.get("text")
    number: float | None = request.object.get("number")
    sure: float = request.object.get("number", 0.0)
    moment: datetime = request.object["moment"]
    owner: User | None = request.object.get("owner")
    parent: Everything | None = request.object.get("parent")
    before: Everything | None = request.original
    request.object.set("number", 5).set({"text": "a"})
    request.object["flag"] = True
    print(text, number, sure, moment, owner, parent, before, request.object.relation("members"))
    request.object.get("txt")  # refused
    request.object.set("number", "five")  # refused
    request.object["flag"] = "yes"  # refused
    wrong: int = request.object.get("text")  # refused
    print(wrong)


@Cloud.before_save("Everything")
async def of_a_name(request: SaveRequest) -> Object | Answer | None:
    return Cloud.answer({"a": 1}) if request.object.is_new else None


@Cloud.before_save("Everything")
def plain(request: SaveRequest[Everything]) -> Object:
    return request.object


@Cloud.before_save(File, require_user=True)
async def upload(request: FileRequest) -> File | None:
    return request.file


@Cloud.around_save(Everything)
async def around(request: SaveRequest[Everything], proceed: Proceed) -> Answer | None:
    await proceed(where={"text": request.object.get("text")})
    return None


@Cloud.before_find(Everything)
async def narrow(request: FindRequest) -> Query[Any] | None:
    return request.query.equal_to("flag", True)


@Cloud.before_login
async def login(request: UserRequest) -> None: ...


@Cloud.before_login(require_user=True)
async def login_with_rules(request: UserRequest) -> None: ...


@Cloud.may_write("Everything")
async def may(request: WriteRequest) -> bool:
    return request.user is not None


@Cloud.function("find", require_user=True, fields={"n": {"type": int}})
async def find(request: FunctionRequest) -> list[Everything]:
    day = await Query(Date).first()
    when: datetime | None = day.get("when") if day else None
    print(when)
    return await Query(Everything).greater_than("number", request.params["n"]).find()


@Cloud.before_save("Everything", require_usr=True)  # refused
async def misspelled(request: SaveRequest) -> None: ...


@Cloud.before_save("Everything")  # refused
async def wrong_request(request: DeleteRequest) -> None: ...


@Cloud.before_save("Everything")  # refused
async def wrong_return(request: SaveRequest) -> int:
    return 5


@Cloud.may_write("Everything")  # refused
async def no_verdict(request: WriteRequest) -> str:
    return "yes"


@Cloud.before_save(File)  # refused
async def not_of_a_file(request: SaveRequest) -> None: ...


@Cloud.around_save("Everything")  # refused
async def without_proceed(request: SaveRequest) -> None: ...


@Cloud.function("f", require_usr=True)  # refused
async def misspelled_function(request: FunctionRequest) -> None: ...


@Cloud.function("g")  # refused
async def function_of_a_save(request: SaveRequest) -> None: ...


@Cloud.before_login  # refused
async def login_of_a_save(request: SaveRequest) -> None: ...
