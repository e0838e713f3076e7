"""``Backend``: the record of wired parts. ``RequestContext``: who asks what of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from parsepy.auth.base import AuthProvider
from parsepy.cache import Cache
from parsepy.config import Config, DeniedKeywordOptions
from parsepy.files.base import FileStore
from parsepy.logs import LogStore
from parsepy.mail.base import Mailer, MailFigures
from parsepy.mail.templates import MailTemplates
from parsepy.metrics import Metrics
from parsepy.model.bounds import UNBOUNDED, RequestBounds
from parsepy.model.principal import MASTER, Principal
from parsepy.model.query import QueryLimits
from parsepy.model.schema import ClassSchema
from parsepy.model.searches import RememberedSearch
from parsepy.model.templates import ClassNotes
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing
from parsepy.pubsub import Events, Unanswered
from parsepy.push.base import PushSender
from parsepy.storage import Storage
from parsepy.telemetry import Telemetry
from parsepy.triggers import Event, Triggers


@dataclass(slots=True)
class SchemaCache:
    """The class schemas as last read, and when that began or failed (monotonic; 0: never)."""

    classes: dict[str, ClassSchema] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    real_indexes: dict[str, tuple[JSONObject, JSONObject]] = field(default_factory=dict)
    """By class: the indexes that its row had at the start, and those that there were."""
    loaded_at: float = 0.0
    failed_at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class WebhookCache:
    """The rows of `_Hooks` that are in force; None before they were read at all."""

    rows: list[JSONObject] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True, repr=False)
class Backend:
    """The parts of one application, wired by ``app.build``; data, no behaviour."""

    config: Config
    storage: Storage
    log: logging.Logger
    principals: Cache[Principal]
    roles: Cache[frozenset[str]]
    limits: QueryLimits
    auth: Mapping[str, AuthProvider]
    files: FileStore
    bounds: RequestBounds = field(default_factory=RequestBounds)
    query_time: int | None = None
    """For how many milliseconds MongoDB may work on a client's query; ``None``: any time."""
    denied: tuple[DeniedKeywordOptions, ...] = ()
    denied_keys: RememberedSearch | None = None
    schemas: SchemaCache = field(default_factory=SchemaCache)
    triggers: Triggers = field(default_factory=Triggers)
    events: Events = field(default_factory=Events)
    unanswered: Unanswered | None = None
    """Where Live Query listens: the requests whose answers events must not overtake."""
    troubles: dict[str, Callable[[], str | None]] = field(default_factory=dict)
    """Parts of which `/health` tells, by their names there; each says what is wrong with it."""
    mailer: Mailer | None = None
    mail_templates: MailTemplates = field(default_factory=MailTemplates)
    mail_figures: MailFigures = field(default_factory=MailFigures)
    mail_queued: asyncio.Event = field(default_factory=asyncio.Event)
    outgoing: Outgoing = field(default_factory=Outgoing)
    webhooks: WebhookCache = field(default_factory=WebhookCache)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    settings: Cache[bytes] = field(default_factory=lambda: Cache(0, 0))
    logs: LogStore = field(default_factory=LogStore)
    metrics: Metrics | None = None
    telemetry: Telemetry | None = None
    analytics: Any = None
    push: PushSender | None = None
    accepts_password: Callable[[str], Awaitable[Any]] | None = None
    account_rules: Mapping[str, Callable[..., Awaitable[Any]]] = field(default_factory=dict)
    page_functions: Mapping[str, Callable[..., Awaitable[Any]]] = field(default_factory=dict)
    """The operator's functions that pages name, by these names."""
    security_checks: tuple[Any, ...] = ()
    push_queued: asyncio.Event = field(default_factory=asyncio.Event)
    job_times_changed: asyncio.Event = field(default_factory=asyncio.Event)
    sign_up_required: tuple[str, ...] = ()
    notes: Mapping[str, ClassNotes] = field(default_factory=dict)
    """What templates say of classes for people."""
    state: str = "initialized"
    doing: str = ""
    """What a start is doing, in words for who asks `/health`."""


@dataclass(slots=True, repr=False)
class RequestContext:
    """One request: the backend, the principal, and what the client told of itself."""

    backend: Backend
    principal: Principal
    installation_id: str | None = None
    ip: str | None = None
    request_id: str = ""
    trigger_context: dict[str, Any] = field(default_factory=dict)
    mount_url: str = ""
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    is_answered: bool = False
    """Is a write in this context what the answer of a request tells of?"""
    is_large: bool = False
    """Is there so much work in it that others need a turn between its steps?"""
    is_bounded: bool = False
    """Do the bounds of clients hold, whoever asks?"""

    @property
    def config(self) -> Config:
        """The server's options."""
        return self.backend.config

    def apart(self) -> "RequestContext":
        """The same request for one of its parts, which has a trigger context of its own."""
        return RequestContext(
            self.backend,
            self.principal,
            self.installation_id,
            self.ip,
            self.request_id,
            dict(self.trigger_context),
            self.mount_url,
            self.headers,
            self.is_answered,
            self.is_large,
            self.is_bounded,
        )

    @property
    def bounds(self) -> RequestBounds:
        """How much this caller may ask for; the holder of the master key as much as they like."""
        is_free = self.principal.is_privileged and not self.is_bounded
        return UNBOUNDED if is_free else self.backend.bounds

    def as_master(self) -> "RequestContext":
        """The same request with the rights of the master key."""
        return replace(self, principal=MASTER, is_bounded=False)


def context_of(event: Event) -> RequestContext:
    """The request of an event, whole; raises ``TypeError`` for one that is no request of ours."""
    if isinstance(event.request, RequestContext):
        return event.request
    raise TypeError(f"{event.kind} of {event.class_name} has no RequestContext")


def master_context(backend: Backend) -> RequestContext:
    """A context of the house's own, outside any request."""
    return RequestContext(backend, MASTER)
