"""What triggers, functions and jobs are given: one request class per kind, over an event."""

import logging
from collections.abc import Mapping, MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic

from parsepy.backend import RequestContext, context_of
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
from parsepy.triggers import (
    AroundDeleteEvent,
    AroundSaveEvent,
    ConfigEvent,
    ConnectEvent,
    DeleteEvent,
    Event,
    FileEvent,
    FindEvent,
    FoundEvent,
    FunctionEvent,
    JobEvent,
    LiveEvent,
    ReceiverEvent,
    ReplacementResults,
    SavedEvent,
    SaveEvent,
    SubscribeEvent,
    UserEvent,
    WriteEvent,
)

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", bound=Object, default=Object, covariant=True)
else:
    from typing import TypeVar

    T = TypeVar("T", bound=Object, covariant=True)
"""What stands for the class: ``SaveRequest[Game]``, where `Game` is a class of one's own."""

log = logging.getLogger("parsepy.cloud")


class _Log(logging.LoggerAdapter[logging.Logger]):
    """Marks an author's lines with the id of the request that they belong to."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        return f"request {(self.extra or {}).get('id')}: {msg}", kwargs


class TriggerRequest:
    """What every hook is given: who asks, from where, and the context that travels along.

    ``trigger_name`` is the kind of the trigger, as ``beforeSave``; ``class_name`` the class (or
    function, or job) that it is about.
    """

    def __init__(self, event: Event) -> None:
        self.trigger_name = event.kind
        self.class_name = event.class_name
        self._context = context_of(event)

    @property
    def master(self) -> bool:
        """Does the caller hold the master key? The maintenance key is none."""
        return self._context.principal.is_master

    @property
    def is_read_only(self) -> bool:
        """Is it the read-only master key?"""
        return self._context.principal.is_read_only

    @cached_property
    def user(self) -> User | None:
        """The caller, with their ``session_token``; ``None`` for nobody and the master key."""
        principal = self._context.principal
        return user_of(principal.user, principal.session_token)

    @property
    def roles(self) -> frozenset[str]:
        """The names of the caller's roles, inherited ones included."""
        return self._context.principal.roles

    @property
    def installation_id(self) -> str | None:
        """The id of the installation that asks; ``cloud`` for cloud code."""
        return self._context.installation_id

    @property
    def ip(self) -> str | None:
        """The caller's address."""
        return self._context.ip

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers of the request, names in lower case."""
        return {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in self._context.headers.items()
        }

    @property
    def request_id(self) -> str:
        """The id under which the server logs this request."""
        return self._context.request_id

    @property
    def context(self) -> dict[str, Any]:
        """What the caller and earlier triggers of this operation left; change it freely."""
        return self._context.trigger_context

    @property
    def config(self) -> Config:
        """The server's options."""
        return self._context.config

    @cached_property
    def log(self) -> "logging.LoggerAdapter[logging.Logger]":
        """A logger that marks its lines with the request's id."""
        return _Log(log, {"id": self._context.request_id})


class SaveRequest(TriggerRequest, Generic[T]):
    """Of before_save, around_save and after_save: the ``object``, on updates its ``original``."""

    def __init__(self, event: SaveEvent | AroundSaveEvent | SavedEvent) -> None:
        super().__init__(event)
        self._event = event
        self._sent: JSONObject = {}
        self._given: dict[str, Any] = {}
        self._stored = event.original
        item: Any
        if isinstance(event, SavedEvent):
            item = objects.from_rest(event.class_name, event.object)
            item._was_created = event.original is None
        else:
            self._sent = event.changes
            item = objects.from_changes(
                event.class_name, event.original, event.changes, event.object_id
            )
            self._given = dict(item._pending)
        self.object: T = item

    async def refresh(self) -> None:
        """Of around_save: read the stored object again, and begin anew.

        Who has waited for a lock does so: ``original`` is the object as it is now, ``object`` it
        with the changes that were asked for; what the hook has changed is dropped. Nothing happens
        at a create. Raises OBJECT_NOT_FOUND if it is gone, or not the caller's to write any more.
        """
        event = self._event
        if not isinstance(event, AroundSaveEvent):
            raise RuntimeError("only around_save can refresh")
        event.original = await event.refresh()
        self.__dict__.pop("original", None)
        SaveRequest.__init__(self, event)

    @cached_property
    def original(self) -> T | None:
        """The object as it is stored; ``None`` when it is being created."""
        stored = self._stored
        item: Any = None if stored is None else objects.from_rest(self.class_name, stored)
        return item  # type: ignore[no-any-return]  # of whatever class the name stands for

    def changes(self, item: Object) -> JSONObject | None:
        """What is to be written of ``item``; ``None`` if it is what the client sent."""
        sent = self._sent
        if item is not self.object:
            return item.changes()
        found = item.changes(self._given, sent)
        return None if found == sent else found


