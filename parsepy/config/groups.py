"""The options that are objects themselves: database, passwords, files, Live Query and so on."""

# `option(...)` stands in place of a default, as `dataclasses.field` would.
# ruff: noqa: RUF009

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from parsepy.config.checks import (
    At,
    Check,
    ConfigError,
    at_least_zero,
    boolean,
    checked_pattern,
    choice,
    extension,
    filled,
    frozen,
    function,
    integer,
    json_list,
    json_object,
    json_of_object,
    json_value,
    level,
    limit,
    many,
    named,
    number,
    object_or_function,
    page_path,
    path,
    pattern,
    patterns,
    route,
    secret,
    site_file,
    size,
    text,
    texts,
    url,
    value_of,
)
from parsepy.config.paths import path_pattern
from parsepy.config.table import (
    ALWAYS,
    NO_PROCESS,
    NODE,
    OptionGroup,
    group,
    maybe,
    option,
    read_group,
    required,
)
from parsepy.logs import files_kept
from parsepy.model.bounds import RequestBounds


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AdapterOptions(OptionGroup):
    """The module that provides `adapter`, and the options that it is called with."""

    module: str = required("module", filled, "", "path/to/file.py or a dotted name")
    options: Mapping[str, Any] = option(
        "options", json_object, {}, "options that the adapter is called with"
    )


def _adapter(value: object, at: At) -> AdapterOptions:
    # Parse: an adapter may be named by its module alone.
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        value = {"module": value}
    return read_group(AdapterOptions, json_of_object(value), at, {})


adapter = Check('{"module": ..., "options": {...}}', _adapter, record=AdapterOptions)


@dataclass(frozen=True, slots=True, repr=False)
class AuthProviderOptions:
    """One sign-in provider: the operator's module for it, if any, and its options."""

    enabled: bool
    adapter: AdapterOptions | None
    options: Mapping[str, Any]
    link_by_email: bool = False
    """Does a new identity belong to the user with the same address, if both are verified?"""


def _auth_provider(value: object, at: At) -> AuthProviderOptions:
    if isinstance(value, bool):
        return AuthProviderOptions(value, None, frozen({}))
    rest = {} if value in (None, "") else json_of_object(value)  # merely named
    enabled = boolean(rest.get("enabled", True), at.sub("enabled"))
    links = boolean(rest.get("linkByEmail", False), at.sub("linkByEmail"))
    ours = ("enabled", "linkByEmail")
    rest = {name: item for name, item in rest.items() if name not in ours}
    if "module" not in rest:
        return AuthProviderOptions(enabled, None, frozen(rest), links)
    # Parse: beside `module`, a provider's options may stand without a wrapper.
    module = rest.pop("module")
    options = rest.pop("options", rest)
    made = _adapter({"module": module, "options": options}, at)
    return AuthProviderOptions(enabled, made, frozen({**rest, **made.options}), links)


auth_provider = Check("an object with the provider's options", _auth_provider)


@dataclass(frozen=True, slots=True, repr=False)
class PushOptions:
    """Push notifications: the operator's adapter, or the options of the built-in senders."""

    adapter: AdapterOptions | None
    options: Mapping[str, Any]
    folder: Path
    """Where relative paths in the options start."""
    batch_size: int
    disable_worker: bool


def _push(value: object, at: At) -> PushOptions:
    rest = dict(json_of_object(value))
    own = rest.pop("adapter", None)
    # Parse: queueOptions may name a channel and a Redis as well; our queue is in the database
    queue = json_of_object(rest.pop("queueOptions", None) or {})
    place = at.sub("queueOptions")
    return PushOptions(
        adapter=None if own in (None, "", {}) else adapter(own, at.sub("adapter")),
        options=frozen(rest),
        folder=at.folder,
        batch_size=integer(1, 1000)(queue.get("batchSize", 100), place.sub("batchSize")),
        disable_worker=boolean(
            queue.get("disablePushWorker", False), place.sub("disablePushWorker")
        ),
    )


