"""``build(config)``: make the parts of one application and wire them together."""

import logging
import re
import sys
from typing import TYPE_CHECKING

from parsepy.adapters import open_providers
from parsepy.app import parts
from parsepy.app.application import Application
from parsepy.backend import Backend
from parsepy.cache import Cache
from parsepy.config import Config, ConfigError, RequestComplexityOptions
from parsepy.livequery import LiveQuery
from parsepy.logs import LogStore
from parsepy.metrics import Metrics
from parsepy.model import match
from parsepy.model.bounds import RequestBounds
from parsepy.model.query import QueryLimits
from parsepy.model.searches import RememberedSearch
from parsepy.operations.cloud_log import CloudLog
from parsepy.outgoing import Outgoing
from parsepy.pubsub import Unanswered
from parsepy.storage import Storage
from parsepy.telemetry import Telemetry
from parsepy.triggers import Triggers

if TYPE_CHECKING:
    from parsepy.sites import WebBuild

log = logging.getLogger("parsepy")
_LONGEST_TIME = 2**31  # MongoDB takes no more milliseconds


def build(
    config: Config,
    *,
    storage: Storage | None = None,
    outgoing: Outgoing | None = None,
    runs_schedules: bool = True,
    web_build: "WebBuild | None" = None,
) -> Application:
    """Wire the parts of one application from its options.

    ``storage`` replaces the one that ``databaseURI`` names, ``outgoing`` the network that the
    server itself asks; without ``runs_schedules`` no job starts by itself; ``web_build`` is run
    after the start. Raises ``ConfigError``
    with all adapters and functions that can't be loaded, and for ``memory:`` without its extra.
    """
    try:
        return _wired(config, storage, outgoing or Outgoing(), runs_schedules, web_build)
    except ConfigError as error:
        others = parts.problems_of(config)
        raise ConfigError(dict.fromkeys([*error.problems, *others])) from error


def _wired(
    config: Config,
    storage: Storage | None,
    outgoing: Outgoing,
    runs_schedules: bool,
    web_build: "WebBuild | None",
) -> Application:
    complexity = config.request_complexity
    bounds = _bounds(complexity)
    seconds = config.cache_ttl / 1000
    own_files = parts.file_adapter(config)
    metrics = parts.metrics_of(config)
    telemetry = parts.telemetry_of(config)
    if storage is None:
        storage = parts.open_database(config, own_files, metrics, telemetry)
    if telemetry is not None:
        outgoing.tracing = telemetry
    backend = Backend(
        config=config,
        storage=storage,
        files=own_files or parts.files_in(storage, config),
        log=log,
        principals=Cache(seconds, config.cache_max_size),
        roles=Cache(seconds, config.cache_max_size),
        limits=QueryLimits(
            default_limit=config.default_limit,
            max_limit=config.max_limit,
            query_depth=complexity.query_depth,
            include_depth=complexity.include_depth,
            include_count=complexity.include_count,
            public_explain=config.database_options.allow_public_explain,
            subquery_depth=complexity.subquery_depth,
            allow_regex=complexity.allow_regex,
            bounds=bounds,
        ),
        bounds=bounds,
        query_time=bounds.query_time if bounds.query_time < _LONGEST_TIME else None,
        auth=open_providers(config, outgoing),
        outgoing=outgoing,
        mailer=parts.mailer_of(config),
        mail_templates=parts.mail_templates(config),
        denied=config.request_keyword_denylist,
        denied_keys=_denied_keys(config),
        triggers=Triggers(config.cloud_timeout / 1000 or None, CloudLog(config.log_levels)),
        settings=Cache(seconds, config.cache_max_size),
        logs=LogStore(config.logs_folder, config.max_log_files),
        metrics=metrics,
        telemetry=telemetry,
        analytics=parts.analytics_adapter(config),
        push=parts.push_sender(config),
        accepts_password=parts.password_check(config),
        account_rules=parts.account_rules(config),
        page_functions=parts.page_functions(config),
    )
    if telemetry is not None:
        backend.triggers.trace = telemetry.step
    live = _live(backend)
    _show_caches(backend)
    _show_mails(backend)
    if live is not None:
        backend.unanswered = Unanswered(live.listens)
        backend.troubles["liveQuery"] = lambda: live.trouble
        _show_live(backend, live)
    return Application(backend, live, runs_schedules=runs_schedules, web_build=web_build)


