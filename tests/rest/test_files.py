"""Files over HTTP: three forms of upload, download with ranges, metadata, deletion."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient

from parsepy.app import Application, build
from parsepy.config import Config
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client, MakeApp, database_in
from tests.rest.shop import READ_ONLY_KEY, ok, refused, sign_up

DATA = b"0123456789abcdefghij"
PUBLIC = {"enableForPublic": True}


async def save(client: Client, name: str = "mug.txt", data: bytes = DATA, **headers: Any) -> Any:
    """Upload bytes as they are; the answer must be a success."""
    more = {key.replace("_", "-"): value for key, value in headers.items()}
    more.setdefault("Content-Type", "text/plain")
    return ok(await client.post(f"/files/{name}", content=data, headers=more), 201)


def path_of(saved: Any) -> str:
    """A file's address below the mount."""
    url: str = saved["url"]
    assert url.startswith(f"{MOUNT}/files/{APP_ID}/")
    return url.removeprefix(MOUNT)


async def download(client: Client, saved: Any, **headers: str) -> httpx.Response:
    more = {key.replace("_", "-"): value for key, value in headers.items()}
    return await client.get(path_of(saved), headers=more)


async def test_raw_bytes_come_back(client: Client, master: Client) -> None:
    saved = await save(master)
    got = await download(client, saved)
    assert got.content == DATA
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert got.headers["content-length"] == "20"


async def test_the_answer_names_the_file_and_where_it_is(master: Client) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = await master.post("/files/mug.txt", content=DATA, headers=headers)
    saved = ok(answer, 201)
    prefix, _, name = saved["name"].partition("_")
    assert (len(prefix), name) == (32, "mug.txt")
    assert answer.headers["location"] == saved["url"]


async def test_base64_in_json_brings_its_own_credentials(application: Application) -> None:
    body = {
        "_ApplicationId": APP_ID,
        "_MasterKey": MASTER_KEY,
        "_ContentType": "image/png",
        "base64": base64.b64encode(DATA).decode(),
        "fileData": {"metadata": {"shelf": 7}, "tags": {}},
    }
    async with Client(application) as client:
        del client.headers["X-Parse-Application-Id"]
        saved = ok(await client.post("/files/mug", content=json.dumps(body)), 201)
        assert saved["name"].endswith("_mug.png")
        assert (await download(client, saved)).content == DATA
        about = await client.get(f"/files/{APP_ID}/metadata/{saved['name']}")
    assert ok(about) == {"metadata": {"shelf": 7}}


