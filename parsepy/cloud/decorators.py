"""``Cloud``: the decorators that register hooks, functions and jobs, and the calls beside them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from parsepy.cloud import current, threads
from parsepy.cloud.around import Proceed
from parsepy.cloud.codec import decode, encode
from parsepy.cloud.config import Config
from parsepy.cloud.files import File
from parsepy.cloud.handlers import FUNCTION, JOB, NEXT_RUN, RECEIVER, handlers_of
from parsepy.cloud.locks import Lock
from parsepy.cloud.names import hint_of
from parsepy.cloud.rate_limits import limit_of, limit_of_trigger
from parsepy.cloud.requests import DeleteRequest, SaveRequest, TriggerRequest
from parsepy.cloud.transactions import Transaction
from parsepy.cloud.validators import Validator, declared
from parsepy.config.paths import escape_path
from parsepy.model.values import JSONObject
from parsepy.operations import functions, jobs
from parsepy.triggers import (
    CONFIG,
    CONNECT,
    FILE,
    TRIGGERS,
    UNDEFINED,
    CustomResponse,
    Job,
    Triggers,
)

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", bound=Callable[[SaveRequest, Proceed], Any])
D = TypeVar("D", bound=Callable[[DeleteRequest, Proceed], Any])
Target = str | type[Any]
Answer = CustomResponse

_REGISTRY: ContextVar[Triggers | None] = ContextVar("parsepy_registry", default=None)
_PSEUDO: dict[type[Any], str] = {File: FILE, Config: CONFIG}
_NO_CALL = {"useMasterKey": "the argument use_master_key=True, or `with Cloud.as_master():`"}
"""Calls of Parse's JavaScript that are none in Python."""


class _Decorator(Protocol):
    """Registers a function and gives it back."""

    def __call__(self, function: F, /) -> F:
        """Register the function."""
        ...


@contextmanager
def registering(registry: Triggers) -> Iterator[None]:
    """While this runs, decorators register here."""
    token = _REGISTRY.set(registry)
    try:
        yield
    finally:
        _REGISTRY.reset(token)


def _registry() -> Triggers:
    found = _REGISTRY.get()
    if found is None:
        raise RuntimeError(
            "Cloud decorators register while parsepy loads the cloud file "
            "(parsepy serve --cloud FILE, or parsepy.testing.parse_app)."
        )
    return found


def name_of(target: Target) -> str:
    """The class that a decorator is about: a name, a Python class, ``File`` or ``Config``."""
    if isinstance(target, str):
        return target
    name = _PSEUDO.get(target) or getattr(target, "_own_class", None)
    if not name:
        raise TypeError(f"{target!r} stands for no class of the database")
    return str(name)


