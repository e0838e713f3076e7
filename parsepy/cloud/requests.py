"""What a trigger, function or job is told: one request class per kind, over a neutral event."""

import logging
from collections.abc import Mapping, MutableMapping
from functools import cached_property
from typing import Any

from parsepy.backend import RequestContext
from parsepy.cloud import codec, objects
from parsepy.cloud.config import Config as GlobalConfig
from parsepy.cloud.files import File
from parsepy.cloud.objects import Object
from parsepy.cloud.query import Query
from parsepy.cloud.users import User, user_of
from parsepy.config import Config
from parsepy.model import query as queries
from parsepy.model.files import FileDraft
from parsepy.model.values import JSONObject
from parsepy.triggers import Event, Replaced

log = logging.getLogger("parsepy.cloud")


class _Log(logging.LoggerAdapter[logging.Logger]):
    """Marks an author's lines with the id of the request that they belong to."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        return f"request {(self.extra or {}).get('id')}: {msg}", kwargs


class Request:
    """What every hook is told: who asks, from where, and the context that travels along."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._asked: RequestContext = event.request

    @property
    def trigger_name(self) -> str:
        """The kind of the trigger, as ``beforeSave``."""
        return self._event.kind

    @property
    def class_name(self) -> str:
        """The class (or function, or job) that this is about."""
        return self._event.class_name

    @property
    def master(self) -> bool:
        """Does the caller hold the master key? The maintenance key is none."""
        return self._asked.principal.is_master

    @property
    def is_read_only(self) -> bool:
        """Is it the read-only master key?"""
        return self._asked.principal.is_read_only

    @cached_property
    def user(self) -> User | None:
        """The caller, with his ``session_token``; ``None`` for nobody and the master key."""
        principal = self._asked.principal
        return user_of(principal.user, principal.session_token)

    @property
    def roles(self) -> frozenset[str]:
        """The names of the caller's roles, inherited ones included."""
        return self._asked.principal.roles

    @property
    def installation_id(self) -> str | None:
        """The id of the installation that asks; ``cloud`` for cloud code."""
        return self._asked.installation_id

    @property
    def ip(self) -> str | None:
        """The caller's address."""
        return self._asked.ip

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers of the request, names in lower case."""
        return {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in self._asked.headers.items()
        }

    @property
    def request_id(self) -> str:
        """The id under which the server logs this request."""
        return self._asked.request_id

    @property
    def context(self) -> dict[str, Any]:
        """What the caller and earlier triggers of this operation left; change it freely."""
        return self._asked.trigger_context

    @property
    def config(self) -> Config:
        """The server's options."""
        return self._asked.config

    @cached_property
    def log(self) -> "logging.LoggerAdapter[logging.Logger]":
        """A logger that marks its lines with the request's id."""
        return _Log(log, {"id": self._asked.request_id})


class SaveRequest(Request):
    """Of before_save and after_save: the ``object``, and its ``original`` state on updates."""

    def __init__(self, event: Event) -> None:
        super().__init__(event)
        self._given: dict[str, Any] = {}
        if event.changes is not None:
            self.object = objects.from_changes(event.class_name, event.original, event.changes)
            self._given = dict(self.object._pending)
        else:
            self.object = objects.from_rest(event.class_name, event.object or {})

    @cached_property
    def original(self) -> Object | None:
        """The object as it is stored; ``None`` when it is being created."""
        stored = self._event.original
        return None if stored is None else objects.from_rest(self.class_name, stored)

    def changes(self, item: Object) -> JSONObject | None:
        """What is to be written of ``item``; ``None`` if it is what the client sent."""
        sent = self._event.changes or {}
        if item is not self.object:
            return item.changes()
        found = item.changes(self._given, sent)
        return None if found == sent else found


class DeleteRequest(Request):
    """Of before_delete and after_delete: the ``object``."""

    @cached_property
    def object(self) -> Object:
        """The object that goes, or is gone."""
        return objects.from_rest(self.class_name, self._event.object or {})