def _bounds(complexity: RequestComplexityOptions) -> RequestBounds:
    """Read the bounds from the options of the same names; -1 is none."""
    return RequestBounds(
        requests_under_way=_most(complexity.requests_under_way),
        requests_waiting=_most(complexity.requests_waiting),
        query_time=_most(complexity.query_time),
        body_values=_most(complexity.body_values),
        where_clauses=_most(complexity.where_clauses),
        subqueries=_most(complexity.subqueries),
        include_reads=_most(complexity.include_reads),
        included_bytes=_most(complexity.included_bytes),
        answer_bytes=_most(complexity.answer_bytes),
        graphql_members=_most(complexity.graphql_members),
        acl_entries=_most(complexity.acl_entries),
        relation_objects=_most(complexity.relation_objects),
        array_work=_most(complexity.array_work),
        dotted_keys=_most(complexity.dotted_keys),
        polygon_corners=_most(complexity.polygon_corners),
        new_columns=_most(complexity.new_columns),
        columns_per_class=_most(complexity.columns_per_class),
        column_name_length=_most(complexity.column_name_length),
        class_row_bytes=_most(complexity.class_row_bytes),
    )


def _most(number: int) -> int:
    return sys.maxsize if number < 0 else number


def _live(backend: Backend) -> LiveQuery | None:
    """Make the Live Query server, if the options name classes for it."""
    options = backend.config.live_query
    if options is None or not options.class_names:
        return None
    if backend.config.process_role in ("api", "jobs") and options.redis_url is None:
        return None  # others hear of its writes from MongoDB; Redis hears of them from it
    return LiveQuery(backend, match.compile)


def _figures(backend: Backend) -> list[Metrics | Telemetry]:
    """Who counts: for Prometheus, for OpenTelemetry, for both, or nobody."""
    return [one for one in (backend.metrics, backend.telemetry) if one is not None]


def _show_caches(backend: Backend) -> None:
    for figures in _figures(backend):
        gauge = figures.gauge
        gauge("parsepy_cached_sessions", "Sessions cached", lambda: len(backend.principals))
        gauge("parsepy_cached_roles", "Users whose roles are cached", lambda: len(backend.roles))
        gauge("parsepy_classes", "Classes known", lambda: len(backend.schemas.classes))


def _show_mails(backend: Backend) -> None:
    if backend.mailer is None:
        return
    mails = backend.mail_figures
    backend.troubles["mail"] = lambda: mails.trouble
    for figures in _figures(backend):
        gauge, counter = figures.gauge, figures.counter
        gauge("parsepy_mails_waiting", "Mails yet to be sent", lambda: mails.waiting)
        counter("parsepy_mails_sent", "Mails handed to the mailer", lambda: mails.sent)
        counter("parsepy_mails_failed", "Attempts that failed", lambda: mails.failed)
        counter("parsepy_mails_given_up", "Mails given up", lambda: mails.given_up)


def _show_live(backend: Backend, live: LiveQuery) -> None:
    for figures in _figures(backend):
        gauge, counter = figures.gauge, figures.counter
        gauge("parsepy_live_connections", "Live Query clients", lambda: live.connections)
        gauge("parsepy_live_subscriptions", "Queries they follow", lambda: live.subscriptions)
        counter("parsepy_live_events", "Events sent to subscriptions", lambda: live.delivered)
        counter(
            "parsepy_live_slow_clients",
            "Clients closed because they could not keep up",
            lambda: live.slow_clients,
        )
        gauge("parsepy_live_behind_seconds", "Age of what is undelivered", lambda: live.behind)
        counter(
            "parsepy_live_restarts",
            "Times that the delivery of events broke off",
            lambda: live.restarts,
        )
        counter("parsepy_live_missed", "Times that events were lost", lambda: live.missed)


def _denied_keys(config: Config) -> RememberedSearch | None:
    """Join the keys that the denylist names into one pattern; ``None`` if they can't be."""
    keys = [entry.key for entry in config.request_keyword_denylist if entry.key is not None]
    if not keys or len(keys) < len(config.request_keyword_denylist):
        return None  # an entry without a key means every key
    for pattern in map(re.compile, keys):
        if pattern.groups or pattern.flags != re.UNICODE:
            return None  # behind others, \\1 and (?i) would mean something else
    return RememberedSearch(re.compile("|".join(f"(?:{key})" for key in keys)))