class CloudCode:
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
                else hint_of(name, partial(hasattr, type(self)))
            )
            raise AttributeError(f"Cloud has no {name}{hint}", name=name, obj=self)

    # --- functions and jobs -------------------------------------------------------------------

    def function(
        self,
        name: str,
        *,
        validator: Callable[[Any], Any] | None = None,
        rate_limit: Mapping[str, Any] | None = None,
        **rules: Any,
    ) -> Callable[[F], F]:
        """Define the cloud function ``name``: what it returns is the client's ``result``.

        ``None`` answers without a result, as the reference does for undefined.
        """
        registry = _registry()
        checked = declared(validator, rules)

        def register(function: F) -> F:
            handler = FUNCTION.handler(function, checked)
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
    ) -> Callable[[F], F]:
        """Define the background job ``name``.

        ``schedule`` is a cron line in UTC (``*/5 * * * *``): one process of all that serve the
        database runs it at each of its times. ``next_run`` answers the moment of the next run, for
        what is due at times that objects name; it is asked now and then, after each run, and at
        ``Cloud.reschedule()``. One process of all runs the job then.
        """
        registry = _registry()
        if schedule is not None:
            jobs.check_schedule(schedule)

        def register(function: F) -> F:
            handler = JOB.handler(function, Validator())
            asked = None if next_run is None else NEXT_RUN.handler(next_run, Validator())
            registry.jobs[name] = Job(handler, schedule, asked)
            return function

        return register

    def receiver(self, name: str) -> Callable[[F], F]:
        """Receive what other services send to ``POST {mount}/webhooks/<name>``.

        Such a request brings no Parse credentials: check its signature yourself. What the
        function returns is the answer's JSON.
        """
        registry = _registry()

        def register(function: F) -> F:
            handler = RECEIVER.handler(function, Validator())
            registry.receivers[name] = handler
            return function

        return register

    # --- triggers -----------------------------------------------------------------------------

    def before_save(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """Before an object (file, config) is stored: change ``request.object``, or raise.

        A returned object replaces it; ``Cloud.answer(…)`` ends the request without storing.
        """
        return self._trigger("beforeSave", name_of(target), validator)

    def after_save(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """After it was stored; a JSON value returned replaces the client's answer."""
        return self._trigger("afterSave", name_of(target), validator)

    def before_delete(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """Before an object (file) is deleted: raise to refuse."""
        return self._trigger("beforeDelete", name_of(target), validator)

    def after_delete(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """After it was deleted."""
        return self._trigger("afterDelete", name_of(target), validator)

    def around_save(self, target: Target, **validator: Any) -> Callable[[S], S]:
        """Around all that a save is: ``await proceed()`` makes it, for this hook to stand around.

        A lock, a transaction or a condition (``proceed(where=…)``) thus holds for the whole
        write. ``request.object`` may be changed before. The client is answered what the write
        answers; or ``Cloud.answer(…)``, if the hook returns it in place of proceeding.
        """
        return self._trigger("aroundSave", name_of(target), validator)

    def around_delete(self, target: Target, **validator: Any) -> Callable[[D], D]:
        """Around all that a deletion is, as ``around_save``."""
        return self._trigger("aroundDelete", name_of(target), validator)

    def before_find(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """Before a query runs: change ``request.query``, return another query, or objects."""
        return self._trigger("beforeFind", name_of(target), validator)

    def after_find(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """After objects were found: change ``request.objects``, or return others."""
        return self._trigger("afterFind", name_of(target), validator)

    def may_write(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """Return True to allow one write to a caller whom permissions refuse it.

        ``request.object`` is the stored object (of a create: a new one), ``request.changes``
        what is asked for (a deletion: None). before_save or before_delete then see the write as
        any other.
        """
        return self._trigger("mayWrite", name_of(target), validator)

    def before_login(self, function: F | None = None, **validator: Any) -> Any:
        """Before a session is made for a right password: raise to refuse."""
        return self._plain("beforeLogin", "_User", function, validator)

    def after_login(self, function: F | None = None, **validator: Any) -> Any:
        """After a session was made."""
        return self._plain("afterLogin", "_User", function, validator)

    def after_logout(self, function: F | None = None, **validator: Any) -> Any:
        """After a session was ended; ``request.object`` is the session."""
        return self._plain("afterLogout", "_Session", function, validator)

    def before_password_reset_request(self, function: F | None = None, **validator: Any) -> Any:
        """Before a mail with a reset link is sent: raise to refuse."""
        return self._plain("beforePasswordResetRequest", "_User", function, validator)

    def before_connect(self, function: F | None = None, **validator: Any) -> Any:
        """Before a Live Query client is let in: raise to refuse."""
        return self._plain("beforeConnect", CONNECT, function, validator)

    def before_subscribe(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """Before a Live Query subscription: change ``request.query``, or raise."""
        return self._trigger("beforeSubscribe", name_of(target), validator)

    def after_live_query_event(self, target: Target, **validator: Any) -> Callable[[F], F]:
        """Before an event reaches a client: change ``request.object``, or drop the event."""
        return self._trigger("afterEvent", name_of(target), validator)

    def _plain(
        self, kind: str, class_name: str, function: F | None, validator: dict[str, Any]
    ) -> Any:
        """A decorator that is written with or without parentheses."""
        register: Callable[[Any], Any] = self._trigger(kind, class_name, validator)
        return register if function is None else register(function)

    def _trigger(self, kind: str, class_name: str, rules: dict[str, Any]) -> _Decorator:
        registry = _registry()
        rate_limit = rules.pop("rate_limit", None)
        checked = declared(rules.pop("validator", None), rules)
        make = handlers_of(kind, class_name)

        def register(function: F) -> F:
            registry.add(kind, class_name, make(function, checked))
            if rate_limit is not None:
                registry.rate_limits.append(limit_of_trigger(rate_limit, kind, class_name))
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
        return Transaction(attempts)

    def as_master(self) -> AbstractContextManager[None]:
        """``with Cloud.as_master():`` every call inside has the rights of the master key.

        But those with a ``session_token``. Triggers of what is saved inside see the master key.
        """
        return current.as_master()

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
        described = {
            name: {"type": column} if isinstance(column, str) else column
            for name, column in (fields or {}).items()
        }
        definition: JSONObject = {"className": class_name, "fields": encode(described)}
        if indexes is not None:
            definition["indexes"] = encode(dict(indexes))
        if permissions is not None:
            definition["classLevelPermissions"] = encode(dict(permissions))
        _registry().definitions.append(definition)

    def lock(self, name: str, *, seconds: float = 30, patience: float = 10) -> Lock:
        """``async with Cloud.lock(name)``: one at a time, over every process of the database.

        Who holds it longer than ``seconds`` is taken to be gone; who waits longer than
        ``patience`` seconds is refused with SCRIPT_FAILED, and the log says who holds it. The
        same request may take it again inside, as in a hook of what it saves.
        """
        return Lock(name, seconds, patience)

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