class WriteRequest(Request):
    """Of may_write: the ``object`` as it is stored, and the ``changes`` asked for."""

    @cached_property
    def object(self) -> Object:
        """The object as it is stored."""
        return objects.from_rest(self.class_name, self._event.object or {})

    @property
    def changes(self) -> dict[str, Any] | None:
        """Field → new value or ``__op``; ``None``: the object is to be deleted."""
        return self._event.changes


class UserRequest(Request):
    """Of log-ins, log-outs and password resets: the ``object`` is the user (or the session)."""

    @cached_property
    def object(self) -> Object:
        """The user; for after_logout the session that ended."""
        return objects.from_rest(self.class_name, self._event.object or {})


class FindRequest(Request):
    """Of before_find: the ``query``, to be changed."""

    def __init__(self, event: Event) -> None:
        super().__init__(event)
        assert event.query is not None
        self._asked_query = event.query
        self._before = queries.to_parameters(event.query)
        self.query: Query[Any] = Query(event.class_name)
        self.query.load(self._before)
        self.read_preference: str | None = None
        self.include_read_preference: str | None = None
        self.subquery_read_preference: str | None = None

    @property
    def is_get(self) -> bool:
        """Was one object asked for by its id?"""
        return self._event.is_get

    @property
    def count(self) -> bool:
        """Was the number of matches asked for?"""
        return self._asked_query.count

    def answer(self, given: Any) -> queries.Query | Replaced | None:
        """What a before_find comes to: a rewritten query, objects in its place, or neither."""
        if isinstance(given, Object):
            return Replaced([given.to_json()])
        if isinstance(given, list | tuple):
            return Replaced([item.to_json() for item in given])
        query = self.query if given is None else given
        if not isinstance(query, Query):
            raise TypeError(
                f"before_find returned a {type(given).__name__}; expected a Query, objects or None"
            )
        parameters = query.to_parameters()
        for name, value in (
            ("readPreference", self.read_preference),
            ("includeReadPreference", self.include_read_preference),
            ("subqueryReadPreference", self.subquery_read_preference),
        ):
            if value is not None:
                parameters[name] = value
        if query.class_name == self.class_name and parameters == self._before:
            return None
        return rewritten(query.class_name, parameters, self._asked_query, self._asked)


def rewritten(
    class_name: str, parameters: JSONObject, before: queries.Query, asked: RequestContext
) -> queries.Query:
    """The query of an author's parameters; without a limit of theirs, the one before holds."""
    made = queries.from_parameters(
        class_name,
        {name: value for name, value in parameters.items() if name != "className"},
        privileged=True,
        limits=asked.backend.limits,
    )
    if "limit" not in parameters:
        object.__setattr__(made, "limit", before.limit)
    return made


class FoundRequest(Request):
    """Of after_find: the ``objects`` that were found, to be changed or replaced."""

    def __init__(self, event: Event) -> None:
        super().__init__(event)
        found = event.objects or []
        self.objects: list[Any] = [codec.from_rest(event.class_name, item) for item in found]

    @cached_property
    def query(self) -> Query[Any] | None:
        """The query that found them."""
        asked = self._event.query
        return None if asked is None else Query(self.class_name).load(queries.to_parameters(asked))

    @property
    def is_get(self) -> bool:
        """Was one object asked for by its id?"""
        return self._event.is_get

    def answer(self, given: Any) -> list[JSONObject]:
        """The objects that the client gets, in REST form."""
        items = self.objects if given is None else given
        if not isinstance(items, list | tuple):
            raise TypeError(f"after_find returned a {type(given).__name__}; expected a list")
        # Parse: what went through an afterFind tells its class
        return [
            {"className": self.class_name, **item.to_json()}
            if isinstance(item, Object)
            else codec.encode(item)
            for item in items
        ]