async def test_a_form_brings_its_first_file(client: Client, master: Client) -> None:
    files = {"file": ("other.png", b"\r\n--x" * 5000, "image/png")}
    saved = ok(await master.post("/files/mug.png", data={"note": "n"}, files=files), 201)
    got = await download(client, saved)
    assert got.content == b"\r\n--x" * 5000
    assert got.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    "body",
    [b"", b"--x--\r\n", b"nothing", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb'],
)
async def test_a_form_without_a_file_is_refused(master: Client, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await master.post("/files/mug.png", content=body, headers=headers)
    refused(answer, 130)


async def test_a_form_that_breaks_off_stores_nothing(empty: Application) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + DATA
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with Client(empty, master=True) as master:
        refused(await master.post("/files/mug.png", content=body, headers=headers), 130)
    await nothing_is_stored(empty)


async def test_the_type_of_a_forms_file_is_checked_as_well(visitor: Client) -> None:
    files = {"file": ("page", DATA, "text/html")}
    refused(await visitor.post("/files/page", files=files), 130)


@pytest.fixture
async def empty(app: MakeApp) -> Application:
    """An application without any file."""
    return await app()


@pytest.fixture(scope="module")
async def open_application(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> AsyncIterator[Application]:
    """One where anybody may upload."""
    name = f"files_{uuid4().hex[:12]}"
    options = {"appId": APP_ID, "masterKey": MASTER_KEY, "serverURL": MOUNT, "fileUpload": PUBLIC}
    uri = database_in(mongo_uri, name)
    application = build(Config.from_options({**options, "databaseURI": uri}))
    await application.startup()
    yield application
    await application.shutdown()
    mongo.drop_database(name)


@pytest.fixture(scope="module")
async def visitor(open_application: Application) -> AsyncIterator[Client]:
    """Anybody, where anybody may upload."""
    async with Client(open_application) as anybody:
        yield anybody


async def nothing_is_stored(application: Application) -> None:
    database = application.backend.storage.files_database
    assert database is not None
    assert await database["fs.files"].count_documents({}) == 0
    assert await database["fs.chunks"].count_documents({}) == 0


async def pieces(count: int, size: int = 1 << 16) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def test_a_body_above_the_limit_is_refused_on_the_way(app: MakeApp) -> None:
    application = await app(maxUploadSize="1mb", fileUpload=PUBLIC)
    async with Client(application) as client:
        raw = await client.post("/files/a.txt", content=pieces(17))
        assert raw.status_code == 413
        stream = {"X-Parse-Upload-Mode": "stream"}
        refused(await client.post("/files/a.txt", content=pieces(17), headers=stream), 130)
        ok(await client.post("/files/a.txt", content=pieces(16)), 201)
    database = application.backend.storage.files_database
    assert database is not None
    assert await database["fs.files"].count_documents({}) == 1
    assert await database["fs.chunks"].count_documents({}) == 5


async def test_the_master_key_may_ask_for_more_room(app: MakeApp) -> None:
    application = await app(maxUploadSize="1kb")
    more = {"X-Parse-File-Max-Upload-Size": "4kb"}
    async with Client(application, master=True) as master, Client(application) as client:
        ok(await master.post("/files/a.txt", content=b"x" * 4096, headers=more), 201)
        too_much = await master.post("/files/a.txt", content=b"x" * 4097, headers=more)
        assert too_much.status_code == 413
        too_bold = await client.post("/files/a.txt", content=b"x" * 4096, headers=more)
        assert too_bold.status_code == 403


async def test_a_client_that_hangs_up_leaves_nothing(empty: Application) -> None:
    messages = iter([{"type": "http.request", "body": b"x" * 5_000_000, "more_body": True}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {"x-parse-application-id": APP_ID, "x-parse-master-key": MASTER_KEY}
    scope = {
        "type": "http",
        "client": ("127.0.0.1", 1),
        "method": "POST",
        "path": "/parse/files/a.txt",
        "query_string": b"",
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }
    await empty(scope, receive, send)
    assert sent[0]["status"] == 400
    await nothing_is_stored(empty)


async def test_an_upload_that_is_cancelled_leaves_nothing(empty: Application) -> None:
    reached, forever = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * 5_000_000
        reached.set()
        await forever.wait()

    store = empty.backend.files
    upload = asyncio.create_task(
        store.create("a", endless(), content_type=None, metadata={}, tags={})
    )
    await reached.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    await nothing_is_stored(empty)


# --- who and what -------------------------------------------------------------------------------

USERS = ("anonymous", "user", "public")


async def client_of(application: Application, group: str) -> Client:
    client = Client(application)
    if group == "public":
        return client
    if group == "user":
        return (await sign_up(client)).client
    body = {"authData": {"anonymous": {"id": "someone"}}}
    return client.as_user(ok(await client.post("/users", json=body), 201)["sessionToken"])


@pytest.mark.parametrize(
    ("group", "option", "shown"),
    [
        ("public", "enableForPublic", "public"),
        ("anonymous", "enableForAnonymousUser", "anonymous user"),
        ("user", "enableForAuthenticatedUser", "authenticated user"),
    ],
)
@pytest.mark.parametrize("allowed", [True, False])
async def test_the_option_says_who_may_upload(
    app: MakeApp, group: str, option: str, shown: str, allowed: bool
) -> None:
    application = await app(fileUpload={option: allowed})
    async with await client_of(application, group) as client:
        answer = await client.post("/files/a.txt", content=DATA)
    if allowed:
        ok(answer, 201)
    else:
        assert answer.json() == {"code": 130, "error": f"File upload by {shown} is disabled."}


@pytest.mark.parametrize(
    ("group", "option", "shown"),
    [
        ("public", "enableForPublic", "public"),
        ("anonymous", "enableForAnonymousUser", "anonymous user"),
        ("user", "enableForAuthenticatedUser", "authenticated user"),
    ],
)
async def test_the_option_says_who_may_download(
    app: MakeApp, group: str, option: str, shown: str
) -> None:
    application = await app(fileDownload={option: False})
    async with Client(application, master=True) as master:
        saved = await save(master)
        assert (await download(master, saved)).content == DATA
    async with await client_of(application, group) as client:
        answer = await download(client, saved)
        about = await client.get(f"/files/{APP_ID}/metadata/{saved['name']}")
    expected = {"code": 119, "error": f"File download by {shown} is disabled."}
    assert (answer.status_code, answer.json()) == (403, expected)
    assert (about.status_code, about.json()) == (403, expected)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a.html",
            "a.HTML",
            "a.hTm",
            "a.html.",
            "a.html..",
            "a.html%20",
            "a.html.%20.",
            "a.x.svg",
        ),
        *("a.svgz", "a.xhtml", "a.shtml", "a.xht", "a.xml", "a.xsl", "a.xslt", "a.xsd", "a.rng"),
        *("a.rdf", "a.owl", "a.mathml", ".html", "a.png.html"),
    ],
)
async def test_active_content_is_refused_by_its_name(visitor: Client, name: str) -> None:
    for kind in ("text/plain", "image/png"):
        headers = {"Content-Type": kind}
        answer = await visitor.post(f"/files/{name}", content=DATA, headers=headers)
        assert answer.json()["code"] == (122 if name[0] == "." else 130)


@pytest.mark.parametrize(
    "kind",
    [
        *("text/html", "TEXT/HTML", "text/html;charset=utf-8", "text/html ; x=y", "image/svg+xml"),
        *("application/xhtml+xml", "text/xml", "application/xml", "svg", "html", "image", "image/"),
        *("image//svg+xml", "text/plain,text/html", "/html", "text /html", "application/rdf+xml"),
    ],
)
@pytest.mark.parametrize("name", ["noext", "a.unknownext", "dot."])
async def test_active_content_is_refused_by_its_type(
    visitor: Client, open_application: Application, name: str, kind: str
) -> None:
    headers = {"Content-Type": kind}
    refused(await visitor.post(f"/files/{name}", content=DATA, headers=headers), 130)
    body = {"_ApplicationId": APP_ID, "_ContentType": kind, "base64": "aGVsbG8="}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(open_application)) as stranger:
        answer = await stranger.post(f"{MOUNT}/files/{name}", content=json.dumps(body))
    refused(answer, 130)


