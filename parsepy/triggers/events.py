"""The events that handlers get: one record for each family of triggers, all in REST form.

``Event`` is what every one of them has. A handler that needs more asks for its family with
``expect``; the column ``event`` of ``TRIGGERS`` names the family of each kind.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from parsepy.model.files import FileDraft
from parsepy.model.principal import Principal
from parsepy.model.query import Query
from parsepy.model.values import JSONObject
from parsepy.model.where import Where


class EventRequest(Protocol):
    """What a handler may ask of the request that it runs in.

    ``backend.RequestContext``, which lies above this part, is one; ``backend.context_of`` gives
    it back whole to whoever may know it.
    """

    @property
    def principal(self) -> Principal:
        """Who asks."""
        ...

    @property
    def installation_id(self) -> str | None:
        """The installation that asks."""
        ...

    @property
    def ip(self) -> str | None:
        """The caller's address."""
        ...

    @property
    def request_id(self) -> str:
        """The id under which the request is logged."""
        ...

    @property
    def headers(self) -> Mapping[bytes, bytes]:
        """The HTTP headers, names in lower case."""
        ...

    @property
    def trigger_context(self) -> dict[str, Any]:
        """What the caller and earlier triggers of this operation left."""
        ...


class Event(Protocol):
    """What every handler gets: the kind, the class (or function, or job), and who asks."""

    kind: str
    class_name: str
    request: EventRequest


E = TypeVar("E", bound=Event)


def expect(event: Event, family: type[E]) -> E:
    """The event as one of its family; raises ``TypeError`` if it belongs to another."""
    if isinstance(event, family):
        return event
    raise TypeError(
        f"{event.kind} of {event.class_name} is a {type(event).__name__}, no {family.__name__}"
    )


# --- objects ------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class SaveEvent:
    """An object is about to be stored: its state before (None: a create) and what is to change.

    ``changes`` holds plain values and ``__op`` operations; ``object_id`` is the id that the client
    has chosen for a new object.
    """

    kind: str
    class_name: str
    request: EventRequest
    original: JSONObject | None
    changes: JSONObject
    object_id: str | None = None


@dataclass(slots=True, kw_only=True)
class SavedEvent:
    """An object was stored: its state now, and the one before (None: a create)."""

    kind: str
    class_name: str
    request: EventRequest
    object: JSONObject
    original: JSONObject | None


@dataclass(slots=True, kw_only=True)
class DeleteEvent:
    """An object is about to be deleted, or was."""

    kind: str
    class_name: str
    request: EventRequest
    object: JSONObject


class ProceedSave(Protocol):
    """Makes a save, and gives its answer; nothing if cloud code answered in its place.

    ``changes`` replace those asked for (None: they stand); it is made only while ``condition``
    holds, and with the rights of the master key if ``as_master``.
    """

    def __call__(
        self, changes: JSONObject | None, condition: Where, *, as_master: bool
    ) -> Awaitable[JSONObject]:
        """Make the save."""
        ...


class ProceedDelete(Protocol):
    """Makes a deletion, while ``condition`` holds; ``as_master`` as of a save."""

    def __call__(self, condition: Where, *, as_master: bool) -> Awaitable[None]:
        """Make the deletion."""
        ...


@dataclass(slots=True, kw_only=True)
class AroundSaveEvent:
    """As ``SaveEvent``, before that: ``proceed`` makes the whole write, its triggers included.

    ``refresh`` reads the stored object again, which ``proceed`` starts from then on.
    """

    kind: str = field(default="aroundSave", init=False)
    class_name: str
    request: EventRequest
    original: JSONObject | None
    changes: JSONObject
    proceed: ProceedSave
    refresh: Callable[[], Awaitable[JSONObject | None]]
    object_id: str | None = None


@dataclass(slots=True, kw_only=True)
class AroundDeleteEvent:
    """As ``DeleteEvent``, before that: ``proceed`` deletes the object, its triggers included.

    ``refresh`` reads the object again, as of a save.
    """

    kind: str = field(default="aroundDelete", init=False)
    class_name: str
    request: EventRequest
    object: JSONObject
    proceed: ProceedDelete
    refresh: Callable[[], Awaitable[JSONObject]]


@dataclass(slots=True, kw_only=True)
class WriteEvent:
    """A write that the caller has no right to make.

    ``object`` None: a create. ``changes`` None: a deletion.
    """

    kind: str
    class_name: str
    request: EventRequest
    object: JSONObject | None
    changes: JSONObject | None


