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
    path,
    pattern,
    patterns,
    secret,
    text,
    texts,
    url,
    value_of,
)
from parsepy.config.paths import path_pattern
from parsepy.config.table import (
    ALWAYS,
    NODE,
    OptionGroup,
    group,
    maybe,
    option,
    read_group,
    required,
)
from parsepy.logs import files_kept


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AdapterOptions(OptionGroup):
    """The module that provides `adapter`, and the options that it is called with."""

    module: str = required("module", filled, "", "path/to/file.py or a dotted name")
    options: Mapping[str, Any] = option("options", json_object, {}, "what the adapter is made with")


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


def _auth_provider(value: object, at: At) -> AuthProviderOptions:
    if isinstance(value, bool):
        return AuthProviderOptions(value, None, frozen({}))
    rest = json_of_object(value)
    enabled = boolean(rest.get("enabled", True), at.sub("enabled"))
    rest = {name: item for name, item in rest.items() if name != "enabled"}
    if "module" not in rest:
        return AuthProviderOptions(enabled, None, frozen(rest))
    # Parse: beside `module`, a provider's options may stand without a wrapper.
    module = rest.pop("module")
    options = rest.pop("options", rest)
    made = _adapter({"module": module, "options": options}, at)
    return AuthProviderOptions(enabled, made, frozen({**rest, **made.options}))


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
    queue = json_of_object(rest.pop("queueOptions", {}))
    place = at.sub("queueOptions")
    return PushOptions(
        adapter=None if own is None else adapter(own, at.sub("adapter")),
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
    strict: bool = option("strict", boolean, False, "warn of classes and columns not defined")
    delete_extra_fields: bool = option(
        "deleteExtraFields", boolean, False, "drop columns that are not defined, and their values"
    )
    recreate_modified_fields: bool = option(
        "recreateModifiedFields", boolean, False, "drop and remake columns of another type"
    )
    before_migration: str | None = maybe(
        "beforeMigration", function, "called before the database is changed"
    )
    after_migration: str | None = maybe("afterMigration", function, "called after that")
    lock_schemas: bool = option("lockSchemas", boolean, False, "no changes by the schema API")
    keep_unknown_indexes: bool = option(
        "keepUnknownIndexes", boolean, False, "leave other indexes alone", idle=ALWAYS
    )


def _schema(value: object, at: At) -> SchemaOptions:
    if isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{")):
        return read_group(SchemaOptions, json_of_object(value), at, {})
    return SchemaOptions(files=many(path, "template files")(value, at))


schema_files = Check("a list of template files, or an object", _schema, record=SchemaOptions)

# The MongoDB driver's own options that PyMongo knows under the same name.
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

    max_time_ms: int | None = maybe("maxTimeMS", integer(1), "longest a query may run")
    batch_size: int = option("batchSize", integer(1), 1000, "documents a cursor fetches at once")
    use_private_driver_api: bool = option(
        "usePrivateDriverApi",
        boolean,
        True,
        "read by what is below PyMongo's public API, which costs less CPU",
    )
    schema_cache_ttl: int | None = maybe(
        "schemaCacheTtl", integer(0), "milliseconds that class schemas are cached"
    )
    enable_schema_hooks: bool = option(
        "enableSchemaHooks",
        boolean,
        False,
        "notice at once what other servers change of schemas",
    )
    allow_public_explain: bool = option(
        "allowPublicExplain", boolean, False, "`explain` without the master key"
    )
    disable_index_field_validation: bool = option(
        "disableIndexFieldValidation", boolean, False, "indexes on fields that do not exist"
    )
    create_index_user_username: bool = option(
        "createIndexUserUsername", boolean, True, "index of usernames"
    )
    create_index_user_username_case_insensitive: bool = option(
        "createIndexUserUsernameCaseInsensitive", boolean, True, "the same, any case"
    )
    create_index_user_email: bool = option(
        "createIndexUserEmail", boolean, True, "index of e-mail addresses"
    )
    create_index_user_email_case_insensitive: bool = option(
        "createIndexUserEmailCaseInsensitive", boolean, True, "the same, any case"
    )
    create_index_user_email_verify_token: bool = option(
        "createIndexUserEmailVerifyToken", boolean, True, "index of verification tokens"
    )
    create_index_user_password_reset_token: bool = option(
        "createIndexUserPasswordResetToken", boolean, True, "index of reset tokens"
    )
    create_index_auth_data_uniqueness: bool = option(
        "createIndexAuthDataUniqueness", boolean, True, "one user per provider id"
    )
    create_index_role_name: bool = option(
        "createIndexRoleName", boolean, True, "index of role names"
    )
    log_client_events: tuple[Any, ...] = option(
        "logClientEvents", json_list, [], "driver events to log", acts=False
    )
    client_metadata: ClientMetadataOptions | None = maybe(
        "clientMetadata", group(ClientMetadataOptions), "name and version told to MongoDB"
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
    """The limits of a request's complexity; -1 is no limit. The master key is exempt."""

    include_depth: int = option("includeDepth", limit, -1, "levels of `include`")
    include_count: int = option("includeCount", limit, -1, "paths in `include`")
    query_depth: int = option("queryDepth", limit, -1, "nested $or, $and, $nor")
    subquery_depth: int = option("subqueryDepth", limit, -1, "nested $inQuery and the like")
    subquery_limit: int = option("subqueryLimit", limit, -1, "objects one subquery may find")
    graphql_depth: int = option("graphQLDepth", limit, -1, "nested GraphQL fields", acts=False)
    graphql_fields: int = option("graphQLFields", limit, -1, "GraphQL fields", acts=False)
    batch_request_limit: int = option("batchRequestLimit", limit, -1, "requests in one batch")
    allow_regex: bool = option("allowRegex", boolean, True, "$regex without the master key")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccountLockoutOptions(OptionGroup):
    """The number of failed log-ins that lock an account, and for how long."""

    duration: float = required("duration", number(0, 100_000), 5, "minutes it stays locked")
    threshold: int = required("threshold", integer(1, 999), 3, "failed tries that lock it")
    unlock_on_password_reset: bool = option(
        "unlockOnPasswordReset", boolean, False, "a new password unlocks"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PasswordPolicyOptions(OptionGroup):
    """The demands on passwords, and the validity of passwords and reset links."""

    validator_pattern: re.Pattern[str] | None = maybe(
        "validatorPattern", pattern, "what a password must match"
    )
    validator_callback: str | None = maybe(
        "validatorCallback", function, "your own check, a function in Python"
    )
    validation_error: str | None = maybe("validationError", filled, "message of a refusal")
    do_not_allow_username: bool = option(
        "doNotAllowUsername", boolean, False, "the username may not be part of it"
    )
    max_password_age: float | None = maybe(
        "maxPasswordAge", at_least_zero, "days it is valid; 0: no end"
    )
    max_password_history: int | None = maybe(
        "maxPasswordHistory", integer(0, 20), "old passwords that may not come again"
    )
    reset_token_validity_duration: float | None = maybe(
        "resetTokenValidityDuration", number(0), "seconds a reset link is valid"
    )
    reset_token_reuse_if_valid: bool = option(
        "resetTokenReuseIfValid", boolean, False, "send a link that is still valid again"
    )
    reset_password_success_on_invalid_email: bool = option(
        "resetPasswordSuccessOnInvalidEmail", boolean, True, "do not tell which e-mails exist"
    )

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Find a reuse of reset links that never expire."""
        if self.reset_token_reuse_if_valid and self.reset_token_validity_duration is None:
            yield "resetTokenReuseIfValid", "needs resetTokenValidityDuration"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FileUploadOptions(OptionGroup):
    """Who may upload which files."""

    enable_for_public: bool = option("enableForPublic", boolean, False, "anybody")
    enable_for_anonymous_user: bool = option(
        "enableForAnonymousUser", boolean, False, "anonymous users"
    )
    enable_for_authenticated_user: bool = option(
        "enableForAuthenticatedUser", boolean, True, "users who have signed up"
    )
    # What a browser would run as a page of our own origin is refused by default.
    file_extensions: tuple[str, ...] = option(
        "fileExtensions",
        many(value_of('a regular expression, or "*"', extension), "regular expressions"),
        [
            r"(?i)^(?!([xs]?html?(\+xml)?|xht|svgz?|svg\+xml|xml|xslt?(\+xml)?|xsd|rng"
            r"|rdf(\+xml)?|owl|mathml(\+xml)?)$)"
        ],
        "file name extensions that are accepted",
    )
    allowed_file_url_domains: tuple[str, ...] = option(
        "allowedFileUrlDomains", texts, ["*"], "hosts of file URLs in objects"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FileDownloadOptions(OptionGroup):
    """Who may download files."""

    enable_for_public: bool = option("enableForPublic", boolean, True, "anybody")
    enable_for_anonymous_user: bool = option(
        "enableForAnonymousUser", boolean, True, "anonymous users"
    )
    enable_for_authenticated_user: bool = option(
        "enableForAuthenticatedUser", boolean, True, "users who have signed up"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IdempotencyOptions(OptionGroup):
    """The paths on which a repeated X-Parse-Request-Id is refused, and for how long."""

    paths: tuple[str, ...] = option("paths", patterns, [], "paths, as regular expressions")
    ttl: float = option("ttl", number(0), 300, "seconds an id is remembered")


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

    class_names: tuple[str, ...] = option("classNames", patterns, [], "classes")
    redis_url: str | None = maybe("redisURL", secret, "Redis, for several servers")
    redis_options: Mapping[str, Any] | None = maybe(
        "redisOptions", json_object, "what redis-py connects with"
    )
    carrier: str | None = maybe(
        "carrier",
        choice("direct", "changeStreams"),
        "how changes of other processes come; by default direct where there are none",
    )
    pub_sub_adapter: AdapterOptions | None = maybe(
        "pubSubAdapter", adapter, "another message bus", acts=False
    )
    wss_adapter: AdapterOptions | None = maybe(
        "wssAdapter", adapter, "another WebSocket server", idle=NODE
    )
    regex_timeout: float = option(
        "regexTimeout", integer(0), 100, "milliseconds for a $regex", acts=False
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LiveQueryServerOptions(OptionGroup):
    """Keys and heartbeat of the Live Query server."""

    app_id: str | None = maybe("appId", filled, "application id", acts=False)
    master_key: str | None = maybe("masterKey", secret, "master key", acts=False)
    server_url: str | None = maybe("serverURL", url, "the Parse server it belongs to", acts=False)
    key_pairs: Mapping[str, Any] | None = maybe("keyPairs", json_object, "client keys")
    port: int | None = maybe("port", integer(1, 65535), "port", acts=False)
    websocket_timeout: int | None = maybe("websocketTimeout", integer(1), "heartbeat, ms")
    cache_timeout: int | None = maybe("cacheTimeout", integer(0), "session cache, ms", acts=False)
    log_level: str | None = maybe("logLevel", level, "log level", acts=False)
    redis_url: str | None = maybe("redisURL", secret, "Redis", acts=False)
    redis_options: Mapping[str, Any] | None = maybe(
        "redisOptions", json_object, "its options", acts=False
    )
    pub_sub_adapter: AdapterOptions | None = maybe(
        "pubSubAdapter", adapter, "another message bus", acts=False
    )
    wss_adapter: AdapterOptions | None = maybe(
        "wssAdapter", adapter, "another WebSocket server", idle=NODE
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PagesOptions(OptionGroup):
    """The web pages that links in e-mails lead to."""

    enable_localization: bool = option("enableLocalization", boolean, False, "by language")
    localization_json_path: Path | None = maybe("localizationJsonPath", path, "translations")
    localization_fallback_locale: str = option(
        "localizationFallbackLocale", filled, "en", "language if there is no other"
    )
    placeholders: Mapping[str, Any] = option("placeholders", json_object, {}, "texts for pages")
    force_redirect: bool = option("forceRedirect", boolean, False, "always redirect")
    pages_path: Path | None = maybe("pagesPath", path, "folder of your own pages")
    pages_endpoint: str = option("pagesEndpoint", filled, "apps", "path below the mount")
    custom_urls: Mapping[str, str] = option(
        "customUrls", named(text, "URLs"), {}, "your own page for each"
    )
    custom_routes: tuple[Any, ...] = option(
        "customRoutes", json_list, [], "your own routes", acts=False
    )
    encode_page_param_headers: bool = option(
        "encodePageParamHeaders", boolean, False, "encode parameters in headers"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecurityOptions(OptionGroup):
    """The security report: whether it is offered, logged, and which checks it adds."""

    enable_check: bool = option("enableCheck", boolean, False, "offer /security")
    enable_check_log: bool = option("enableCheckLog", boolean, False, "log it at the start")
    check_groups: tuple[str, ...] = option(
        "checkGroups", many(function, "functions"), [], "your own checks, beside ours"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MetricsOptions(OptionGroup):
    """Figures for Prometheus: on the route `/metrics` with the master key, or on another port."""

    enabled: bool = option("enabled", boolean, False, "keep figures, and answer GET /metrics")
    port: int | None = maybe("port", integer(0, 65535), "answer there as well, without a key")
    host: str = option("host", filled, "127.0.0.1", "address of that port")


log_files = value_of('a number of files, or of days such as "14d"', files_kept)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class QueryOptions(OptionGroup):
    """The reading of aggregation pipelines."""

    aggregation_raw_values: bool = option(
        "aggregationRawValues", boolean, False, "leave values as they are"
    )
    aggregation_raw_field_names: bool = option(
        "aggregationRawFieldNames", boolean, False, "leave field names as they are"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InstallationOptions(OptionGroup):
    """The treatment of installations with the same device token."""

    duplicate_device_token_action: str = option(
        "duplicateDeviceTokenAction", choice("delete", "update"), "delete", "to the other one"
    )
    duplicate_device_token_merge_priority: str = option(
        "duplicateDeviceTokenMergePriority",
        choice("deviceToken", "installationId"),
        "deviceToken",
        "which one survives",
    )
    duplicate_device_token_action_enforce_auth: bool = option(
        "duplicateDeviceTokenActionEnforceAuth", boolean, False, "only if its ACL allows"
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogLevelOptions(OptionGroup):
    """The log levels of what cloud code does.

    Successes are logged as verbose, where Parse Server logs them as info, because a line holds
    the values of an object.
    """

    cloud_function_error: str = option("cloudFunctionError", level, "error", "function failed")
    cloud_function_success: str = option("cloudFunctionSuccess", level, "verbose", "function ran")
    trigger_after: str = option("triggerAfter", level, "verbose", "after-trigger ran")
    trigger_before_error: str = option("triggerBeforeError", level, "error", "trigger refused")
    trigger_before_success: str = option("triggerBeforeSuccess", level, "verbose", "trigger ran")
    signup_username_taken: str = option("signupUsernameTaken", level, "info", "name was taken")


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