class _ObjectRequest(TriggerRequest, Generic[T]):
    """About one object, which is made when it is asked for."""

    def __init__(self, event: DeleteEvent | AroundDeleteEvent | UserEvent) -> None:
        super().__init__(event)
        self._event = event
        self._item = event.object

    @cached_property
    def object(self) -> T:
        """The object that this is about."""
        item: Any = objects.from_rest(self.class_name, self._item)
        return item  # type: ignore[no-any-return]  # of whatever class the name stands for


class DeleteRequest(_ObjectRequest[T]):
    """Of before_delete, around_delete and after_delete: the ``object`` that goes, or is gone."""

    async def refresh(self) -> None:
        """Of around_delete: read the object again, as of a save; OBJECT_NOT_FOUND if it is gone."""
        if not isinstance(self._event, AroundDeleteEvent):
            raise RuntimeError("only around_delete can refresh")
        self._item = await self._event.refresh()
        self.__dict__.pop("object", None)


class UserRequest(_ObjectRequest[Object]):
    """Of log-ins, log-outs and password resets: the ``object`` is the user (or the session)."""


class WriteRequest(TriggerRequest):
    """Of may_write: the ``object`` as it is stored, and the ``changes`` asked for."""

    def __init__(self, event: WriteEvent) -> None:
        super().__init__(event)
        self._event = event

    @cached_property
    def object(self) -> Object:
        """The object as it is stored."""
        return objects.from_rest(self.class_name, self._event.object or {})

    @property
    def changes(self) -> dict[str, Any] | None:
        """Field → new value or ``__op``; ``None``: the object is to be deleted."""
        return self._event.changes


class FindRequest(TriggerRequest):
    """Of before_find: the ``query``, to be changed.

    ``is_get`` says that one object was asked for by its id.
    """

    def __init__(self, event: FindEvent | SubscribeEvent) -> None:
        super().__init__(event)
        self.is_get = isinstance(event, FindEvent) and event.is_get
        self._asked_query = event.query
        self._before = queries.to_parameters(event.query)
        self.query: Query[Any] = Query(event.class_name)
        self.query.load(self._before)
        self.read_preference: str | None = None
        self.include_read_preference: str | None = None
        self.subquery_read_preference: str | None = None

    @property
    def count(self) -> bool:
        """Was the number of matches asked for?"""
        return self._asked_query.count

    def answer(self, given: Any) -> queries.Query | ReplacementResults | None:
        """What a before_find comes to: a rewritten query, objects in its place, or neither."""
        if isinstance(given, Object):
            return ReplacementResults([given.to_json()])
        if isinstance(given, list | tuple):
            for item in given:
                if not isinstance(item, Object):
                    raise TypeError(
                        f"before_find returned a list with a {type(item).__name__} in it; "
                        "expected Objects"
                    )
            return ReplacementResults([item.to_json() for item in given])
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
        return rewritten(query.class_name, parameters, self._asked_query, self._context)


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


class FoundRequest(TriggerRequest):
    """Of after_find: the ``objects`` that were found, to be changed or replaced.

    ``is_get`` says that one object was asked for by its id.
    """

    def __init__(self, event: FoundEvent) -> None:
        super().__init__(event)
        self.is_get = event.is_get
        self._asked_query = event.query
        self.objects: list[Any] = [
            codec.from_rest(event.class_name, item) for item in event.objects
        ]

    @cached_property
    def query(self) -> Query[Any]:
        """The query that found them."""
        return Query(self.class_name).load(queries.to_parameters(self._asked_query))

    def answer(self, given: Any) -> list[JSONObject]:
        """The objects that the client gets, in REST form."""
        items = self.objects if given is None else given
        if not isinstance(items, list | tuple):
            raise TypeError(f"after_find returned a {type(given).__name__}; expected a list")
        # Parse: an object that went through an afterFind bears its class's name
        return [
            {"className": self.class_name, **item.to_json()}
            if isinstance(item, Object)
            else codec.encode(item)
            for item in items
        ]


