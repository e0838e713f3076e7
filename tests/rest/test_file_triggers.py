"""Triggers of files: what each is told, may change, and may refuse (protocol §22.7)."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from parsepy.app import Application
from parsepy.backend import RequestContext, master_context
from parsepy.errors import Code, ParseError
from parsepy.model.files import FileDraft
from parsepy.operations import files
from parsepy.triggers import FILE, Event, FileEvent, expect
from tests.conftest import APP_ID, MOUNT, Client, MakeApp
from tests.rest.shop import ok, refused

DATA = b"a mug"


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """An application of the test's own, since triggers stay."""
    return await app()


def on(application: Application, kind: str, handler: Callable[[FileEvent], Awaitable[Any]]) -> None:
    """Register a file trigger."""

    async def handle(event: Event) -> Any:
        return await handler(expect(event, FileEvent))

    application.backend.triggers.add(kind, FILE, handle)


async def save(client: Client, name: str = "mug.txt", **headers: str) -> httpx.Response:
    more = {key.replace("_", "-"): value for key, value in headers.items()}
    return await client.post(f"/files/{name}", content=DATA, headers=more)


async def got(client: Client, saved: Any) -> httpx.Response:
    return await client.get(saved["url"].removeprefix(MOUNT))


async def test_before_save_sees_the_whole_file(application: Application, master: Client) -> None:
    seen: list[Any] = []

    async def look(event: FileEvent) -> None:
        draft = event.file
        seen.append((draft.name, draft.content_type, draft.data, event.file_size))

    on(application, "beforeSave", look)
    ok(await save(master, Content_Type="text/plain"), 201)
    assert seen == [("mug.txt", "text/plain", DATA, len(DATA))]


async def test_before_save_of_a_streamed_upload_sees_no_bytes(
    application: Application, master: Client
) -> None:
    seen: list[Any] = []

    async def look(event: FileEvent) -> None:
        seen.append((event.file.data, event.file_size))

    on(application, "beforeSave", look)
    saved = ok(await save(master, X_Parse_Upload_Mode="stream"), 201)
    assert seen == [(None, len(DATA))]
    assert (await got(master, saved)).content == DATA


async def test_before_save_may_change_name_bytes_metadata_and_place(
    application: Application, master: Client
) -> None:
    async def change(event: FileEvent) -> None:
        draft = event.file
        draft.name, draft.data, draft.directory = "cup.txt", b"a cup", "cups"
        draft.metadata["shelf"] = 7

    on(application, "beforeSave", change)
    saved = ok(await save(master), 201)
    assert saved["name"].startswith("cups/")
    assert saved["name"].endswith("_cup.txt")
    assert (await got(master, saved)).content == b"a cup"
    about = await master.get(f"/files/{APP_ID}/metadata/{saved['name']}")
    assert ok(about) == {"metadata": {"shelf": 7}}


async def test_before_save_may_answer_another_file(
    application: Application, master: Client
) -> None:
    async def other(event: FileEvent) -> FileDraft:
        return FileDraft(name="other.txt", data=b"another")

    on(application, "beforeSave", other)
    saved = ok(await save(master), 201)
    assert saved["name"].endswith("_other.txt")
    assert (await got(master, saved)).content == b"another"


async def test_a_file_that_is_elsewhere_is_not_stored(
    application: Application, master: Client
) -> None:
    async def elsewhere(event: FileEvent) -> FileDraft:
        return FileDraft(name="a.txt", url="https://cdn.shop.test/a.txt")

    on(application, "beforeSave", elsewhere)
    saved = ok(await save(master), 201)
    assert saved == {"name": "a.txt", "url": "https://cdn.shop.test/a.txt"}
    assert await application.backend.files.find("a.txt") is None


async def test_before_save_may_refuse(application: Application, master: Client) -> None:
    async def refuse(event: FileEvent) -> None:
        raise ParseError(Code.SCRIPT_FAILED, "no mugs")

    on(application, "beforeSave", refuse)
    assert refused(await save(master), Code.SCRIPT_FAILED) == "no mugs"


