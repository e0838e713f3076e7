"""``/cloud_code/jobs``: the schedules of background jobs, for the dashboard's jobs page."""

from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer, created
from parsepy.operations import job_schedules
from parsepy.rest.classes import location


async def list_schedules(request: Request) -> Answer:
    """List every schedule, as a bare array."""
    request.require_master()
    return Answer(await job_schedules.schedules(request.context))


async def overview(request: Request) -> Answer:
    """List the names of scheduled and of existing jobs."""
    request.require_master()
    return Answer(await job_schedules.overview(request.context))


async def create(request: Request) -> Answer:
    """Make a schedule."""
    request.require_master()
    saved = await job_schedules.create(request.context, request.body.get("job_schedule"))
    return created(saved.response, location(request, job_schedules.CLASS, saved.object_id))


async def update(request: Request) -> Answer:
    """Change a schedule."""
    request.require_master()
    schedule = request.body.get("job_schedule")
    object_id = request.arguments["objectId"]
    saved = await job_schedules.update(request.context, object_id, schedule)
    # Parse: this one answer is wrapped once more than all others
    return Answer({"response": saved.response})


async def delete(request: Request) -> Answer:
    """Delete a schedule."""
    request.require_master()
    await job_schedules.delete(request.context, request.arguments["objectId"])
    return Answer({})


routes = [
    Route("GET", "/cloud_code/jobs", list_schedules),
    Route("GET", "/cloud_code/jobs/data", overview),
    Route("POST", "/cloud_code/jobs", create),
    Route("PUT", "/cloud_code/jobs/:objectId", update),
    Route("DELETE", "/cloud_code/jobs/:objectId", delete),
]
