"""GraphQL's own clients under Node drive a served parsepy: Apollo Client, urql, graphql-ws."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.livequery.listener import serving
from tests.peer import installed
from tests.rest.shop import ok
from tests.sdk.test_js_sdk import declared, tally

FOLDER = Path(__file__).parent / "clients"
FILES = ("apollo", "urql", "graphql_ws")
RUN_SECONDS = 120
FIELDS = {
    "title": {"type": "String"},
    "done": {"type": "Boolean"},
    "picture": {"type": "File"},
    "author": {"type": "Pointer", "targetClass": "_User"},
}


async def output_of(script: Path, **given: str) -> str:
    """Run one Node test file; its TAP output, failing with it if any test failed."""
    process = await asyncio.create_subprocess_exec(
        *("node", "--test", "--test-reporter=tap", str(script)),
        cwd=FOLDER,
        env={**os.environ, **given},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    except TimeoutError:
        process.kill()
        printed, _ = await process.communicate()
        pytest.fail(f"took over {RUN_SECONDS} s:\n{printed.decode()}", pytrace=False)
    if process.returncode != 0:
        pytest.fail(printed.decode(), pytrace=False)
    return printed.decode()


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.parametrize("file", FILES)
async def test_a_client_does_all_that_its_file_says(file: str, app: MakeApp) -> None:
    installed(FOLDER)
    application = await app(
        mountGraphQL=True, graphQLSubscriptions=True, liveQuery={"classNames": ["Note"]}
    )
    async with Client(application, master=True) as master, serving(application) as url:
        ok(await master.post("/schemas/Note", json={"fields": FIELDS}))
        address = f"{url.replace('ws', 'http', 1)}/graphql"
        script = FOLDER / f"{file}.test.mjs"
        keys = {"GRAPHQL_APP_ID": APP_ID, "GRAPHQL_MASTER_KEY": MASTER_KEY}
        output = await output_of(script, GRAPHQL_URL=address, **keys)
    counts = tally(output)
    assert declared(script) >= 5, "a file without tests shows nothing"
    assert counts["pass"] == declared(script), output
    assert counts["skipped"] == counts["todo"] == 0, output


def test_every_file_is_run() -> None:
    names = {re.sub(r"\.test\.mjs$", "", path.name) for path in FOLDER.glob("*.test.mjs")}
    assert names == set(FILES)
