"""``/functions/:name`` and ``/jobs``: cloud functions and background jobs."""

from parsepy.errors import Code, ParseError
from parsepy.http.bodies import is_multipart
from parsepy.http.forms import parameters_of
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.model.values import JSONObject
from parsepy.operations import functions, jobs
from parsepy.triggers import UNDEFINED, CustomResponse


def _params(request: Request, form: JSONObject | None = None) -> JSONObject:
    given = request.body if form is None else form
    # Parse: what stands in the query string are texts here, numbers or not
    return {**given, **request.query} if request.query_string else given


async def call(request: Request) -> Answer:
    """Call a cloud function; ``{"result": ...}``, or ``{}`` if it returned nothing."""
    name = request.arguments["name"]
    kind = request.headers.get(b"content-type", b"")
    form = None
    if is_multipart(kind):
        # Parse: of a form only its parts count; credentials stand in the headers
        form = parameters_of(kind.decode("latin-1"), request.raw)
    result = await functions.call(request.context, name, _params(request, form))
    if result is UNDEFINED:
        return Answer({})
    if isinstance(result, CustomResponse):
        headers = [
            (key.lower().encode("latin-1"), value.encode("latin-1"))
            for key, value in result.headers.items()
        ]
        return Answer({"result": result.content}, result.status, headers)
    return Answer({"result": result})


async def start(request: Request) -> Answer:
    """Start a job and answer at once; the header names its `_JobStatus`."""
    request.require_master("run a job")
    params = _params(request)
    name = request.arguments.get("name") or params.pop("jobName", None)
    if not isinstance(name, str):
        raise ParseError(Code.SCRIPT_FAILED, "Invalid job.")
    status_id = await jobs.start(request.context, name, params)
    return Answer({}, headers=[(b"X-Parse-Job-Status-Id", status_id.encode())])


routes = [
    Route("POST", "/functions/:name", call, is_idempotent=True),
    Route("POST", "/jobs/:name", start, is_idempotent=True),
    Route("POST", "/jobs", start, is_idempotent=True),
]