async def test_the_type_comes_from_the_name_whatever_was_claimed(
    client: Client, master: Client
) -> None:
    saved = await save(master, "a.txt", Content_Type="text/html")
    got = await download(client, saved)
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert got.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["a.svg", "a.xml", "a.xhtml", "a.rss"])
async def test_a_picture_or_xml_runs_nothing_where_a_browser_opens_it(
    client: Client, master: Client, name: str
) -> None:
    got = await download(client, await save(master, name))
    policy = got.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    assert (
        "content-security-policy"
        not in (await download(client, await save(master, "a.png"))).headers
    )


async def test_an_unknown_type_is_only_bytes(client: Client, master: Client) -> None:
    got = await download(client, await save(master, "a.unknownext"))
    assert got.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "name", ["..%2Fa.txt", "a%2F..%2Fb.txt", "%2E%2E", ".a", "a%00.txt", "a%5Cb", "-a", "x" * 129]
)
async def test_a_bad_name_is_refused(master: Client, name: str) -> None:
    refused(await master.post(f"/files/{name}", content=DATA), 122)


async def test_the_read_only_key_neither_stores_nor_deletes(app: MakeApp) -> None:
    application = await app(readOnlyMasterKey=READ_ONLY_KEY)
    async with Client(application, master=True) as client:
        saved = await save(client)
        client.headers["X-Parse-Master-Key"] = READ_ONLY_KEY
        assert (await client.post("/files/a.txt", content=DATA)).status_code == 403
        assert (await client.delete(f"/files/{saved['name']}")).status_code == 403
        assert (await download(client, saved)).status_code == 200


