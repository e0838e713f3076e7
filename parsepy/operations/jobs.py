"""Background jobs: start one, keep its `_JobStatus`, run those that have a schedule (§21)."""

import asyncio
import logging
from contextlib import suppress
from contextvars import Context
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from parsepy.backend import Backend, RequestContext, master_context
from parsepy.errors import Code, Interruption, ParseError
from parsepy.model.values import JSONObject, date, now
from parsepy.operations import save
from parsepy.triggers import UNDEFINED, Handler, Job, JobEvent, NextRunEvent

log = logging.getLogger("parsepy.jobs")
_CLASS = "_JobStatus"
_LATEST = timedelta(minutes=1)  # a time that was missed by more is left out
_ASKED_EVERY = 5.0
"""Seconds after which a job is asked for its next moment again: others write, too."""


async def start(context: RequestContext, name: str, params: JSONObject) -> str:
    """Start a job and answer the id of its `_JobStatus` at once.

    Raises SCRIPT_FAILED ("Invalid job.").
    """
    job = context.backend.triggers.jobs.get(name)
    if job is None:
        raise ParseError(Code.SCRIPT_FAILED, "Invalid job.")
    return await _begin(context, name, job, params)


async def _begin(context: RequestContext, name: str, job: Job, params: JSONObject) -> str:
    backend = context.backend
    status: JSONObject = {
        "jobName": name,
        "status": "running",
        "source": "api",
        "params": params,
        "ACL": {},
    }
    saved = await save.create(master_context(backend), _CLASS, status)

    def run() -> None:
        # in a context of its own: a job is not part of the transaction or hook that starts it
        work = _run(context.as_master(), name, job, params, saved.object_id)
        task = asyncio.create_task(work, context=Context())
        backend.tasks.add(task)
        task.add_done_callback(backend.tasks.discard)

    await backend.storage.after_commit(run)
    return saved.object_id


async def _run(
    context: RequestContext, name: str, job: Job, params: JSONObject, status_id: str
) -> None:
    """Run a job to its end and write down how it went."""
    backend = context.backend

    async def report(text: str) -> None:
        await _note(backend, status_id, {"message": text})

    event = JobEvent(
        class_name=name, request=context, params=params, job_id=status_id, report=report
    )
    outcome: JSONObject = {"status": "succeeded"}
    try:
        # a job takes as long as it takes
        answer = await backend.triggers.call(
            job.handler, event, f"the job {name}", is_bounded=False
        )
        if isinstance(answer, str):
            outcome["message"] = answer
        elif answer is not UNDEFINED:
            log.debug("the job %s answered a %s", name, type(answer).__name__)
    except (ParseError, Interruption) as error:
        outcome = {"status": "failed", "message": str(error)}
    except asyncio.CancelledError:
        outcome = {"status": "failed", "message": "The server was stopped."}
        raise
    finally:
        await asyncio.shield(_note(backend, status_id, {**outcome, "finishedAt": date(now())}))
        backend.job_times_changed.set()


async def _note(backend: Backend, status_id: str, values: JSONObject) -> None:
    try:
        await save.update(master_context(backend), _CLASS, status_id, values)
    except (ParseError, Interruption) as error:
        log.error("the status of job %s can't be written: %s", status_id, error)


# --- schedules ----------------------------------------------------------------------------------


def check_schedule(line: str) -> None:
    """Refuse what is no cron line, with ``ValueError``."""
    try:
        CronSim(line, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(
            f"{line!r} is no cron line (minute hour day month weekday): {error}"
        ) from (error)


async def run_schedules(backend: Backend) -> None:
    """Start jobs at their times for as long as this runs; each time on one process of all.

    The process that first claims a time in the database runs the job.
    """
    last = datetime.now(UTC)
    is_prepared = False
    while True:
        moment, due = _next(backend.triggers.jobs, last)
        pause = (moment - datetime.now(UTC)).total_seconds()
        # never for long: cloud code may be reloaded, and clocks may be set
        await asyncio.sleep(min(max(pause, 0), 1.0))
        if datetime.now(UTC) < moment:
            last = max(last, datetime.now(UTC) - timedelta(microseconds=1))
            continue
        last = moment
        if datetime.now(UTC) - moment > _LATEST:
            continue
        for name in due:
            try:
                if not is_prepared:
                    await backend.storage.claims.prepare()
                    is_prepared = True
                await _start_once(backend, name, moment)
            except Interruption as error:
                log.error("the scheduled job %s could not be started: %s", name, error)
            except Exception:  # one that can't be started must not end the others' schedule
                log.exception("the scheduled job %s could not be started", name)


async def reschedule(backend: Backend) -> None:
    """Ask jobs for their next moment at once, or when the running transaction has been stored."""
    await backend.storage.after_commit(backend.job_times_changed.set)


async def run_at_moments(backend: Backend) -> None:
    """Start jobs at the moments that they name themselves, for as long as this runs.

    A moment that has passed is made up for at once; each is taken by one process of all.
    """
    taken: dict[str, datetime] = {}
    is_prepared = False
    while True:
        backend.job_times_changed.clear()
        pause = _ASKED_EVERY
        for name, job in list(backend.triggers.jobs.items()):
            if job.next_run is None:
                continue
            moment = await _moment_of(backend, name, job.next_run)
            if moment is None or taken.get(name) == moment:
                continue
            left = (moment - datetime.now(UTC)).total_seconds()
            if left > 0:
                pause = min(pause, left)
                continue
            taken[name] = moment
            try:
                if not is_prepared:
                    await backend.storage.claims.prepare()
                    is_prepared = True
                await _start_claimed(backend, name, f"{name}@@{moment.isoformat()}")
            except Interruption as error:
                log.error("the job %s could not be started: %s", name, error)
                del taken[name]
            except Exception:  # one that can't be started must not end the others' times
                log.exception("the job %s could not be started", name)
        with suppress(TimeoutError):
            await asyncio.wait_for(backend.job_times_changed.wait(), pause)


async def _moment_of(backend: Backend, name: str, asked: Handler) -> datetime | None:
    """Ask a job for its next moment; None where it has none or can't say."""
    event = NextRunEvent(class_name=name, request=master_context(backend))
    try:
        answer = await backend.triggers.call(asked, event, f"the next run of {name}")
    except (ParseError, Interruption) as error:
        log.error("the next run of the job %s is not known: %s", name, error)
        return None
    return answer if isinstance(answer, datetime) else None


def _next(jobs: dict[str, Job], after: datetime) -> tuple[datetime, list[str]]:
    """The next time at which jobs are due, and which."""
    times: dict[datetime, list[str]] = {}
    for name, job in jobs.items():
        if job.schedule is not None:
            moment = next(CronSim(job.schedule, after), None)
            if moment is not None:
                times.setdefault(moment, []).append(name)
    if not times:
        return after + timedelta(seconds=1), []
    moment = min(times)
    return moment, times[moment]


async def _start_once(backend: Backend, name: str, moment: datetime) -> None:
    await _start_claimed(backend, name, f"{name}@{moment.strftime('%Y-%m-%dT%H:%M')}")


async def _start_claimed(backend: Backend, name: str, claim: str) -> None:
    job = backend.triggers.jobs.get(name)
    if job is not None and await backend.storage.claims.take(claim):
        await _begin(master_context(backend), name, job, {})