async def test_a_name_from_a_trigger_is_checked_too(
    application: Application, master: Client
) -> None:
    async def lead_out(event: FileEvent) -> None:
        event.file.name = "../../etc/passwd"

    on(application, "beforeSave", lead_out)
    refused(await save(master), Code.INVALID_FILE_NAME)


async def test_after_save_sees_the_address_and_can_not_refuse(
    application: Application, master: Client
) -> None:
    seen: list[Any] = []

    async def look(event: FileEvent) -> None:
        seen.append((event.file.url, event.file_size))
        raise ParseError(Code.SCRIPT_FAILED, "too late")

    on(application, "afterSave", look)
    saved = ok(await save(master), 201)
    assert seen == [(saved["url"], len(DATA))]


async def test_before_delete_may_refuse_and_after_delete_is_told(
    application: Application, master: Client
) -> None:
    kept: list[str] = []
    gone: list[str] = []

    async def guard(event: FileEvent) -> None:
        if event.file.name in kept:
            raise ParseError(Code.SCRIPT_FAILED, "it stays")

    async def note(event: FileEvent) -> None:
        gone.append(event.file.name)

    saved = ok(await save(master), 201)
    on(application, "beforeDelete", guard)
    on(application, "afterDelete", note)
    kept.append(saved["name"])
    refused(await master.delete(f"/files/{saved['name']}"), Code.SCRIPT_FAILED)
    kept.clear()
    assert (await master.delete(f"/files/{saved['name']}")).status_code == 200
    assert gone == [saved["name"]]


async def test_before_find_may_name_another_file(
    application: Application, master: Client, client: Client
) -> None:
    saved = ok(await save(master), 201)

    async def other(event: FileEvent) -> None:
        event.file.name = saved["name"]

    on(application, "beforeFind", other)
    assert (await client.get(f"/files/{APP_ID}/alias")).content == DATA


async def test_before_find_may_refuse(
    application: Application, master: Client, client: Client
) -> None:
    async def refuse(event: FileEvent) -> None:
        if event.request.principal.user is None:
            raise ParseError(Code.OPERATION_FORBIDDEN, "sign in first")

    saved = ok(await save(master), 201)
    on(application, "beforeFind", refuse)
    for path in (saved["name"], f"metadata/{saved['name']}"):
        answer = await client.get(f"/files/{APP_ID}/{path}")
        assert (answer.status_code, answer.json()["error"]) == (403, "sign in first")


async def test_after_find_may_force_a_download_and_set_headers(
    application: Application, master: Client, client: Client
) -> None:
    async def change(event: FileEvent) -> None:
        event.force_download = True
        event.response_headers["X-Shelf"] = "7"
        event.response_headers["X-Bad"] = "a\r\nSet-Cookie: b"

    saved = ok(await save(master), 201)
    on(application, "afterFind", change)
    answer = await got(client, saved)
    assert answer.headers["content-disposition"] == f"attachment;filename={saved['name']}"
    assert answer.headers["x-shelf"] == "7"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


async def test_after_find_may_send_other_bytes(
    application: Application, master: Client, client: Client
) -> None:
    async def change(event: FileEvent) -> FileDraft:
        event.force_download = True
        return FileDraft(name="mug.txt", data=b"marked")

    saved = ok(await save(master), 201)
    on(application, "afterFind", change)
    answer = await got(client, saved)
    assert answer.content == b"marked"
    assert answer.headers["content-disposition"] == "attachment;filename=mug.txt"


def context_of(application: Application) -> RequestContext:
    return master_context(application.backend)


async def test_cloud_code_saves_reads_and_deletes(app: MakeApp) -> None:
    application = await app(publicServerURL="https://shop.test/parse")
    context = context_of(application)
    stored = await files.save(context, FileDraft(name="a.html", data=DATA))
    assert stored.url == f"https://shop.test/parse/files/{APP_ID}/{stored.name}"
    assert stored.to_rest() == {"__type": "File", "name": stored.name, "url": stored.url}
    assert await files.read(context, stored.name) == DATA
    await files.delete(context, stored.name)
    assert await application.backend.files.find(stored.name) is None