class FileRequest(TriggerRequest):
    """Of the triggers of files: the ``file``, to be changed before it is stored or sent.

    ``file_size`` is in bytes, ``None`` while an upload is under way. In after_find,
    ``force_download`` and ``response_headers`` say how it is sent.
    """

    def __init__(self, event: FileEvent) -> None:
        super().__init__(event)
        self._event = event
        self._draft = event.file
        self.file = File.from_draft(event.file)
        self.file_size = event.file_size
        self.force_download = event.force_download
        self.response_headers = dict(event.response_headers)

    @property
    def may_change(self) -> bool:
        """Does it count what becomes of the file?"""
        return self.trigger_name in ("beforeSave", "beforeFind", "afterFind")

    def answer(self, given: File | None) -> FileDraft | None:
        """What the author made of the file, as the event takes it.

        What is stored or gone already can't be changed: a client must learn its true name.
        """
        if not self.may_change:
            return None
        file = self.file if given is None else given
        self._event.force_download = bool(self.force_download)
        self._event.response_headers = dict(self.response_headers)
        return file.write_to(self._draft if given is None else FileDraft(name=file.name))


class ConfigRequest(TriggerRequest):
    """Of before_save and after_save of ``Config``: all parameters as they will be, or are."""

    def __init__(self, event: ConfigEvent) -> None:
        super().__init__(event)
        self._event = event

    @cached_property
    def object(self) -> GlobalConfig:
        """The parameters with the change made."""
        return GlobalConfig(codec.decode(self._event.object))

    @cached_property
    def original(self) -> GlobalConfig | None:
        """The parameters before; ``None`` if there were none."""
        stored = self._event.original
        return None if stored is None else GlobalConfig(codec.decode(stored))


class _LiveRequest(TriggerRequest):
    """About a Live Query client: ``event`` says what happened.

    ``client_id`` is the client's id; ``session_token`` is the subscription's, else the
    connection's, and ``use_master_key`` says that it connected with the master key. ``clients``
    and ``subscriptions`` say how many this process serves.
    """

    def __init__(self, event: ConnectEvent | SubscribeEvent | LiveEvent) -> None:
        super().__init__(event)
        self.event = event.outcome
        self.client_id = event.client_id
        self.clients = event.live.clients
        self.subscriptions = event.live.subscriptions
        self.session_token = event.live.session_token
        self.use_master_key = event.live.use_master_key


class ConnectRequest(_LiveRequest):
    """Of before_connect: who comes, and how many are there already."""


class SubscribeRequest(_LiveRequest, FindRequest):
    """Of before_subscribe: the ``query``, to be changed."""

    def __init__(self, event: SubscribeEvent) -> None:
        super().__init__(event)
        self._subscription_id = event.subscription_id

    @property
    def request_id(self) -> str:
        """The number by which the client names the subscription."""
        return str(self._subscription_id)

    def answer(self, given: Any) -> queries.Query | None:
        """The query that is followed from now on."""
        answer = super().answer(given)
        if isinstance(answer, ReplacementResults):
            raise TypeError("before_subscribe returned objects; expected a Query or None")
        return answer


class LiveEventRequest(_LiveRequest):
    """Of after_live_query_event: the ``object`` as this client will see it.

    ``event`` says what happened: create, enter, update, leave or delete. Change the object, or
    set ``send_event`` to False to keep the event from this client.
    """

    def __init__(self, event: LiveEvent) -> None:
        super().__init__(event)
        self._event = event
        self.object = objects.from_rest(event.class_name, event.object)
        self.send_event = True

    @cached_property
    def original(self) -> Object | None:
        """The object before the change, where the client gets it."""
        before = self._event.original
        return None if before is None else objects.from_rest(self.class_name, before)

    def answer(self, given: Any) -> None:
        """Carry what the author changed back into the event."""
        item = self._event.object
        kept: JSONObject = {n: item[n] for n in ("className", "__type") if n in item}
        self._event.object = {**kept, **self.object.to_json()}
        self._event.is_sent = self.send_event is not False


class FunctionRequest(TriggerRequest):
    """Of a cloud function: its ``params``."""

    def __init__(self, event: FunctionEvent | JobEvent) -> None:
        super().__init__(event)
        self.params: dict[str, Any] = codec.decode(event.params)

    @property
    def function_name(self) -> str:
        """The name that was called."""
        return self.class_name


class ReceivedRequest(TriggerRequest):
    """Of a receiver: the ``body`` of a request that another service sent, to the byte.

    ``headers`` say how it is signed.
    """

    def __init__(self, event: ReceiverEvent) -> None:
        super().__init__(event)
        self.body = event.body


class JobRequest(FunctionRequest):
    """Of a job: its ``params``, the id of its `_JobStatus`, and ``message`` to report on it."""

    def __init__(self, event: JobEvent) -> None:
        super().__init__(event)
        self.job_id = event.job_id
        self._report = event.report

    @property
    def job_name(self) -> str:
        """The job's name."""
        return self.class_name

    async def message(self, text: str) -> None:
        """Write how far the job is into its `_JobStatus`."""
        await self._report(str(text))