push_options = Check("an object", _push)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SchemaOptions(OptionGroup):
    """The wanted classes: template files, or Parse Server's defined schemas."""

    files: tuple[Path, ...] = option("files", many(path, "files"), [], "template files")
    definitions: tuple[Mapping[str, Any], ...] = option(
        "definitions", many(json_object, "class schemas"), [], "classes, in the schema API's form"
    )
    strict: bool = option(
        "strict", boolean, False, "warn of classes and columns that are not defined"
    )
    delete_extra_fields: bool = option(
        "deleteExtraFields", boolean, False, "drop columns that are not defined, and their values"
    )
    recreate_modified_fields: bool = option(
        "recreateModifiedFields", boolean, False, "drop and remake columns that have another type"
    )
    before_migration: str | None = maybe(
        "beforeMigration", function, "function that is called before the database is changed"
    )
    after_migration: str | None = maybe(
        "afterMigration", function, "function that is called after the database was changed"
    )
    lock_schemas: bool = option("lockSchemas", boolean, False, "refuse changes by the schema API")
    keep_unknown_indexes: bool = option(
        "keepUnknownIndexes",
        boolean,
        False,
        "leave indexes alone that are not defined",
        idle=ALWAYS,
    )


def _schema(value: object, at: At) -> SchemaOptions:
    if value in ("none", ["none"]):  # a plain server, whatever lies beside the configuration
        return SchemaOptions()
    if isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{")):
        return read_group(SchemaOptions, json_of_object(value), at, {})
    return SchemaOptions(files=many(path, "template files")(value, at))


schema_files = Check(
    'a list of template files or folders, an object, or "none"', _schema, record=SchemaOptions
)

# The MongoDB driver's own options that PyMongo knows under the same name.
_BOUNDS = RequestBounds()
_DRIVER: Mapping[Check[Any], str] = {
    boolean: "directConnection loadBalanced retryReads retryWrites ssl tls tlsInsecure "
    "tlsAllowInvalidCertificates tlsAllowInvalidHostnames",
    integer(0): "connectTimeoutMS heartbeatFrequencyMS localThresholdMS maxConnecting "
    "maxIdleTimeMS maxPoolSize maxStalenessSeconds minPoolSize serverSelectionTimeoutMS "
    "socketTimeoutMS srvMaxHosts waitQueueTimeoutMS zlibCompressionLevel",
    filled: "appName authMechanism authSource compressors readConcernLevel readPreference "
    "replicaSet serverMonitoringMode srvServiceName tlsCertificateKeyFilePassword",
    path: "tlsCAFile tlsCertificateKeyFile",
    json_object: "authMechanismProperties",
    json_list: "readPreferenceTags",
}
DRIVER_OPTIONS: Mapping[str, Check[Any]] = MappingProxyType(
    {name: check for check, names in _DRIVER.items() for name in names.split()}
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientMetadataOptions(OptionGroup):
    """The client's name and version in MongoDB's log and `currentOp`."""

    name: str = required("name", filled, "", "name of the client")
    version: str = required("version", filled, "", "its version")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatabaseOptions(OptionGroup):
    """The use of MongoDB; `driver` holds the options that are passed on to PyMongo."""

    passed_on: ClassVar[Iterable[str]] = tuple(DRIVER_OPTIONS)

    max_time_ms: int | None = maybe(
        "maxTimeMS", integer(1), "longest time that a query may run, in milliseconds"
    )
    batch_size: int = option(
        "batchSize", integer(1), 1000, "documents that a cursor fetches at once"
    )
    use_private_driver_api: bool = option(
        "usePrivateDriverApi",
        boolean,
        True,
        "read through private functions of PyMongo, which costs less CPU",
    )
    schema_cache_ttl: int | None = maybe(
        "schemaCacheTtl", integer(0), "milliseconds for which class schemas are cached"
    )
    enable_schema_hooks: bool = option(
        "enableSchemaHooks",
        boolean,
        False,
        "notice at once when other servers change schemas",
    )
    allow_public_explain: bool = option(
        "allowPublicExplain", boolean, False, "allow `explain` without the master key"
    )
    disable_index_field_validation: bool = option(
        "disableIndexFieldValidation", boolean, False, "allow indexes on fields that do not exist"
    )
    create_index_user_username: bool = option(
        "createIndexUserUsername", boolean, True, "make the index of usernames"
    )
    create_index_user_username_case_insensitive: bool = option(
        "createIndexUserUsernameCaseInsensitive",
        boolean,
        True,
        "make the index of usernames in any case",
    )
    create_index_user_email: bool = option(
        "createIndexUserEmail", boolean, True, "make the index of e-mail addresses"
    )
    create_index_user_email_case_insensitive: bool = option(
        "createIndexUserEmailCaseInsensitive",
        boolean,
        True,
        "make the index of e-mail addresses in any case",
    )
    create_index_user_email_verify_token: bool = option(
        "createIndexUserEmailVerifyToken", boolean, True, "make the index of verification tokens"
    )
    create_index_user_password_reset_token: bool = option(
        "createIndexUserPasswordResetToken", boolean, True, "make the index of reset tokens"
    )
    create_index_auth_data_uniqueness: bool = option(
        "createIndexAuthDataUniqueness",
        boolean,
        True,
        "make the indexes that allow one user for each provider's id",
    )
    create_own_indexes: bool | None = maybe(
        "createOwnIndexes",
        boolean,
        "make the indexes of sessions and relations that Parse Server lacks; default: in databases "
        "that are new",
    )
    create_index_role_name: bool = option(
        "createIndexRoleName", boolean, True, "make the index of role names"
    )
    log_client_events: tuple[Any, ...] = option(
        "logClientEvents", json_list, [], "driver events to log", acts=False
    )
    client_metadata: ClientMetadataOptions | None = maybe(
        "clientMetadata",
        group(ClientMetadataOptions),
        "name and version of the client in MongoDB's log",
    )
    auto_select_family: bool | None = maybe("autoSelectFamily", boolean, "of the driver", idle=NODE)
    auto_select_family_attempt_timeout: int | None = maybe(
        "autoSelectFamilyAttemptTimeout", integer(0), "of the driver", idle=NODE
    )
    force_server_object_id: bool | None = maybe(
        "forceServerObjectId", boolean, "of the driver", idle=NODE
    )
    proxy_host: str | None = maybe("proxyHost", filled, "of the driver", idle=NODE)
    proxy_port: int | None = maybe("proxyPort", integer(1), "of the driver", idle=NODE)
    proxy_username: str | None = maybe("proxyUsername", filled, "of the driver", idle=NODE)
    proxy_password: str | None = maybe("proxyPassword", secret, "of the driver", idle=NODE)
    driver: Mapping[str, Any] = dataclasses.field(default_factory=lambda: MappingProxyType({}))


def _database_options(value: object, at: At) -> DatabaseOptions:
    given = json_of_object(value)
    driver = {name: item for name, item in given.items() if name in DRIVER_OPTIONS}
    problems: list[str] = []
    passed: dict[str, Any] = {}
    for name, item in driver.items():
        try:
            passed[name] = DRIVER_OPTIONS[name](item, at.sub(name))
        except ConfigError as error:
            problems.extend(error.problems)
    built = DatabaseOptions()
    try:
        rest = {name: item for name, item in given.items() if name not in driver}
        built = read_group(DatabaseOptions, rest, at, {})
    except ConfigError as error:
        problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
    return dataclasses.replace(built, driver=MappingProxyType(passed))


driver_and_own = Check("an object", _database_options, record=DatabaseOptions)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RequestComplexityOptions(OptionGroup):
    """The limits of a request's complexity; -1 is no limit. The master key is exempt.

    From ``requestsUnderWay`` on they are the fields of ``model.bounds.RequestBounds``.
    """

    include_depth: int = option("includeDepth", limit, -1, "largest depth of `include`")
    include_count: int = option("includeCount", limit, -1, "largest number of paths in `include`")
    query_depth: int = option("queryDepth", limit, -1, "largest depth of $or, $and, $nor")
    subquery_depth: int = option(
        "subqueryDepth", limit, -1, "largest depth of $inQuery and the like"
    )
    subquery_limit: int = option(
        "subqueryLimit", limit, -1, "largest number of objects that a subquery may find"
    )
    graphql_depth: int = option("graphQLDepth", limit, -1, "largest depth of GraphQL fields")
    graphql_fields: int = option("graphQLFields", limit, -1, "largest number of GraphQL fields")
    batch_request_limit: int = option(
        "batchRequestLimit", limit, 500, "largest number of requests in a batch"
    )
    allow_regex: bool = option("allowRegex", boolean, True, "allow $regex without the master key")
    requests_under_way: int = option(
        "requestsUnderWay",
        limit,
        _BOUNDS.requests_under_way,
        "requests of one user, or of one address without a user, that are worked on at once",
    )
    requests_waiting: int = option(
        "requestsWaiting",
        limit,
        _BOUNDS.requests_waiting,
        "requests beyond `requestsUnderWay` that wait for their turn; more are refused with 429",
    )
    query_time: int = option(
        "queryTime",
        limit,
        _BOUNDS.query_time,
        "milliseconds for which MongoDB works on a query of a client",
    )
    body_values: int = option(
        "bodyValues",
        limit,
        _BOUNDS.body_values,
        "largest number of JSON values in a body, of which each object counts for four",
    )
    where_clauses: int = option(
        "whereClauses",
        limit,
        _BOUNDS.where_clauses,
        "largest number of constraints in `where`, those within $or, $and, $nor among them",
    )
    subqueries: int = option(
        "subqueries",
        limit,
        _BOUNDS.subqueries,
        "largest number of $inQuery and the like in a query, at any depth",
    )
    include_reads: int = option(
        "includeReads",
        limit,
        _BOUNDS.include_reads,
        "largest number of reads for `include`: one a path and class that is pointed to",
    )
    included_bytes: int = option(
        "includedBytes",
        limit,
        _BOUNDS.included_bytes,
        "largest size of an answer by objects that are included again and again",
    )
    answer_bytes: int = option(
        "answerBytes",
        limit,
        _BOUNDS.answer_bytes,
        "largest size of a page of objects, and of a batch's answer",
    )
    graphql_members: int = option(
        "graphQLMembers",
        limit,
        _BOUNDS.graphql_members,
        "largest number of members of arrays in an answer of GraphQL",
    )
    acl_entries: int = option(
        "aclEntries", limit, _BOUNDS.acl_entries, "largest number of users and roles in an ACL"
    )
    relation_objects: int = option(
        "relationObjects",
        limit,
        _BOUNDS.relation_objects,
        "largest number of objects that a save adds to relations or takes from them",
    )
    array_work: int = option(
        "arrayWork",
        limit,
        _BOUNDS.array_work,
        "largest product of the elements that AddUnique or Remove names and those that are stored",
    )
    dotted_keys: int = option(
        "dottedKeys", limit, _BOUNDS.dotted_keys, "largest number of dotted keys in a save"
    )
    polygon_corners: int = option(
        "polygonCorners", limit, _BOUNDS.polygon_corners, "largest number of corners of a polygon"
    )
    new_columns: int = option(
        "newColumns", limit, _BOUNDS.new_columns, "largest number of columns that a save adds"
    )
    columns_per_class: int = option(
        "columnsPerClass",
        limit,
        _BOUNDS.columns_per_class,
        "number of columns of a class up to which saves add more",
    )
    column_name_length: int = option(
        "columnNameLength",
        limit,
        _BOUNDS.column_name_length,
        "longest name of a column that a save adds, in characters",
    )
    class_row_bytes: int = option(
        "classRowBytes",
        limit,
        _BOUNDS.class_row_bytes,
        "size of a class's row in _SCHEMA up to which saves add columns",
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccountLockoutOptions(OptionGroup):
    """The number of failed log-ins that lock an account, and for how long."""

    duration: float = required(
        "duration", number(0, 100_000), 5, "minutes for which an account stays locked"
    )
    threshold: int = required(
        "threshold", integer(1, 999), 3, "number of failed log-ins that locks an account"
    )
    unlock_on_password_reset: bool = option(
        "unlockOnPasswordReset", boolean, False, "unlock an account when its password is reset"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PasswordPolicyOptions(OptionGroup):
    """The demands on passwords, and the validity of passwords and reset links."""

    validator_pattern: re.Pattern[str] | None = maybe(
        "validatorPattern", pattern, "regular expression that a password must match"
    )
    validator_callback: str | None = maybe(
        "validatorCallback", function, "function that accepts or refuses a password"
    )
    validation_error: str | None = maybe(
        "validationError", filled, "message when a password is refused"
    )
    do_not_allow_username: bool = option(
        "doNotAllowUsername", boolean, False, "refuse passwords that contain the username"
    )
    max_password_age: float | None = maybe(
        "maxPasswordAge", at_least_zero, "days for which a password is valid; 0: for ever"
    )
    max_password_history: int | None = maybe(
        "maxPasswordHistory", integer(0, 20), "number of former passwords that are refused"
    )
    reset_token_validity_duration: float | None = maybe(
        "resetTokenValidityDuration", number(0), "seconds for which a reset link is valid"
    )
    reset_token_reuse_if_valid: bool = option(
        "resetTokenReuseIfValid", boolean, False, "send a reset link again while it is valid"
    )
    reset_password_success_on_invalid_email: bool = option(
        "resetPasswordSuccessOnInvalidEmail",
        boolean,
        True,
        "answer alike whether an e-mail address is known or not",
    )

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Find a reuse of reset links that never expire."""
        if self.reset_token_reuse_if_valid and self.reset_token_validity_duration is None:
            yield "resetTokenReuseIfValid", "needs resetTokenValidityDuration"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FileUploadOptions(OptionGroup):
    """Who may upload which files."""

    enable_for_public: bool = option("enableForPublic", boolean, False, "anybody may upload")
    enable_for_anonymous_user: bool = option(
        "enableForAnonymousUser", boolean, False, "anonymous users may upload"
    )
    enable_for_authenticated_user: bool = option(
        "enableForAuthenticatedUser", boolean, True, "users who have signed up may upload"
    )
    # What a browser would run as a page of our own origin is refused by default.
    file_extensions: tuple[str, ...] = option(
        "fileExtensions",
        many(value_of('a regular expression, or "*"', extension), "regular expressions"),
        [
            r"(?i)^(?!([xs]?html?(\+xml)?|xht|svgz?|svg\+xml|xml|xslt?(\+xml)?|xsd|rng"
            r"|rdf(\+xml)?|owl|mathml(\+xml)?)$)"
        ],
        "file name extensions that are accepted, as regular expressions",
    )
    allowed_file_url_domains: tuple[str, ...] = option(
        "allowedFileUrlDomains", texts, ["*"], "hosts of the file URLs that objects may hold"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FileDownloadOptions(OptionGroup):
    """Who may download files."""

    enable_for_public: bool = option("enableForPublic", boolean, True, "anybody may download")
    enable_for_anonymous_user: bool = option(
        "enableForAnonymousUser", boolean, True, "anonymous users may download"
    )
    enable_for_authenticated_user: bool = option(
        "enableForAuthenticatedUser", boolean, True, "users who have signed up may download"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IdempotencyOptions(OptionGroup):
    """The paths on which a repeated X-Parse-Request-Id is refused, and for how long."""

    paths: tuple[str, ...] = option("paths", patterns, [], "paths, as regular expressions")
    ttl: float = option("ttl", number(0), 300, "seconds for which a request id is remembered")


def _request_path(value: object) -> str:
    if not isinstance(value, str) or not value.startswith(("/", "{/", "*")):
        raise ValueError
    path_pattern(value)
    return value


request_path = value_of("a path such as /functions/*path or /classes/:name", _request_path)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RateLimitOptions(OptionGroup):
    """One limit: the number of requests to a path in a window of time."""

    request_path: str = required("requestPath", request_path, "/", "path, such as /functions/*path")
    request_time_window: float = required(
        "requestTimeWindow", number(0), 1, "milliseconds of the window"
    )
    request_count: int = required("requestCount", integer(0), 0, "requests in the window")
    request_methods: tuple[str, ...] = option(
        "requestMethods", patterns, [], "HTTP methods; none: all"
    )
    error_response_message: str = option(
        "errorResponseMessage", text, "Too many requests.", "message of a refusal"
    )
    include_internal_requests: bool = option(
        "includeInternalRequests", boolean, False, "count requests of cloud code"
    )
    include_master_key: bool = option(
        "includeMasterKey", boolean, False, "count requests with the master key"
    )
    redis_url: str | None = maybe("redisUrl", secret, "where servers share the count")
    zone: str = option("zone", choice("ip", "global", "user", "session"), "ip", "who is counted")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LiveQueryOptions(OptionGroup):
    """The classes that clients may subscribe to, and how changes reach all processes."""

    class_names: tuple[str, ...] = option(
        "classNames", patterns, [], "names of the classes, as regular expressions"
    )
    redis_url: str | None = maybe(
        "redisURL", secret, "Redis, through which several servers share events"
    )
    redis_options: Mapping[str, Any] | None = maybe(
        "redisOptions", json_object, "options of redis-py"
    )
    carrier: str | None = maybe(
        "carrier",
        choice("direct", "changeStreams"),
        "how changes of other processes arrive; default: direct if there are none",
    )
    pub_sub_adapter: AdapterOptions | None = maybe(
        "pubSubAdapter", adapter, "adapter of another message bus", acts=False
    )
    wss_adapter: AdapterOptions | None = maybe(
        "wssAdapter", adapter, "adapter of another WebSocket server", idle=NODE
    )
    regex_timeout: float = option(
        "regexTimeout", integer(0), 100, "milliseconds that a $regex may take", acts=False
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LiveQueryServerOptions(OptionGroup):
    """Keys, heartbeat and bounds of the Live Query server."""

    app_id: str | None = maybe("appId", filled, "application id", idle=NO_PROCESS)
    master_key: str | None = maybe("masterKey", secret, "master key", idle=NO_PROCESS)
    server_url: str | None = maybe(
        "serverURL",
        url,
        "URL of the Parse server",
        idle=NO_PROCESS,
    )
    key_pairs: Mapping[str, Any] | None = maybe(
        "keyPairs", json_object, "keys of which a client must send one"
    )
    port: int | None = maybe("port", integer(1, 65535), "port", idle=NO_PROCESS)
    websocket_timeout: int | None = maybe(
        "websocketTimeout", integer(1), "milliseconds between pings"
    )
    cache_timeout: int | None = maybe(
        "cacheTimeout", integer(0), "milliseconds for which sessions are cached", idle=NO_PROCESS
    )
    log_level: str | None = maybe(
        "logLevel", level, "level from which records are logged", idle=NO_PROCESS
    )
    redis_url: str | None = maybe(
        "redisURL", secret, "Redis, through which several servers share events", idle=NO_PROCESS
    )
    redis_options: Mapping[str, Any] | None = maybe(
        "redisOptions", json_object, "options of redis-py", idle=NO_PROCESS
    )
    pub_sub_adapter: AdapterOptions | None = maybe(
        "pubSubAdapter", adapter, "adapter of another message bus", idle=NO_PROCESS
    )
    wss_adapter: AdapterOptions | None = maybe(
        "wssAdapter", adapter, "adapter of another WebSocket server", idle=NODE
    )
    max_subscriptions: int = option(
        "maxSubscriptions", integer(1), 1000, "largest number of subscriptions of a connection"
    )
    max_query_cost: int = option(
        "maxQueryCost",
        integer(1),
        10_000,
        "largest cost of a query: its values, 1 for each 64 bytes of text, 100 for each $regex",
    )
    max_connection_cost: int = option(
        "maxConnectionCost", integer(1), 50_000, "what the queries of a connection may cost"
    )
    max_total_cost: int = option(
        "maxTotalCost",
        integer(1),
        2_000_000,
        "what the queries of a process may cost; some 100 bytes each",
    )
    resume_window: float = option(
        "resumeWindow",
        at_least_zero,
        600,
        "seconds that a client may have been away to be told what it missed; 0: never",
    )
    max_backlog: int = option(
        "maxBacklog", size, "64mb", "bytes that may wait for all slow clients of a process"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConnectionOptions(OptionGroup):
    """How many connections there may be, and how long a client may keep the server waiting."""

    most: int = option(
        "most", integer(1), 20_000, "connections of a process, websockets among them"
    )
    most_per_address: int = option(
        "mostPerAddress",
        integer(1),
        1000,
        "connections of one public address that is no trusted proxy's",
    )
    headers_timeout: float = option(
        "headersTimeout", number(0), 60, "seconds in which the headers of a request must come"
    )
    request_timeout: float = option(
        "requestTimeout", number(0), 300, "seconds in which a body must come that is kept in memory"
    )
    least_rate: int = option(
        "leastRate", integer(0), 500, "bytes a second that a body must bring, over half a minute"
    )
    keep_alive_timeout: float = option(
        "keepAliveTimeout", number(0), 75, "seconds for which a connection may be idle"
    )
    held_bodies: int = option(
        "heldBodies", size, "256mb", "bytes of bodies in memory that wait for their rest"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PageRouteOptions(OptionGroup):
    """One page of the operator's own: its function says which file is shown, and with what."""

    method: str = required("method", choice("GET", "POST"), "GET", "method of the requests")
    path: str = required("path", page_path, "page", "path, such as shop/:city")
    handler: str = required("handler", function, "pages:page", "function that names the page")


SITE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""What the pages of a site may load and run: files of the same server, nothing inline."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SiteOptions(OptionGroup):
    """A folder of files that browsers get beside the API."""

    folder: Path = required("folder", path, Path(), "the folder of the files")
    path: str = required("path", route, "", "path below which the files lie; / is the root")
    fallback: str | None = maybe(
        "fallback",
        site_file,
        "file for paths that name none, as index.html of a single-page application",
    )
    configuration: str | None = maybe(
        "configuration",
        site_file,
        "file whose place the server takes: it tells pages applicationId and serverURL",
    )
    content_security_policy: str = option(
        "contentSecurityPolicy",
        text,
        SITE_POLICY,
        "what the pages may load and run; an empty text: whatever they like",
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PagesOptions(OptionGroup):
    """The web pages that links in e-mails lead to."""

    enable_localization: bool = option(
        "enableLocalization", boolean, False, "choose pages by the language of the request"
    )
    localization_json_path: Path | None = maybe(
        "localizationJsonPath", path, "file with translations"
    )
    localization_fallback_locale: str = option(
        "localizationFallbackLocale", filled, "en", "language of pages if there is no other"
    )
    placeholders: Mapping[str, Any] | str = option(
        "placeholders",
        object_or_function,
        {},
        "values for placeholders in pages; or a function that returns them",
    )
    force_redirect: bool = option(
        "forceRedirect", boolean, False, "answer with redirects in place of pages"
    )
    pages_path: Path | None = maybe("pagesPath", path, "folder of your own pages")
    pages_endpoint: str = option("pagesEndpoint", filled, "apps", "path of pages below the API's")
    custom_urls: Mapping[str, str] = option(
        "customUrls", named(text, "URLs"), {}, "URLs of your own pages, by page"
    )
    custom_routes: tuple[PageRouteOptions, ...] = option(
        "customRoutes",
        many(group(PageRouteOptions), "routes"),
        [],
        "routes of your own: method, path below the application's id, handler (a function)",
    )
    encode_page_param_headers: bool = option(
        "encodePageParamHeaders", boolean, False, "encode the headers with a page's parameters"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MailOptions(OptionGroup):
    """The mails about accounts: their texts, languages and distance (parsepy's own option)."""

    templates_path: Path | None = maybe("templatesPath", path, "folder of your own texts of mails")
    locale_field: str = option(
        "localeField", filled, "locale", "the column of users with the language that they read"
    )
    fallback_locale: str = option(
        "fallbackLocale", filled, "en", "language of mails if no other is asked for"
    )
    cooldown: float = option(
        "cooldown", at_least_zero, 60, "seconds between two like mails to one address; 0: none"
    )
    notices: tuple[str, ...] = option(
        "notices",
        many(choice("password", "email", "secondFactor"), "password, email or secondFactor"),
        [],
        "changes of an account that its user is told of by mail",
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecurityOptions(OptionGroup):
    """The security report: whether it is offered, logged, and which checks it adds."""

    enable_check: bool = option("enableCheck", boolean, False, "offer the report at /security")
    enable_check_log: bool = option("enableCheckLog", boolean, False, "log the report at the start")
    check_groups: tuple[str, ...] = option(
        "checkGroups", many(function, "functions"), [], "functions with checks of your own"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MetricsOptions(OptionGroup):
    """Figures for Prometheus: on the route `/metrics` with the master key, or on another port."""

    enabled: bool = option("enabled", boolean, False, "count figures, and answer GET /metrics")
    port: int | None = maybe(
        "port", integer(0, 65535), "another port that serves the figures, without a key"
    )
    host: str = option("host", filled, "127.0.0.1", "address of that port")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MCPOptions(OptionGroup):
    """Tools over HTTP for agents that have the master key or an administrator's session."""

    enabled: bool = option("enabled", boolean, False, "offer tools to agents (docs/mcp.md)")
    path: str = option("path", route, "/mcp", "where they are offered; not below mountPath")
    write: bool = option("write", boolean, False, "offer the tools that change something, too")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TelemetryOptions(OptionGroup):
    """Traces and figures by OpenTelemetry; its own variables say where they are sent."""

    enabled: bool = option("enabled", boolean, False, "record traces and figures")
    service_name: str = option("serviceName", filled, "parsepy", "the service's name in them")


log_files = value_of('a number of files, or of days such as "14d"', files_kept)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class QueryOptions(OptionGroup):
    """The reading of aggregation pipelines."""

    aggregation_raw_values: bool = option(
        "aggregationRawValues", boolean, False, "leave values in pipelines as they are"
    )
    aggregation_raw_field_names: bool = option(
        "aggregationRawFieldNames", boolean, False, "leave field names in pipelines as they are"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InstallationOptions(OptionGroup):
    """The treatment of installations with the same device token."""

    duplicate_device_token_action: str = option(
        "duplicateDeviceTokenAction",
        choice("delete", "update"),
        "delete",
        "what is done with the installation that does not survive",
    )
    duplicate_device_token_merge_priority: str = option(
        "duplicateDeviceTokenMergePriority",
        choice("deviceToken", "installationId"),
        "deviceToken",
        "what decides which installation survives",
    )
    duplicate_device_token_action_enforce_auth: bool = option(
        "duplicateDeviceTokenActionEnforceAuth",
        boolean,
        False,
        "do it only if the installation's ACL allows it",
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogLevelOptions(OptionGroup):
    """The log levels of what cloud code does.

    Successes of triggers are logged as verbose, where Parse Server logs them as info, because a
    line holds the values of an object. A refusal is no failure of the server: it is logged as info,
    where Parse Server logs an error. The lines of functions and of refusals have the values only
    where the log shows verbose, too. What cloud code raises beside refusals is always an error.
    """

    cloud_function_error: str = option(
        "cloudFunctionError", level, "info", "level when a function has refused"
    )
    cloud_function_success: str = option(
        "cloudFunctionSuccess", level, "info", "level when a function has run"
    )
    trigger_after: str = option(
        "triggerAfter", level, "verbose", "level when an after-trigger has run"
    )
    trigger_before_error: str = option(
        "triggerBeforeError", level, "info", "level when a before-trigger has refused"
    )
    trigger_before_success: str = option(
        "triggerBeforeSuccess", level, "verbose", "level when a before-trigger has run"
    )
    signup_username_taken: str = option(
        "signupUsernameTaken", level, "info", "level when a username is taken already"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeniedKeywordOptions(OptionGroup):
    """A key, a value, or both together that no request body may hold (regular expressions)."""

    key: str | None = maybe("key", checked_pattern, "what no key may match")
    value: Any = maybe("value", json_value, "what no value may match")

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Find an entry without key and value, and a value that is no regular expression."""
        if self.key is None and self.value is None:
            yield "key", "a denied keyword needs a key or a value"
        if isinstance(self.value, str):
            try:
                re.compile(self.value)
            except re.error as error:
                yield "value", f"not a regular expression: {error}"


hidden_fields = named(named(texts, "lists of fields"), "classes, each with groups")

# Parse: what the configuration says of protectedFields never takes this protection away...
ALWAYS_PROTECTED = {"_User": {"*": ("email",)}}
