"""Files over HTTP: three forms of upload, download with ranges, metadata, deletion."""

import base64
from typing import Any

from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.rest.shop import ok


async def test_raw(client: Client, master: Client) -> None:
    saved = ok(await master.post("/files/a.txt", content=b"hello"), 201)
    got = await client.get(saved["url"].removeprefix("http://testserver/parse"))
    assert got.content == b"hello", got.text
    print(got.headers)