@pytest.mark.parametrize("where", ["metadata", "tags"])
async def test_metadata_may_not_hold_forbidden_keys(master: Client, where: str) -> None:
    headers = {"X-Parse-Upload-Mode": "stream", f"X-Parse-File-{where}": '{"a":{"__proto__":1}}'}
    refused(await master.post("/files/a.txt", content=DATA, headers=headers), 105)


@pytest.mark.parametrize("where", ["metadata", "tags"])
@pytest.mark.parametrize(
    "value",
    ['{"\\u0000":1}', '{"a":[18446744073709551615]}', '{"a":' * 150 + "1" + "}" * 150],
    ids=["NUL", "beyond 64 bits", "deep"],
)
async def test_metadata_that_a_store_has_no_room_for_is_the_clients_fault(
    master: Client, caplog: pytest.LogCaptureFixture, where: str, value: str
) -> None:
    headers = {
        "Content-Type": "text/plain",
        "X-Parse-Upload-Mode": "stream",
        f"X-Parse-File-{where}": value,
    }
    refused(await master.post("/files/a.txt", content=DATA, headers=headers), 107)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


# --- download -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("0-0", b"0"), ("5-9", b"56789"), ("15-", b"fghij"), ("-3", b"hij"), ("10-99", DATA[10:])],
)
async def test_a_range_is_sent(client: Client, master: Client, spec: str, expected: bytes) -> None:
    got = await download(client, await save(master), Range=f"bytes={spec}")
    start = DATA.index(expected)
    assert (got.status_code, got.content) == (206, expected)
    assert got.headers["content-range"] == f"bytes {start}-{start + len(expected) - 1}/20"


@pytest.mark.parametrize("spec", ["20-", "20-30", "9-1", "-0", "99999999999999999999-"])
async def test_a_range_outside_of_the_file_is_416(
    client: Client, master: Client, spec: str
) -> None:
    got = await download(client, await save(master), Range=f"bytes={spec}")
    assert (got.status_code, got.content) == (416, b"")
    assert got.headers["content-range"] == "bytes */20"


@pytest.mark.parametrize(
    "text",
    ["bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=0-1,3-4", "x=0-1", "bytes=--1", "-"],
)
async def test_a_range_without_sense_is_ignored(client: Client, master: Client, text: str) -> None:
    got = await download(client, await save(master), Range=text)
    assert (got.status_code, got.content) == (200, DATA)


@pytest.mark.parametrize("size", ["1" * 5000, "9" * 39])
async def test_a_range_with_huge_numbers_is_no_crash(
    client: Client, master: Client, size: str
) -> None:
    got = await download(client, await save(master), Range=f"bytes={size}-")
    assert got.status_code in (200, 416)


async def test_an_empty_file_has_no_ranges(client: Client, master: Client) -> None:
    saved = await save(master, data=b"", X_Parse_Upload_Mode="stream")
    assert (await download(client, saved)).status_code == 200
    assert (await download(client, saved, Range="bytes=0-")).status_code == 416


