"""What client libraries of other languages send, beyond what the differential test can ask."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import APP_ID, Client, MakeApp

JSON = {"Content-Type": "application/json"}
MEGABYTE = 1_000_000


@pytest.fixture
async def client(app: MakeApp) -> Client:
    """A client of a server whose bodies may have one megabyte."""
    return Client(await app(maxUploadSize="1mb", allowClientClassCreation=True), master=True)


def packed(content: bytes, coding: str = "gzip") -> dict[str, Any]:
    """The arguments of a request whose body is compressed."""
    compress = gzip.compress if coding == "gzip" else zlib.compress
    return {"content": compress(content), "headers": {**JSON, "Content-Encoding": coding}}


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_c2_a_compressed_body_counts_with_its_unpacked_size(
    client: Client, coding: str
) -> None:
    bomb = json.dumps({"text": "a" * 5 * MEGABYTE}).encode()
    refused = await client.post("/classes/Note", **packed(bomb, coding))
    assert (refused.status_code, refused.json()["code"]) == (413, 116)


async def test_c2_a_compressed_file_is_stored_unpacked(client: Client) -> None:
    saved = await client.post("/files/a.txt", **packed(b"plain text" * 20_000))
    assert (await client.get(saved.json()["url"])).content == b"plain text" * 20_000


async def test_c2_a_compressed_file_counts_with_its_unpacked_size(client: Client) -> None:
    refused = await client.post("/files/a.txt", **packed(b"a" * 5 * MEGABYTE))
    assert refused.status_code == 413


async def test_c2_a_body_that_comes_in_pieces_is_unpacked(client: Client) -> None:
    content = gzip.compress(b'{"text": "in pieces"}')

    async def pieces() -> Any:
        for start in range(0, len(content), 7):
            yield content[start : start + 7]

    headers = {**JSON, "Content-Encoding": "gzip"}
    made = await client.post("/classes/Note", content=pieces(), headers=headers)
    shown = await client.get(f"/classes/Note/{made.json()['objectId']}")
    assert shown.json()["text"] == "in pieces"


@pytest.mark.parametrize("body", [rb'{"a":"\\ud83d"}', b'{"a":"\x00\\ud83d"}', b'{"a":\\ud83d}'])
async def test_c1_only_halves_of_characters_are_mended(client: Client, body: bytes) -> None:
    answer = await client.post("/classes/Note", content=body, headers=JSON)
    if b"\\\\" in body:
        shown = await client.get(f"/classes/Note/{answer.json()['objectId']}")
        assert shown.json()["a"] == r"\ud83d"
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, 107)


async def test_c1_a_long_text_of_halves_is_read_at_once(client: Client) -> None:
    body = b'{"a":"' + rb"\ud83d" * 100_000 + b'"}'
    answer = await client.post("/classes/Note", content=body, headers=JSON)
    shown = await client.get(f"/classes/Note/{answer.json()['objectId']}")
    assert shown.json()["a"] == "\ufffd" * 100_000


async def test_c3_headers_that_php_reads_are_written_letter_by_letter(
    app: MakeApp, tmp_path: Path
) -> None:
    cloud = tmp_path / "main.py"
    cloud.write_text('from parsepy import Cloud\n\n@Cloud.job("close")\ndef close(request): ...\n')
    sender = {"adapter": "tests.push.recorder"}
    master = Client(await app(cloud=str(cloud), push=sender), master=True)
    job = await master.post("/jobs/close")
    assert b"X-Parse-Job-Status-Id" in dict(job.headers.raw)
    push = await master.post("/push", json={"where": {}, "data": {"alert": "Hello"}})
    assert b"X-Parse-Push-Status-Id" in dict(push.headers.raw)


WANTED = (
    *("X-Parse-OS-Version", "X-Parse-App-Build-Version", "X-Parse-App-Display-Version"),
    *("If-Modified-Since", "If-None-Match", "Authorization", "traceparent", "Idempotency-Key"),
)


async def test_c5_browsers_may_send_what_clients_and_tracing_send(client: Client) -> None:
    preflight = await client.options("/classes/Note")
    allowed = preflight.headers["Access-Control-Allow-Headers"].split(", ")
    assert set(WANTED) <= set(allowed)


async def test_c5_browsers_may_read_where_a_piece_of_a_file_belongs(client: Client) -> None:
    shown = (await client.options("/files/a")).headers["Access-Control-Expose-Headers"]
    assert {"Content-Range", "Accept-Ranges"} <= set(shown.split(", "))


async def test_c6_a_name_goes_before_the_path_of_an_address(client: Client) -> None:
    in_folder = {"X-Parse-Upload-Mode": "stream", "X-Parse-File-Directory": APP_ID}
    inside = await client.post("/files/a.txt", content=b"a", headers=in_folder)
    name = inside.json()["name"]
    assert name.startswith(f"{APP_ID}/")
    assert (await client.delete(f"/files/{name}")).content == b""
    assert (await client.get(inside.json()["url"])).status_code == 404
