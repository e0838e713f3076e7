"""File and config triggers of a cloud file, over HTTP: what authors change, clients see."""

from pathlib import Path
from typing import Any

import pytest

from parsepy.app import Application
from parsepy.errors import Code
from tests.conftest import APP_ID, MOUNT, Client, MakeApp
from tests.rest.shop import ok, refused

CODE = """
from parsepy import Cloud, Config, ConfigRequest, File, FileRequest, ParseError

seen = []


@Cloud.before_save(File, rate_limit={"request_time_window": 60000, "request_count": 3,
                                     "include_internal_requests": True, "include_master_key": True})
async def before(request: FileRequest):
    file = request.file
    seen.append(["before_save", file.name, request.file_size, file.has_data])
    if file.name == "refused.txt":
        raise ParseError(130, "no such file here")
    if file.name == "other.txt":
        return File("another.txt", b"another")
    file.add_metadata("shelf", 7).add_tag("kind", "mug")
    if file.name == "rename.txt":
        file.name = "renamed.txt"


@Cloud.after_save(File)
async def after(request: FileRequest):
    seen.append(["after_save", request.file.url is not None, request.file_size])
    request.file.name = "too-late.txt"


@Cloud.before_delete(File)
async def going(request: FileRequest):
    seen.append(["before_delete", request.file.url is not None])


@Cloud.after_delete(File)
async def gone(request: FileRequest):
    seen.append(["after_delete"])


@Cloud.after_find(File)
async def found(request: FileRequest):
    request.force_download = True
    request.response_headers["X-Shelf"] = str(request.file.metadata.get("shelf"))


@Cloud.before_save(Config, rate_limit={"request_time_window": 60000, "request_count": 3,
                                       "include_internal_requests": True,
                                       "include_master_key": True})
async def check(request: ConfigRequest):
    before = request.original and request.original.get("fee")
    seen.append(["config", before, request.object.get("fee"), request.object.get("none", "-")])
    if request.object.get("fee") == 13:
        raise ParseError(142, "an unlucky fee")


@Cloud.function("seen")
def tell(request):
    return seen


@Cloud.function("again")
async def again(request):
    file = await File("cup.txt", b"first", tags={"a": 1}).save()
    first = file.name
    await file.save()
    same = file.name == first
    await file.set_data(b"second").save()
    by_name = await File(file.name, url=file.url).get_data()
    return {"same": same, "moved": file.name != first, "stored": by_name.decode(),
            "length": len(file.name)}
"""


@pytest.fixture
async def application(app: MakeApp, tmp_path: Path) -> Application:
    """An application with that cloud file."""
    file = tmp_path / "main.py"
    file.write_text(CODE, encoding="utf-8")
    return await app(cloud=str(file))


async def seen(client: Client) -> Any:
    return ok(await client.post("/functions/seen", json={}))["result"]


async def upload(client: Client, name: str = "mug.txt", **headers: str) -> Any:
    more = {key.replace("_", "-"): value for key, value in headers.items()}
    return await client.post(f"/files/{name}", content=b"a mug", headers=more)


async def test_an_upload_passes_its_triggers_and_keeps_its_name(master: Client) -> None:
    saved = ok(await upload(master), 201)
    assert saved["name"].endswith("_mug.txt")
    assert saved["url"].endswith(saved["name"])
    assert await seen(master) == [["before_save", "mug.txt", 5, True], ["after_save", True, 5]]
    about = await master.get(f"/files/{APP_ID}/metadata/{saved['name']}")
    assert ok(about) == {"metadata": {"shelf": 7}}


async def test_a_streamed_upload_keeps_its_bytes_and_gets_the_metadata(master: Client) -> None:
    saved = ok(await upload(master, X_Parse_Upload_Mode="stream"), 201)
    assert (await seen(master))[0] == ["before_save", "mug.txt", 5, False]
    answer = await master.get(saved["url"].removeprefix(MOUNT))
    assert answer.content == b"a mug"
    assert answer.headers["x-shelf"] == "7"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_trigger_renames_replaces_and_refuses(master: Client) -> None:
    assert ok(await upload(master, "rename.txt"), 201)["name"].endswith("_renamed.txt")
    other = ok(await upload(master, "other.txt"), 201)
    assert other["name"].endswith("_another.txt")
    answer = await master.get(other["url"].removeprefix(MOUNT))
    assert answer.content == b"another"
    assert refused(await upload(master, "refused.txt"), Code(130)) == "no such file here"


async def test_a_deletion_tells_both_triggers(master: Client) -> None:
    saved = ok(await upload(master), 201)
    assert (await master.delete(f"/files/{saved['name']}")).status_code == 200
    assert (await seen(master))[2:] == [["before_delete", True], ["after_delete"]]
    assert (await master.get(saved["url"].removeprefix(MOUNT))).status_code == 404


async def test_a_stored_file_with_new_content_is_stored_anew(master: Client) -> None:
    told = ok(await master.post("/functions/again", json={}))["result"]
    assert told["same"]
    assert told["moved"]
    assert told["stored"] == "second"
    assert told["length"] == len("cup.txt") + 33


async def test_the_config_is_guarded_and_its_trigger_knows_before_and_after(
    master: Client, client: Client
) -> None:
    ok(await master.put("/config", json={"params": {"fee": 1}}))
    refused(await master.put("/config", json={"params": {"fee": 13}}), Code(142))
    ok(await master.put("/config", json={"params": {"fee": {"__op": "Delete"}, "a": 1}}))
    assert await seen(master) == [
        ["config", None, 1, "-"],
        ["config", 1, 13, "-"],
        ["config", 1, None, "-"],
    ]
    assert ok(await client.get("/config"))["params"] == {"a": 1}


async def test_rate_limits_of_file_and_config_hooks_are_in_force(master: Client) -> None:
    for _ in range(3):
        ok(await upload(master), 201)
        ok(await master.put("/config", json={"params": {"a": 1}}))
    assert (await upload(master)).status_code == 429
    assert (await master.put("/config", json={"params": {"a": 1}})).status_code == 429


async def test_the_features_tell_of_jobs(master: Client) -> None:
    told = ok(await master.get("/serverInfo"))["features"]
    assert told["cloudCode"] == {"jobs": True}