async def test_a_file_that_the_client_has_is_not_sent_again(client: Client, master: Client) -> None:
    saved = await save(master)
    first = await download(client, saved)
    again = await download(client, saved, If_None_Match=first.headers["etag"])
    since = await download(client, saved, If_Modified_Since=first.headers["last-modified"])
    assert (again.status_code, again.content) == (304, b"")
    assert since.status_code == 304
    # C5: a length would be that of the file, which a client with it would then take for empty
    assert "content-length" not in again.headers
    assert (await download(client, saved, If_None_Match='"other"')).status_code == 200


async def test_a_range_of_another_state_is_the_whole_file(client: Client, master: Client) -> None:
    saved = await save(master)
    etag = (await download(client, saved)).headers["etag"]
    part = await download(client, saved, Range="bytes=0-4", If_Range=etag)
    whole = await download(client, saved, Range="bytes=0-4", If_Range='"other"')
    assert (part.status_code, whole.status_code) == (206, 200)


async def test_head_has_the_headers_and_no_bytes(client: Client, master: Client) -> None:
    saved = await save(master)
    got = await client.head(path_of(saved))
    assert (got.status_code, got.content) == (200, b"")
    assert got.headers["content-length"] == "20"


async def test_what_is_not_open_to_all_is_not_cached_by_others(app: MakeApp) -> None:
    for options, expected in (({}, "public"), ({"enableForPublic": False}, "private")):
        application = await app(fileDownload=options)
        async with Client(application, master=True) as master:
            got = await download(master, await save(master))
        assert got.headers["cache-control"].startswith(expected)


@pytest.mark.parametrize(
    "path", ["nosuch.txt", "..%2F..%2Fetc%2Fpasswd", "../../etc/passwd", "%00", "a/b/c", "%C3%A4"]
)
async def test_a_file_that_is_not_there_is_404(client: Client, path: str) -> None:
    got = await client.get(f"/files/{APP_ID}/{path}")
    assert got.status_code in (403, 404)
    assert b"root:" not in got.content


async def test_a_download_needs_no_key_at_all(application: Application, master: Client) -> None:
    saved = await save(master)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application)) as stranger:
        assert (await stranger.get(saved["url"])).content == DATA


async def test_a_download_of_another_application_is_forbidden(client: Client) -> None:
    assert (await client.get("/files/other/a.txt")).status_code == 403


# --- deletion and objects -----------------------------------------------------------------------


async def test_the_master_key_deletes(client: Client, master: Client) -> None:
    saved = await save(master)
    assert (await client.delete(f"/files/{saved['name']}")).status_code == 403
    gone = await master.delete(f"/files/{saved['name']}")
    assert (gone.status_code, gone.content) == (200, b"")
    assert (await download(client, saved)).status_code == 404
    refused(await master.delete(f"/files/{saved['name']}"), 153)


async def test_a_directory_is_part_of_the_address(client: Client, master: Client) -> None:
    saved = await save(master, X_Parse_Upload_Mode="stream", X_Parse_File_Directory="2026/november")
    assert saved["name"].startswith("2026/november/")
    assert (await download(client, saved)).content == DATA
    ok(await client.get(f"/files/{APP_ID}/metadata/{saved['name']}"))
    assert (await master.delete(f"/files/{saved['name']}")).status_code == 200


