"""Schedules of background jobs, `_JobSchedule`: list, make, change, delete (protocol §21)."""

from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import Query
from parsepy.model.values import JSONObject, stamp
from parsepy.operations import find, save
from parsepy.operations.delete import delete as delete_object
from parsepy.operations.writes import Saved

CLASS = "_JobSchedule"
_MOST = 1000


async def schedules(context: RequestContext) -> list[JSONObject]:
    """Every schedule, the oldest first."""
    query = Query(CLASS, order=(("createdAt", 1),), limit=_MOST)
    return (await find.find(context, query)).objects


async def overview(context: RequestContext) -> JSONObject:
    """Which jobs are scheduled, and which there are."""
    used = [row.get("jobName") for row in await schedules(context)]
    return {"in_use": used, "jobs": sorted(context.backend.triggers.jobs)}


async def create(context: RequestContext, schedule: Any) -> Saved:
    """Make a schedule; raises INTERNAL_SERVER_ERROR for a job that does not exist."""
    return await save.create(context, CLASS, _checked(context, schedule))


async def update(context: RequestContext, object_id: str, schedule: Any) -> Saved:
    """Change a schedule; raises as ``create`` does, and OBJECT_NOT_FOUND."""
    return await save.update(context, CLASS, object_id, _checked(context, schedule))


async def delete(context: RequestContext, object_id: str) -> None:
    """Delete a schedule; raises OBJECT_NOT_FOUND."""
    await delete_object(context, CLASS, object_id)


def _checked(context: RequestContext, schedule: Any) -> JSONObject:
    if not isinstance(schedule, dict):
        raise ParseError(Code.INVALID_JSON, "job_schedule must be an object")
    name = schedule.get("jobName")
    known = isinstance(name, str) and name in context.backend.triggers.jobs
    if not known and (name or isinstance(name, list | dict)):
        raise ParseError(Code.INTERNAL_SERVER_ERROR, "Cannot Schedule a job that is not deployed")
    # Parse: a schedule that does not say when it begins, begins now
    return {"startAfter": stamp(), **schedule}