@dataclass(slots=True, kw_only=True)
class FindEvent:
    """A query is about to run; ``is_get`` says that one object was asked for by its id."""

    kind: str
    class_name: str
    request: EventRequest
    query: Query
    is_get: bool = False


@dataclass(slots=True, kw_only=True)
class FoundEvent:
    """A query has found these objects."""

    kind: str
    class_name: str
    request: EventRequest
    query: Query
    objects: list[JSONObject]
    is_get: bool = False


@dataclass(slots=True, kw_only=True)
class UserEvent:
    """A log-in, log-out or password reset: the user, for a log-out the session that ended."""

    kind: str
    class_name: str
    request: EventRequest
    object: JSONObject


# --- files, the global config -------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class FileEvent:
    """A file is about to be stored, found or deleted, or was.

    ``file_size`` is None while an upload is under way. The last two say how a file that was
    found is sent, and may be changed.
    """

    kind: str
    class_name: str
    request: EventRequest
    file: FileDraft
    file_size: int | None
    force_download: bool = False
    response_headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ConfigEvent:
    """The global config changes: all parameters afterwards and before, and what is to change."""

    kind: str
    class_name: str
    request: EventRequest
    object: JSONObject
    original: JSONObject | None
    changes: JSONObject


# --- Live Query ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LiveState:
    """How many Live Query clients and subscriptions this process has, and with what one acts.

    ``session_token`` is the subscription's, else the connection's; ``use_master_key``: the client
    connected with the master key.
    """

    clients: int
    subscriptions: int
    session_token: str | None
    use_master_key: bool


@dataclass(slots=True, kw_only=True)
class ConnectEvent:
    """A Live Query client comes."""

    kind: str
    class_name: str
    request: EventRequest
    client_id: str
    live: LiveState
    outcome: str = field(default="connect", init=False)


@dataclass(slots=True, kw_only=True)
class SubscribeEvent:
    """A Live Query client subscribes; ``subscription_id`` is what the client calls it."""

    kind: str
    class_name: str
    request: EventRequest
    query: Query
    client_id: str
    subscription_id: int | float | str
    live: LiveState
    outcome: str = field(default="subscribe", init=False)


@dataclass(slots=True, kw_only=True)
class LiveEvent:
    """What happened to an object is about to be sent to one client.

    ``outcome`` is create, enter, update, leave or delete. A handler may replace ``object``, and
    set ``is_sent`` to False to keep the event from this client.
    """

    kind: str
    class_name: str
    request: EventRequest
    outcome: str
    object: JSONObject
    original: JSONObject | None
    client_id: str
    subscription_id: int | float | str
    live: LiveState
    is_sent: bool = True


# --- functions, jobs, receivers -----------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class FunctionEvent:
    """A cloud function was called with these parameters."""

    kind: str = field(default="function", init=False)
    class_name: str
    request: EventRequest
    params: JSONObject


@dataclass(slots=True, kw_only=True)
class JobEvent:
    """A job runs; ``report`` writes how far it is into its `_JobStatus`, whose id is given."""

    kind: str = field(default="job", init=False)
    class_name: str
    request: EventRequest
    params: JSONObject
    job_id: str
    report: Callable[[str], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class NextRunEvent:
    """A job is asked when it runs next."""

    kind: str = field(default="nextRun", init=False)
    class_name: str
    request: EventRequest


@dataclass(slots=True, kw_only=True)
class ReceiverEvent:
    """Another service has sent this body, to the byte."""

    kind: str = field(default="receiver", init=False)
    class_name: str
    request: EventRequest
    body: bytes


# --- answers ------------------------------------------------------------------------------------


@dataclass(slots=True)
class ReplacementResults:
    """A beforeFind's answer in place of the database's: objects in REST form."""

    objects: list[JSONObject]


@dataclass(frozen=True, slots=True)
class CustomResponse:
    """An answer that cloud code gives in place of the operation's own.

    From a beforeSave: nothing is stored. From a function: with a status and headers.
    """

    content: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Undefined:
    """What a function answers that returned nothing: not even null."""


UNDEFINED = Undefined()
Handler = Callable[[Event], Coroutine[Any, Any, Any]]
"""Runs cloud code for an event; what it answers depends on the kind."""