class FileRequest(Request):
    """Of the triggers of files: the ``file``, to be changed before it is stored or sent.

    In after_find, ``force_download`` and ``response_headers`` say how it is sent.
    """

    def __init__(self, event: Event) -> None:
        super().__init__(event)
        self._draft: FileDraft = event.extra["file"]
        self.file = File.from_draft(self._draft)
        self.force_download = bool(event.extra.get("forceDownload", False))
        self.response_headers: dict[str, str] = dict(event.extra.get("responseHeaders", {}))

    @property
    def file_size(self) -> int | None:
        """The size in bytes; ``None`` while an upload is under way."""
        size: int | None = self._event.extra["fileSize"]
        return size

    @property
    def may_change(self) -> bool:
        """Does it count what becomes of the file?"""
        return self.trigger_name in ("beforeSave", "beforeFind", "afterFind")

    def answer(self, given: File | None) -> Any:
        """What the author made of the file, in the house's terms.

        What is stored or gone already can't be changed: a client must learn its true name.
        """
        if not self.may_change:
            return None
        file = self.file if given is None else given
        draft = file.write_to(self._draft if given is None else FileDraft(name=file.name))
        if self.trigger_name != "afterFind":
            return draft
        return {
            "file": draft,
            "forceDownload": self.force_download,
            "responseHeaders": self.response_headers,
        }


class ConfigRequest(Request):
    """Of before_save and after_save of ``Config``: all parameters as they will be, or are."""

    @cached_property
    def object(self) -> GlobalConfig:
        """The parameters with the change made."""
        return GlobalConfig(codec.decode(self._event.object or {}))

    @cached_property
    def original(self) -> GlobalConfig | None:
        """The parameters before; ``None`` if there were none."""
        stored = self._event.original
        return None if stored is None else GlobalConfig(codec.decode(stored))


class ConnectRequest(Request):
    """Of before_connect: who comes, and how many are there already."""

    @property
    def client_id(self) -> str:
        """The id that the client has from now on."""
        return str(self._event.extra["clientId"])

    @property
    def clients(self) -> int:
        """How many clients this process serves."""
        return int(self._event.extra["clients"])

    @property
    def subscriptions(self) -> int:
        """How many subscriptions this process serves."""
        return int(self._event.extra["subscriptions"])


class SubscribeRequest(FindRequest):
    """Of before_subscribe: the ``query``, to be changed."""

    @property
    def request_id(self) -> str:
        """The number by which the client names the subscription."""
        return str(self._event.extra["requestId"])

    def answer(self, given: Any) -> queries.Query | None:
        """The query that is followed from now on."""
        answer = super().answer(given)
        if isinstance(answer, Replaced):
            raise TypeError("before_subscribe returned objects; expected a Query or None")
        return answer


class LiveEventRequest(Request):
    """Of after_live_query_event: the ``object`` as this client will see it.

    Change it, or set ``send_event`` to False to keep the event from this client.
    """

    def __init__(self, event: Event) -> None:
        super().__init__(event)
        self.object = objects.from_rest(event.class_name, event.object or {})
        self.send_event = True

    @property
    def event(self) -> str:
        """What happened: create, enter, update, leave or delete."""
        return str(self._event.extra["event"])

    @cached_property
    def original(self) -> Object | None:
        """The object before the change, where the client is told of it."""
        before = self._event.original
        return None if before is None else objects.from_rest(self.class_name, before)

    def answer(self, given: Any) -> None:
        """Carry what the author changed back into the event."""
        told = self._event.object or {}
        kept: JSONObject = {n: told[n] for n in ("className", "__type") if n in told}
        self._event.object = {**kept, **self.object.to_json()}
        self._event.extra["sendEvent"] = self.send_event


class FunctionRequest(Request):
    """Of a cloud function: its ``params``."""

    def __init__(self, event: Event) -> None:
        super().__init__(event)
        self.params: dict[str, Any] = codec.decode(event.params or {})

    @property
    def function_name(self) -> str:
        """The name that was called."""
        return self._event.class_name


class ReceivedRequest(Request):
    """Of a receiver: the ``body`` of a request that another service sent, to the byte."""

    @property
    def body(self) -> bytes:
        """The bytes that came; ``headers`` say how they are signed."""
        content: bytes = self._event.extra["body"]
        return content


class JobRequest(FunctionRequest):
    """Of a job: its ``params``, and ``message`` to say how far it is."""

    @property
    def job_name(self) -> str:
        """The job's name."""
        return self._event.class_name

    @property
    def job_id(self) -> str:
        """The id of its `_JobStatus`."""
        return str(self._event.extra["job_id"])

    async def message(self, text: str) -> None:
        """Write how far the job is into its `_JobStatus`."""
        await self._event.extra["message"](str(text))
