"""Tools that run what authors have written: functions, jobs, the tests of cloud code."""

import asyncio
import os
import signal
import sys
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from parsepy.logs import mask
from parsepy.mcp.desk import Call
from parsepy.mcp.results import stored, without_secrets
from parsepy.model.values import JSONObject
from parsepy.operations import functions, jobs, schemas
from parsepy.triggers import UNDEFINED, CustomResponse

_TEST_SECONDS = 300.0
_MOST_OUTPUT = 20_000  # characters of what the tests print, from its end

Parameters = Annotated[dict[str, Any] | None, Field(description="The parameters, as JSON")]


async def call_function(
    call: Call, name: Annotated[str, Field(description="The function")], params: Parameters = None
) -> JSONObject:
    """Call a cloud function with the caller's rights; it may change what it likes."""
    answer = await functions.call(call.context, name, params or {})
    if isinstance(answer, CustomResponse):
        answer = answer.content
    return stored([] if answer is UNDEFINED else [answer], function=name)


async def list_jobs_and_functions(call: Call) -> JSONObject:
    """List the cloud functions and background jobs of the app."""
    triggers = call.backend.triggers
    return {
        "functions": sorted({*triggers.functions, *triggers.webhook_functions}),
        "jobs": {name: job.schedule for name, job in sorted(triggers.jobs.items())},
    }


async def run_job(
    call: Call,
    name: Annotated[str, Field(description="The job")],
    params: Parameters = None,
    wait_seconds: Annotated[int, Field(ge=0, le=60, description="Wait so long for its end")] = 30,
) -> JSONObject:
    """Start a background job, wait a while for its end, and tell how it went so far."""
    backend = call.backend
    before = set(backend.tasks)
    status_id = await jobs.start(call.context, name, params or {})
    started = [task for task in backend.tasks if task not in before]
    if started:
        await asyncio.wait(started, timeout=wait_seconds)
    rows = await schemas.lookup(backend, "_JobStatus", {"objectId": status_id})
    row = rows[0] if rows else {}
    told = {key: row.get(key) for key in ("objectId", "jobName", "status", "message")}
    return {"job": without_secrets(told)}


async def run_cloud_tests(
    call: Call,
    choose: Annotated[
        str | None, Field(description="pytest's -k: only tests with such names", max_length=200)
    ] = None,
) -> JSONObject:
    """Run the tests of the project's cloud code, cloud/tests, on a database of their own."""
    project = call.desk.project
    if project is None or not (project / "cloud" / "tests").is_dir():
        raise ToolError("There is no folder cloud/tests beside the cloud code.")
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider"]
    command += ["cloud/tests", *(["-k", choose] if choose else [])]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=project,
        env=_without_options(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_TEST_SECONDS):
            output, _ = await process.communicate()
    except (TimeoutError, asyncio.CancelledError) as error:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if isinstance(error, TimeoutError):
            raise ToolError(f"The tests did not end within {_TEST_SECONDS:g} s.") from None
        raise
    text = mask(output.decode(errors="replace"))
    return {"passed": process.returncode == 0, "output": text[-_MOST_OUTPUT:]}


def _without_options() -> dict[str, str]:
    """The environment without the server's own options, which hold its keys and its database."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PARSE_SERVER_", "PARSEPY_"))
    }