async def test_an_object_shows_the_address_of_its_file(client: Client, master: Client) -> None:
    saved = await save(master)
    mug = {"picture": {"__type": "File", "name": saved["name"]}}
    made = ok(await client.post("/classes/Mug", json=mug), 201)
    got = ok(await client.get(f"/classes/Mug/{made['objectId']}"))
    assert got["picture"] == {"__type": "File", "name": saved["name"], "url": saved["url"]}


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("tfss-1-a b.txt", "http://files.parsetfss.com/hosted/tfss-1-a%20b.txt"),
        (
            "01234567-89ab-cdef-0123-456789abcdef-a.txt",
            "http://files.parse.com/hosted/01234567-89ab-cdef-0123-456789abcdef-a.txt",
        ),
        ("a.txt", f"{MOUNT}/files/{APP_ID}/a.txt"),
        ("https://old.test/a.txt", "https://old.test/a.txt"),
    ],
)
async def test_files_of_hosted_parse_are_where_they_were(app: MakeApp, name: str, url: str) -> None:
    async with Client(await app(fileKey="hosted")) as client:
        mug = {"picture": {"__type": "File", "name": name}}
        made = ok(await client.post("/classes/Mug", json=mug), 201)
        got = ok(await client.get(f"/classes/Mug/{made['objectId']}"))
    assert got["picture"]["url"] == url


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://cdn.shop.test/a", True),
        ("https://x.img.test/a", True),
        ("https://CDN.shop.test/a", True),
        ("https://img.test/a", False),
        ("https://evil.test/a", False),
        ("https://cdn.shop.test.evil.test/a", False),
        ("https://cdn.shop.test@evil.test/a", False),
        ("https://evil.test\\@cdn.shop.test/a", False),
        ("cdn.shop.test/a", False),
        (5, False),
    ],
)
async def test_only_allowed_hosts_may_stand_in_an_object(
    app: MakeApp, url: Any, allowed: bool
) -> None:
    domains = ["cdn.shop.test", "*.img.test"]
    async with Client(await app(fileUpload={"allowedFileUrlDomains": domains})) as client:
        file = {"__type": "File", "name": "a", "url": url}
        answer = await client.post("/classes/Mug", json={"more": {"deep": [file]}})
    assert answer.status_code == (201 if allowed else 400)
    assert allowed or answer.json()["code"] == 130


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_a_batch_does_not_reach_files(master: Client, method: str) -> None:
    path = f"/parse/files/{APP_ID}/a.txt" if method == "GET" else "/parse/files/a.txt"
    answer = await master.post("/batch", json={"requests": [{"method": method, "path": path}]})
    assert refused(answer, 107) == f"cannot route {method} {path.removeprefix('/parse')}"


# --- options ------------------------------------------------------------------------------------


async def test_a_name_can_be_kept(app: MakeApp) -> None:
    async with Client(await app(preserveFileName=True), master=True) as master:
        await save(master, data=b"old")
        saved = await save(master, data=b"new")
        got = await download(master, saved)
    assert saved["name"] == "mug.txt"
    assert got.content == b"new"
    assert "no-cache" in got.headers["cache-control"]


async def test_files_are_encrypted_where_there_is_a_key(app: MakeApp) -> None:
    application = await app(encryptionKey="a key of the shop")
    async with Client(application, master=True) as master:
        saved = await save(master)
        assert (await download(master, saved)).content == DATA
        part = await download(master, saved, Range="bytes=5-9")
    database = application.backend.storage.files_database
    assert database is not None
    row = await database["fs.chunks"].find_one({})
    assert part.content == DATA[5:10]
    assert row is not None
    assert DATA not in row["data"]
    assert len(row["data"]) == len(DATA) + 32


async def test_a_file_that_can_not_be_decrypted_is_not_found(app: MakeApp) -> None:
    application = await app(encryptionKey="a key of the shop")
    async with Client(application, master=True) as master:
        saved = await save(master)
        database = application.backend.storage.files_database
        assert database is not None
        await database["fs.chunks"].update_one({}, {"$set": {"data": b"y" * 52}})
        assert (await download(master, saved)).status_code == 404


async def test_files_may_lie_in_a_folder(app: MakeApp, tmp_path: Any) -> None:
    adapter = {"module": "local", "options": {"folder": str(tmp_path)}}
    async with Client(await app(filesAdapter=adapter), master=True) as master:
        saved = await save(master)
        assert (tmp_path / saved["name"]).read_bytes() == DATA
        assert (await download(master, saved)).content == DATA


