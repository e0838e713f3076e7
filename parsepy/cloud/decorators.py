"""``Cloud``: the decorators that register hooks, functions and jobs, and the calls beside them."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from parsepy.cloud import current, threads
from parsepy.cloud.codec import decode, encode
from parsepy.cloud.handlers import FUNCTION, JOB, NEXT_RUN, RECEIVER
from parsepy.cloud.hooks import HookDecorators, current_registry, named, registered_once
from parsepy.cloud.locks import Lock, NewLock
from parsepy.cloud.mistakes import tell_unentered
from parsepy.cloud.names import hint_of
from parsepy.cloud.rate_limits import limit_of
from parsepy.cloud.requests import (
    FunctionRequest,
    JobRequest,
    ReceivedRequest,
    TriggerRequest,
)
from parsepy.cloud.signatures import (
    Rules,
)
from parsepy.cloud.transactions import NewTransaction, Transaction
from parsepy.cloud.validators import Validator, declared
from parsepy.config.paths import escape_path
from parsepy.model.values import JSONObject
from parsepy.operations import functions, jobs, schemas
from parsepy.triggers import (
    TRIGGERS,
    UNDEFINED,
    CustomResponse,
    Job,
)

F = TypeVar("F", bound=Callable[[FunctionRequest], Any])
J = TypeVar("J", bound=Callable[[JobRequest], Any])
V = TypeVar("V", bound=Callable[[ReceivedRequest], Any])
Answer = CustomResponse

_NO_CALL = {"useMasterKey": "the argument use_master_key=True, or `with Cloud.as_master():`"}
"""Calls of Parse's JavaScript that are none in Python."""


class AsMaster(AbstractContextManager[None]):
    """See ``Cloud.as_master``."""

    def __enter__(self) -> None:
        self.__class__ = AsMaster
        self._inner = current.acting(current.request().as_master())
        self._inner.__enter__()

    def __exit__(self, *failure: Any) -> None:
        self._inner.__exit__(*failure)


class NewAsMaster(AsMaster):
    """One that nobody has entered yet."""

    def __del__(self) -> None:
        tell_unentered("Cloud.as_master()")


class CloudCode(HookDecorators):
    """The decorators and calls of cloud code; its one instance is ``Cloud``.

    Every decorator takes a validator as keywords: ``require_user``, ``require_master``,
    ``require_any_user_roles``, ``require_all_user_roles``, ``require_user_keys``, ``fields``,
    ``validate_master_key``, ``skip_with_master_key``, ``validator`` (a callable of the request
    that raises to refuse) and ``rate_limit``.
    """

    if not TYPE_CHECKING:  # a type checker is to see that there is no such name

        def __getattr__(self, name: str) -> Any:
            """Refuse a name as Python does; of one from JavaScript, say what it is called here."""
            meant = _NO_CALL.get(name)
            hint = (
                f"; in Python it is {meant}"
                if meant
                else hint_of(name, dir(type(self)), likeness=0.8)
            )
            raise AttributeError(f"Cloud has no {name}{hint}", name=name, obj=self)

    # --- functions and jobs -------------------------------------------------------------------

    def function(
        self,
        name: str,
        *,
        validator: Callable[[Any], Any] | None = None,
        rate_limit: Mapping[str, Any] | None = None,
        **rules: Unpack[Rules],
    ) -> Callable[[F], F]:
        """Define the cloud function ``name``: what it returns is the client's ``result``.

        ``None`` answers without a result, as the reference does for undefined.
        """
        registry = current_registry()
        named(name, "function")
        checked = declared(validator, dict(rules))

        def register(function: F) -> F:
            handler = FUNCTION.handler(function, checked)
            registered_once(registry.functions, name, f"the function {name}")
            registry.functions[name] = handler
            if rate_limit is not None:
                registry.rate_limits.append(limit_of(rate_limit, f"/functions/{escape_path(name)}"))
            return function

        return register

    define = function

    def job(
        self,
        name: str,
        *,
        schedule: str | None = None,
        next_run: Callable[[TriggerRequest], Awaitable[datetime | None]] | None = None,
    ) -> Callable[[J], J]:
        """Define the background job ``name``.

        ``schedule`` is a cron line in UTC (``*/5 * * * *``): one process of all that serve the
        database runs it at each of its times. ``next_run`` answers the moment of the next run, for
        what is due at times that objects name; it is asked now and then, after each run, and at
        ``Cloud.reschedule()``. One process of all runs the job then.
        """
        registry = current_registry()
        named(name, "job")
        if schedule is not None:
            jobs.check_schedule(schedule)

        def register(function: J) -> J:
            handler = JOB.handler(function, Validator())
            asked = None if next_run is None else NEXT_RUN.handler(next_run, Validator())
            registered_once(registry.jobs, name, f"the job {name}")
            registry.jobs[name] = Job(handler, schedule, asked)
            return function

        return register

    def receiver(self, name: str) -> Callable[[V], V]:
        """Receive what other services send to ``POST {mount}/webhooks/<name>``.

        Such a request brings no Parse credentials: check its signature yourself. What the
        function returns is the answer's JSON.
        """
        registry = current_registry()
        named(name, "receiver")

        def register(function: V) -> V:
            handler = RECEIVER.handler(function, Validator())
            registered_once(registry.receivers, name, f"the receiver {name}")
            registry.receivers[name] = handler
            return function

        return register

    # --- calls --------------------------------------------------------------------------------

    def answer(
        self, content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> CustomResponse:
        """What a hook returns to answer the client itself.

        From before_save: nothing is stored and ``content`` is the answer. From a function: its
        result, with an HTTP status and headers.
        """
        return CustomResponse(content, status, dict(headers or {}))

    def transaction(self, attempts: int = 8) -> Transaction:
        """All saves and deletes inside commit together or not at all.

        ``async with Cloud.transaction(): …``; when another transaction came in between, what was
        done inside is done again, and refused with a clear error if it would come to something
        else. ``@Cloud.transaction()`` on an async function runs the function again instead. Both
        are tried so many times, and as long as ten seconds.
        """
        if callable(attempts):
            raise TypeError("write @Cloud.transaction(), with parentheses")
        return NewTransaction(attempts)

    def outside_transaction(self) -> AbstractContextManager[None]:
        """``with Cloud.outside_transaction():`` every call inside lasts, whatever else is undone.

        It neither sees nor waits for what the transaction around it has written: it must not
        write the same objects. So is counted what a refused request may not undo.
        """
        return current.backend().storage.connection.outside_transaction()

    def as_master(self) -> AbstractContextManager[None]:
        """``with Cloud.as_master():`` every call inside has the rights of the master key.

        But those with a ``session_token``. Triggers of what is saved inside see the master key.
        """
        return NewAsMaster()

    def define_schema(
        self,
        class_name: str,
        fields: Mapping[str, Any] | None = None,
        *,
        indexes: Mapping[str, Mapping[str, Any]] | None = None,
        permissions: Mapping[str, Any] | None = None,
    ) -> None:
        """Have the start make a class, or add to it what it lacks, as a schema template does.

        A field is the name of a type (``"Number"``) or Parse's description (``{"type": "Pointer",
        "targetClass": "_User", "required": True}``); ``permissions`` are class-level permissions.
        It adds, and never drops; said again, or by several processes, it changes nothing.
        What is wrong with a definition stops the start, as a template's error does.
        """
        described = {}
        for name, column in (fields or {}).items():
            if not isinstance(column, str | Mapping):
                raise TypeError(
                    f"{class_name}.{name}: {column!r} is no type of a column; write the name of "
                    'one ("String", "Number", "Date", …) or {"type": …}'
                )
            described[name] = {"type": column} if isinstance(column, str) else column
        definition: JSONObject = {"className": class_name, "fields": encode(described)}
        if indexes is not None:
            definition["indexes"] = encode(dict(indexes))
        if permissions is not None:
            definition["classLevelPermissions"] = encode(dict(permissions))
        current_registry().definitions.append(definition)

    async def schemas(self) -> list[JSONObject]:
        """Every class with its fields, permissions and indexes, as ``GET /schemas`` answers them.

        Runs with the master key: what of it a client may know is for the caller to say.
        """
        return await schemas.list_classes(current.backend())

    def lock(self, name: str, *, seconds: float = 30, patience: float = 10) -> Lock:
        """``async with Cloud.lock(name)``: one at a time, over every process of the database.

        Who holds it longer than ``seconds`` is taken to be gone; who waits longer than
        ``patience`` seconds is refused with SCRIPT_FAILED, and the log says who holds it. The
        same request may take it again inside, as in a hook of what it saves.
        """
        return NewLock(name, seconds, patience)

    async def run(self, name: str, params: Mapping[str, Any] | None = None, **rights: Any) -> Any:
        """Call a cloud function; its result."""
        acting = await current.context(**rights)
        result = await functions.call(acting, name, encode(dict(params or {})))
        return None if result is UNDEFINED else decode(getattr(result, "content", result))

    async def start_job(self, name: str, params: Mapping[str, Any] | None = None) -> str:
        """Start a job in the background; the id of its `_JobStatus`."""
        acting = await current.context(use_master_key=True)
        given: JSONObject = encode(dict(params or {}))
        return await jobs.start(acting, name, given)

    async def reschedule(self) -> None:
        """Ask jobs for their next moment again: what they go by has changed."""
        await jobs.reschedule(current.backend())

    def wait(self, awaitable: Awaitable[Any]) -> Any:
        """In a plain ``def`` hook: wait for something async, as ``Cloud.wait(order.save())``."""
        return threads.wait(awaitable)


Cloud = CloudCode()
DECORATORS = {kind.decorator: kind for kind in TRIGGERS.values()}