@pytest.mark.parametrize(
    "name", ["y" * 250, "y" * 256, "\u00e9" * 140, "y" * 5000, "/".join(["y" * 200] * 6)]
)
async def test_a_name_that_a_folder_has_no_room_for_is_no_files(
    app: MakeApp, tmp_path: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    adapter = {"module": "local", "options": {"folder": str(tmp_path)}}
    async with Client(await app(filesAdapter=adapter), master=True) as master:
        assert (await master.get(f"/files/{APP_ID}/{name}")).status_code == 404
        assert ok(await master.get(f"/files/{APP_ID}/metadata/{name}")) == {}
        assert refused(await master.delete(f"/files/{name}"), 153) == "FileNotFound"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


OWN_STORE = """
from parsepy.files.memory import MemoryFiles

class adapter(MemoryFiles):
    def __init__(self, host):
        super().__init__()
        self.host = host

    def url(self, name):
        return f"https://{self.host}/{name}"
"""


async def test_an_operator_brings_his_own_store(app: MakeApp, tmp_path: Any) -> None:
    module = tmp_path / "store.py"
    module.write_text(OWN_STORE)
    adapter = {"module": str(module), "options": {"host": "cdn.shop.test"}}
    async with Client(await app(filesAdapter=adapter), master=True) as master:
        headers = {"Content-Type": "text/plain"}
        saved = ok(await master.post("/files/a.txt", content=DATA, headers=headers), 201)
        assert saved["url"] == f"https://cdn.shop.test/{saved['name']}"
        assert (await master.get(f"/files/{APP_ID}/{saved['name']}")).content == DATA


async def test_a_store_that_lacks_a_method_is_refused_at_the_start(
    app: MakeApp, tmp_path: Any
) -> None:
    module = tmp_path / "half.py"
    module.write_text("class adapter:\n    def url(self, name): ...\n")
    with pytest.raises(Exception, match="lacks create, find, read, delete, close"):
        await app(filesAdapter={"module": str(module)})


BROKEN_STORE = """
from parsepy.files.memory import MemoryFiles

class adapter(MemoryFiles):
    async def create(self, name, chunks, **more):
        raise RuntimeError("the disk is full")

    async def delete(self, name):
        raise RuntimeError("the disk is gone")
"""


async def test_what_fails_in_a_store_is_parses_error(app: MakeApp, tmp_path: Any) -> None:
    module = tmp_path / "broken.py"
    module.write_text(BROKEN_STORE)
    async with Client(await app(filesAdapter=str(module)), master=True) as master:
        answer = await master.post("/files/a.txt", content=DATA)
        assert answer.json() == {"code": 130, "error": "Could not store file: a.txt."}
        gone = await master.delete("/files/a.txt")
        assert gone.json() == {"code": 153, "error": "Could not delete file."}


async def test_files_of_a_database_in_memory_are_in_memory(app: MakeApp) -> None:
    async with Client(await app(databaseURI="memory:"), master=True) as master:
        assert (await download(master, await save(master))).content == DATA


@pytest.mark.parametrize("rest", range(4))
async def test_long_base64_is_read_piece_by_piece(
    application: Application, client: Client, monkeypatch: pytest.MonkeyPatch, rest: int
) -> None:
    monkeypatch.setattr("parsepy.rest.files._PIECE", 50)
    data = bytes(range(256)) * 2 + b"x" * rest
    text = base64.b64encode(data).decode().replace("+", "-").replace("/", "_")
    broken = "\r\n".join(text[begin : begin + 61] for begin in range(0, len(text), 61))
    fields = {"_ApplicationId": APP_ID, "_MasterKey": MASTER_KEY, "base64": broken}
    async with Client(application) as nobody:
        del nobody.headers["X-Parse-Application-Id"]
        made = await nobody.post("/files/cup.bin", content=json.dumps(fields))
    assert made.status_code == 201, made.text
    found = await client.get(f"/files/{APP_ID}/{made.json()['name']}")
    assert found.content == data
