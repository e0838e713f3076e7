"""`Config`: every option with its default and its check, under Parse Server's own names."""

# `option(...)` stands in place of a default, as `dataclasses.field` would.
# ruff: noqa: RUF009

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from parsepy.config.checks import (
    At,
    ConfigError,
    Network,
    boolean,
    boolean_or_function,
    choice,
    filled,
    function,
    integer,
    ip_allowed,
    level,
    many,
    mongo_uri,
    named,
    networks,
    number,
    path,
    patterns,
    processes,
    route,
    sdl,
    secret,
    size,
    size_of,
    text,
    texts,
    url,
)
from parsepy.config.groups import (
    ALWAYS_PROTECTED,
    AccountLockoutOptions,
    AdapterOptions,
    AuthProviderOptions,
    ConnectionOptions,
    DatabaseOptions,
    DeniedKeywordOptions,
    FileDownloadOptions,
    FileUploadOptions,
    IdempotencyOptions,
    InstallationOptions,
    LiveQueryOptions,
    LiveQueryServerOptions,
    LogLevelOptions,
    MailOptions,
    MCPOptions,
    MetricsOptions,
    PageRouteOptions,
    PagesOptions,
    PasswordPolicyOptions,
    PushOptions,
    QueryOptions,
    RateLimitOptions,
    RequestComplexityOptions,
    SchemaOptions,
    SecurityOptions,
    SiteOptions,
    TelemetryOptions,
    adapter,
    auth_provider,
    driver_and_own,
    hidden_fields,
    log_files,
    push_options,
    schema_files,
)
from parsepy.config.older import modernised
from parsepy.config.proxies import TrustProxy, outgoing_addresses, trust_proxy
from parsepy.config.table import (
    ALWAYS,
    NODE,
    Option,
    OptionGroup,
    group,
    maybe,
    nearest,
    option,
    options_of,
    read_group,
    required,
)
from parsepy.outgoing.reach import Reach

__all__ = [
    "OPTIONS",
    "AccountLockoutOptions",
    "AdapterOptions",
    "AuthProviderOptions",
    "Config",
    "ConfigError",
    "ConnectionOptions",
    "DatabaseOptions",
    "DeniedKeywordOptions",
    "FileDownloadOptions",
    "FileUploadOptions",
    "IdempotencyOptions",
    "InstallationOptions",
    "LiveQueryOptions",
    "LiveQueryServerOptions",
    "LogLevelOptions",
    "MCPOptions",
    "MailOptions",
    "MetricsOptions",
    "Network",
    "Option",
    "PageRouteOptions",
    "PagesOptions",
    "PasswordPolicyOptions",
    "PushOptions",
    "QueryOptions",
    "RateLimitOptions",
    "RequestComplexityOptions",
    "SchemaOptions",
    "SecurityOptions",
    "SiteOptions",
    "TelemetryOptions",
    "WrittenOptions",
    "collect",
    "ip_allowed",
    "load",
    "size_of",
    "unknown_variables",
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Config(OptionGroup):
    """One application's settings; read-only. Attributes are Parse's option names in snake_case."""

    # Identity and keys
    app_id: str = option(
        "appId", filled, "parsepy", "application id", env="PARSE_SERVER_APPLICATION_ID"
    )
    master_key: str = required("masterKey", secret, "", "key that passes all permissions")
    master_key_ttl: int | None = maybe(
        "masterKeyTtl", integer(0), "seconds for which a fetched master key is kept", acts=False
    )
    maintenance_key: str | None = maybe(
        "maintenanceKey", secret, "key that may read and write internal fields"
    )
    read_only_master_key: str | None = maybe(
        "readOnlyMasterKey", secret, "master key that cannot write"
    )
    master_key_ips: tuple[Network, ...] = option(
        "masterKeyIps",
        networks,
        ["127.0.0.1", "::1"],
        "addresses from which the master key is accepted",
    )
    maintenance_key_ips: tuple[Network, ...] = option(
        "maintenanceKeyIps",
        networks,
        ["127.0.0.1", "::1"],
        "addresses from which the maintenance key is accepted",
    )
    read_only_master_key_ips: tuple[Network, ...] = option(
        "readOnlyMasterKeyIps",
        networks,
        ["0.0.0.0/0", "::0"],
        "addresses from which the read-only master key is accepted",
    )
    client_key: str | None = maybe("clientKey", secret, "key of native clients")
    javascript_key: str | None = maybe("javascriptKey", secret, "key of the JavaScript SDK")
    rest_api_key: str | None = maybe("restAPIKey", secret, "key of REST clients")
    dot_net_key: str | None = maybe("dotNetKey", secret, "key of .NET clients")
    webhook_key: str | None = maybe("webhookKey", secret, "key that the server sends to webhooks")
    webhook_addresses: Reach | None = maybe(
        "webhookAddresses", outgoing_addresses, "addresses that webhooks may have; unset: any"
    )
    file_key: str | None = maybe(
        "fileKey", secret, "key that encrypts files in GridFS; part of the URLs of hosted files"
    )
    encryption_key: str | None = maybe(
        "encryptionKey", secret, "key that encrypts files in GridFS, if there is no fileKey"
    )
    app_name: str | None = maybe("appName", filled, "name of the app in e-mails and pages")

    # Where it runs
    port: int = option("port", integer(1, 65535), 1337, "port to listen on", env="PORT")
    host: str = option("host", filled, "0.0.0.0", "address to listen on")
    mount_path: str = option("mountPath", route, "/parse", "path of the API")
    server_url: str = option(
        "serverURL",
        url,
        None,
        "URL of the API as the server calls it; default: from port and path",
        env="PARSE_SERVER_URL",
    )
    public_server_url: str | None = maybe(
        "publicServerURL",
        url,
        "URL of the API as clients and links in e-mails use it",
        env="PARSE_PUBLIC_SERVER_URL",
    )
    verify_server_url: bool = option(
        "verifyServerUrl", boolean, True, "call serverURL at the start"
    )
    trust_proxy: TrustProxy = option(
        "trustProxy",
        trust_proxy,
        [],
        "proxies whose X-Forwarded-For is used for the client's address",
    )
    cluster: bool | int | None = maybe(
        "cluster", processes, "number of processes; true: one for each core"
    )
    connections: ConnectionOptions = option(
        "connections",
        group(ConnectionOptions),
        {},
        "bounds of connections",
        env="PARSEPY_CONNECTIONS",
    )
    process_role: str = option(
        "processRole",
        choice("all", "api", "live", "jobs"),
        "all",
        "what a process does beside requests: websockets (live), jobs and queues (jobs), or both",
        env="PARSEPY_ROLE",
    )
    shutdown_timeout: float = option(
        "shutdownTimeout",
        number(0),
        10,
        "seconds that requests under way are given when the server stops",
        env="PARSEPY_SHUTDOWN_TIMEOUT",
    )
    allow_origin: tuple[str, ...] = option("allowOrigin", texts, ["*"], "CORS: allowed origins")
    allow_headers: tuple[str, ...] = option(
        "allowHeaders", texts, [], "CORS: allowed headers beside Parse's own"
    )
    max_upload_size: int = option("maxUploadSize", size, "20mb", "largest body of a request")
    direct_access: bool = option(
        "directAccess", boolean, True, "let cloud code call the API without HTTP", idle=NODE
    )
    middleware: str | None = maybe("middleware", text, "Express middleware", idle=NODE)
    enable_express_error_handler: bool = option(
        "enableExpressErrorHandler", boolean, False, "pass errors on to Express", idle=NODE
    )
    request_context_middleware: str | None = maybe(
        "requestContextMiddleware", text, "Express middleware", idle=NODE
    )
    server_start_complete: str | None = maybe(
        "serverStartComplete", function, "function that is called just before requests are answered"
    )
    server_close_complete: str | None = maybe(
        "serverCloseComplete", function, "function that is called when everything is closed"
    )

    # Data
    database_uri: str | None = maybe(
        "databaseURI", mongo_uri, "address of MongoDB, or memory:; without it an embedded MongoDB"
    )
    database_options: DatabaseOptions = option(
        "databaseOptions",
        driver_and_own,
        {},
        "use of MongoDB, and options of its driver",
    )
    database_adapter: AdapterOptions | None = maybe(
        "databaseAdapter", adapter, "adapter of another database", acts=False
    )
    collection_prefix: str = option("collectionPrefix", text, "", "prefix of collection names")
    data_dir: Path = option(
        "dataDir",
        path,
        ".parsepy",
        "folder of the generated keys and the embedded database",
        env="PARSEPY_DATA_DIR",
    )
    demo: bool = option(
        "demo", boolean, False, "load the demo data into classes that are empty", env="PARSEPY_DEMO"
    )
    schema: SchemaOptions | None = maybe(
        "schema",
        schema_files,
        'schema template files, or folders of them (several: the flag again); "none": not even the '
        "folder schema beside the configuration; an object is Parse Server's schema option",
    )
    template: tuple[str, ...] = option(
        "template",
        texts,
        [],
        "templates that come along, with their cloud code: ecommerce, shopping, or both",
        env="PARSEPY_TEMPLATE",
    )
    replace_permissions: bool = option(
        "replacePermissions",
        boolean,
        False,
        "let template files replace permissions that somebody else has set",
        env="PARSEPY_REPLACE_PERMISSIONS",
    )
    allow_client_class_creation: bool = option(
        "allowClientClassCreation", boolean, False, "let clients create classes by saving objects"
    )
    allow_custom_object_id: bool = option(
        "allowCustomObjectId", boolean, False, "let clients choose the objectId"
    )
    object_id_size: int = option(
        "objectIdSize", integer(1, 100), 10, "number of characters of an objectId"
    )
    default_limit: int = option(
        "defaultLimit", integer(1), 100, "number of objects that a query returns without a limit"
    )
    max_limit: int | None = maybe("maxLimit", integer(1), "largest limit of a query")
    query: QueryOptions = option(
        "query", group(QueryOptions), {}, "reading of aggregation pipelines"
    )
    cache_ttl: int = option(
        "cacheTTL", integer(0), 5000, "milliseconds for which sessions and roles are cached"
    )
    cache_max_size: int = option(
        "cacheMaxSize", integer(0), 10000, "largest number of entries in a cache"
    )
    cache_adapter: AdapterOptions | None = maybe(
        "cacheAdapter", adapter, "adapter of another cache", acts=False
    )
    enable_single_schema_cache: bool = option(
        "enableSingleSchemaCache", boolean, True, "of old versions", acts=False
    )
    enable_collation_case_comparison: bool = option(
        "enableCollationCaseComparison",
        boolean,
        False,
        "compare usernames by a collation of MongoDB",
        acts=False,
    )

    # Users and sessions
    enforce_private_users: bool = option(
        "enforcePrivateUsers", boolean, True, "give new users an ACL without public access"
    )
    enable_anonymous_users: bool = option(
        "enableAnonymousUsers",
        boolean,
        True,
        "allow anonymous users",
        env="PARSE_SERVER_ENABLE_ANON_USERS",
    )
    session_length: float = option(
        "sessionLength", number(0), 31536000, "seconds for which a session is valid"
    )
    expire_inactive_sessions: bool = option(
        "expireInactiveSessions", boolean, True, "let sessions expire"
    )
    extend_session_on_use: bool = option(
        "extendSessionOnUse", boolean, False, "prolong a session when it is used"
    )
    revoke_session_on_password_reset: bool = option(
        "revokeSessionOnPasswordReset",
        boolean,
        True,
        "end a user's sessions when the password is changed",
    )
    convert_email_to_lowercase: bool = option(
        "convertEmailToLowercase", boolean, False, "store e-mails in lower case"
    )
    convert_username_to_lowercase: bool = option(
        "convertUsernameToLowercase", boolean, False, "store usernames in lower case"
    )
    account_lockout: AccountLockoutOptions | None = maybe(
        "accountLockout", group(AccountLockoutOptions), "lock of accounts after failed log-ins"
    )
    password_policy: PasswordPolicyOptions | None = maybe(
        "passwordPolicy", group(PasswordPolicyOptions), "demands on passwords and reset links"
    )
    auth: Mapping[str, AuthProviderOptions] = option(
        "auth",
        named(auth_provider, "providers"),
        {},
        "sign-in providers",
        env="PARSE_SERVER_AUTH_PROVIDERS",
    )
    enable_insecure_auth_adapters: bool = option(
        "enableInsecureAuthAdapters",
        boolean,
        False,
        "let providers have enableInsecureAuth, which trusts tokens of any application",
    )
    prevent_unlink_of_last_login: bool = option(
        "preventUnlinkOfLastLogin",
        boolean,
        False,
        "refuse to unlink the provider without which a user could not log in any more",
    )
    allow_expired_auth_data_token: bool = option(
        "allowExpiredAuthDataToken",
        boolean,
        False,
        "of old versions: a log-in always asks the provider, an update only about what changes",
        idle=ALWAYS,
    )
    verify_user_emails: bool | str = option(
        "verifyUserEmails",
        boolean_or_function,
        False,
        "ask users to confirm their address; or a function that decides it",
    )
    prevent_login_with_unverified_email: bool | str = option(
        "preventLoginWithUnverifiedEmail",
        boolean_or_function,
        False,
        "refuse log-ins before that; or a function that decides it",
    )
    prevent_signup_with_unverified_email: bool = option(
        "preventSignupWithUnverifiedEmail",
        boolean,
        False,
        "make no session at a sign-up before that",
    )
    send_user_email_verification: bool | str = option(
        "sendUserEmailVerification",
        boolean_or_function,
        True,
        "send the mail about it; or a function that decides it",
    )
    email_verify_token_validity_duration: float | None = maybe(
        "emailVerifyTokenValidityDuration",
        number(0),
        "seconds for which a verification link is valid",
    )
    email_verify_token_reuse_if_valid: bool = option(
        "emailVerifyTokenReuseIfValid",
        boolean,
        False,
        "send a verification link again while it is valid",
    )
    email_verify_success_on_invalid_email: bool = option(
        "emailVerifySuccessOnInvalidEmail",
        boolean,
        True,
        "answer alike whether an e-mail address is known or not",
    )
    email_adapter: AdapterOptions | None = maybe(
        "emailAdapter", adapter, "smtp, console, or a module that sends mail"
    )
    email_change: str = option(
        "emailChange",
        choice("immediate", "confirm"),
        "immediate",
        "when an address counts that users change their own to: at once, or when they confirm it",
    )
    mail: MailOptions = option(
        "mail", group(MailOptions), {}, "mails about accounts: texts, languages, notices"
    )

    # What is allowed
    protected_fields: Mapping[str, Mapping[str, tuple[str, ...]]] = option(
        "protectedFields",
        hidden_fields,
        {"_User": {"*": ["email"]}},
        "fields that are hidden, by class and group of users",
    )
    protected_fields_owner_exempt: bool = option(
        "protectedFieldsOwnerExempt", boolean, True, "show users their own protected fields"
    )
    protected_fields_trigger_exempt: bool = option(
        "protectedFieldsTriggerExempt", boolean, False, "show protected fields to triggers"
    )
    protected_fields_save_response_exempt: bool = option(
        "protectedFieldsSaveResponseExempt",
        boolean,
        True,
        "show protected fields in the answer to a save",
    )
    user_sensitive_fields: tuple[str, ...] = option(
        "userSensitiveFields", texts, [], "old form of protectedFields"
    )
    enable_sanitized_error_response: bool = option(
        "enableSanitizedErrorResponse", boolean, True, "answer refusals without their reason"
    )
    request_keyword_denylist: tuple[DeniedKeywordOptions, ...] = option(
        "requestKeywordDenylist",
        many(group(DeniedKeywordOptions), "objects"),
        [{"key": "_bsontype", "value": "Code"}, {"key": "constructor"}, {"key": "__proto__"}],
        "keys and values that request bodies may not contain",
    )
    request_complexity: RequestComplexityOptions = option(
        "requestComplexity",
        group(RequestComplexityOptions),
        {},
        "limits of a request's complexity; -1: no limit",
    )
    rate_limit: tuple[RateLimitOptions, ...] = option(
        "rateLimit",
        many(group(RateLimitOptions), "limits"),
        [],
        "limits of the number of requests in a time",
    )
    route_allow_list: tuple[str, ...] | None = maybe(
        "routeAllowList", patterns, "routes that are open without the master key; none: all"
    )
    idempotency_options: IdempotencyOptions = option(
        "idempotencyOptions",
        group(IdempotencyOptions),
        {},
        "refusal of requests that were sent before",
        env="PARSE_SERVER_EXPERIMENTAL_IDEMPOTENCY_OPTIONS",
    )
    allow_aggregation_for_read_only_master_key: bool = option(
        "allowAggregationForReadOnlyMasterKey",
        boolean,
        True,
        "allow aggregation with the read-only master key",
    )
    security: SecurityOptions = option(
        "security", group(SecurityOptions), {}, "report of weak settings"
    )

    # Cloud code
    cloud: Path | None = maybe("cloud", path, "file of cloud code; default: cloud/main.py")
    cloud_timeout: int = option(
        "cloudTimeout",
        integer(0),
        60_000,
        "milliseconds that a hook or function may take; 0: no limit",
        env="PARSEPY_CLOUD_TIMEOUT",
    )
    watch: bool = option(
        "watch", boolean, False, "reload cloud code when its files change", env="PARSEPY_WATCH"
    )

    # Files, push, Live Query, GraphQL, pages
    file_upload: FileUploadOptions = option(
        "fileUpload",
        group(FileUploadOptions),
        {},
        "who may upload files, and which",
        env="PARSE_SERVER_FILE_UPLOAD_OPTIONS",
    )
    file_download: FileDownloadOptions = option(
        "fileDownload",
        group(FileDownloadOptions),
        {},
        "who may download files",
        env="PARSE_SERVER_FILE_DOWNLOAD_OPTIONS",
    )
    files_adapter: AdapterOptions | None = maybe(
        "filesAdapter", adapter, "gridfs, local, s3 or a module"
    )
    preserve_file_name: bool = option(
        "preserveFileName", boolean, False, "store files without a random prefix of their names"
    )
    installation: InstallationOptions = option(
        "installation",
        group(InstallationOptions),
        {},
        "treatment of installations with the same device token",
    )
    push: PushOptions | None = maybe("push", push_options, "senders of push notifications")
    scheduled_push: bool = option(
        "scheduledPush", boolean, False, "send pushes at the time that they ask for"
    )
    cleanup_invalid_installations: bool = option(
        "cleanupInvalidInstallations",
        boolean,
        True,
        "remove device tokens that the provider has dropped",
    )
    live_query: LiveQueryOptions | None = maybe(
        "liveQuery",
        group(LiveQueryOptions),
        "classes that clients may subscribe to, and how changes are carried",
    )
    live_query_server_options: LiveQueryServerOptions | None = maybe(
        "liveQueryServerOptions", group(LiveQueryServerOptions), "keys and heartbeat of Live Query"
    )
    start_live_query_server: bool = option(
        "startLiveQueryServer",
        boolean,
        False,
        "start the Live Query server in this process",
        idle=ALWAYS,
    )
    mount_graphql: bool = option("mountGraphQL", boolean, False, "offer GraphQL")
    graphql_path: str = option("graphQLPath", route, "/graphql", "path of GraphQL")
    graphql_schema: Path | str | None = maybe(
        "graphQLSchema",
        sdl,
        "your own part of the GraphQL schema, as text or a file",
        env="PARSE_SERVER_GRAPH_QLSCHEMA",
    )
    graphql_public_introspection: bool = option(
        "graphQLPublicIntrospection",
        boolean,
        False,
        "allow introspection without the master key",
    )
    graphql_subscriptions: bool = option(
        "graphQLSubscriptions",
        boolean,
        False,
        "follow live classes over GraphQL, by websockets at `graphQLPath`",
        env="PARSEPY_GRAPHQL_SUBSCRIPTIONS",
    )
    mount_playground: bool = option(
        "mountPlayground",
        boolean,
        False,
        "offer GraphiQL to try GraphQL in a browser; its page says what to install",
    )
    playground_path: str = option(
        "playgroundPath", route, "/playground", "path of the GraphQL playground"
    )
    pages: PagesOptions = option(
        "pages", group(PagesOptions), {}, "web pages for verification and password reset"
    )
    custom_pages: Mapping[str, str] = option(
        "customPages", named(text, "URLs"), {}, "old form of pages.customUrls", acts=False
    )
    portal: bool | None = maybe(
        "portal",
        boolean,
        "offer the portal at /portal, to admins and the master key; not set: for everybody with "
        "`demo`, and on loopback for this machine",
        env="PARSEPY_PORTAL",
    )
    build_web: bool = option(
        "buildWeb",
        boolean,
        True,
        "with `demo` in a checkout, build its web pages in the background",
        env="PARSEPY_BUILD_WEB",
    )
    sites: tuple[SiteOptions, ...] = option(
        "sites",
        many(group(SiteOptions), "sites"),
        [],
        "folders of files that browsers get beside the API",
        env="PARSEPY_SITES",
    )
    parse_frame_url: str | None = maybe(
        "parseFrameURL", text, "URL of a page that shows the others in a frame"
    )
    analytics_adapter: AdapterOptions | None = maybe(
        "analyticsAdapter", adapter, "module that takes what clients send to /events"
    )
    enable_product_purchase_legacy_api: bool = option(
        "enableProductPurchaseLegacyApi", boolean, True, "of old versions", acts=False
    )

    # Logs
    log_level: str | None = maybe("logLevel", level, "level from which records are logged")
    log_levels: LogLevelOptions = option(
        "logLevels", group(LogLevelOptions), {}, "log levels of what cloud code does"
    )
    verbose: bool = option("verbose", boolean, False, "log at the level verbose", env="VERBOSE")
    silent: bool = option(
        "silent",
        boolean,
        False,
        "write nothing on the console; the log's files and /scriptlog go on",
        env="SILENT",
    )
    json_logs: bool = option("jsonLogs", boolean, False, "log lines of JSON", env="JSON_LOGS")
    logs_folder: Path | None = maybe(
        "logsFolder", path, "folder of log files; none: no files are written"
    )
    max_log_files: int | None = maybe(
        "maxLogFiles", log_files, "number of log files that are kept, one a day"
    )
    telemetry: TelemetryOptions = option(
        "telemetry",
        group(TelemetryOptions),
        {},
        "traces and figures by OpenTelemetry",
        env="PARSEPY_TELEMETRY",
    )
    metrics: MetricsOptions = option(
        "metrics", group(MetricsOptions), {}, "figures for Prometheus", env="PARSEPY_METRICS"
    )
    mcp: MCPOptions = option(
        "mcp", group(MCPOptions), {}, "tools for agents over HTTP", env="PARSEPY_MCP"
    )
    logger_adapter: AdapterOptions | None = maybe(
        "loggerAdapter", adapter, "adapter that gets log records", acts=False
    )

    # Not an option: where relative module paths of adapters start.
    base_dir: Path = dataclasses.field(default_factory=Path)
    # Nor these: what was written as earlier Parse Servers had it, and how it was taken.
    notes: tuple[str, ...] = ()

    @classmethod
    def from_options(
        cls,
        options: Mapping[str, object],
        *,
        base_dir: Path | None = None,
        folders: Mapping[str, Path] | None = None,
    ) -> Config:
        """Check values under Parse's names and make the settings of them.

        Relative paths start at `base_dir`, those of the options in `folders` at the folder there.
        Raises ConfigError, which lists every problem.
        """
        base_dir = base_dir or Path()
        modern = modernised(options, OPTIONS)
        problems = modern.problems
        try:
            built = read_group(cls, modern.values, At("", base_dir), folders or {})
        except ConfigError as error:
            raise ConfigError([*problems, *error.problems]) from None
        if problems:
            raise ConfigError(problems)
        return dataclasses.replace(
            built,
            base_dir=base_dir,
            notes=tuple(modern.notes),
            server_url=built.server_url or f"http://localhost:{built.port}{built.mount_path}",
            protected_fields=_all_protected(built),
        )

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Find keys that are equal, and e-mail verification without what it needs."""
        keys = {"masterKey": self.master_key or None}
        for name, key in (
            ("readOnlyMasterKey", self.read_only_master_key),
            ("maintenanceKey", self.maintenance_key),
        ):
            for other, taken in keys.items():
                if key is not None and key == taken:
                    yield name, f"must differ from {other}"
            keys[name] = key
        if self.email_verify_token_reuse_if_valid and (
            self.email_verify_token_validity_duration is None
        ):
            yield "emailVerifyTokenReuseIfValid", "needs emailVerifyTokenValidityDuration"
        if self.template and self.schema is not None:
            yield "template", "can't be set with schema: name the files of both in schema"
        for option_name, is_set in (
            ("verifyUserEmails", self.verify_user_emails),
            ("emailChange", self.email_change == "confirm"),
            ("mail.notices", self.mail.notices),
            ("auth.emailOtp", "emailOtp" in self.auth and self.auth["emailOtp"].enabled),
        ):
            for name, value in (
                ("emailAdapter", self.email_adapter),
                ("appName", self.app_name),
                ("publicServerURL", self.public_server_url),
            ):
                if is_set and value is None:
                    yield option_name, f"needs {name}"
        mount, paths = self.mount_path.rstrip("/"), [site.path for site in self.sites]
        for place in dict.fromkeys(paths):
            if paths.count(place) > 1:
                yield "sites", f"{place or '/'} is the path of two sites"
            if mount and (place == mount or place.startswith(f"{mount}/")):
                yield "sites", f"{place} lies below mountPath, where the API answers"

    @property
    def is_on_loopback(self) -> bool:
        """Does only this machine reach the port?"""
        return self.host in ("localhost", "127.0.0.1", "::1")

    @property
    def has_portal(self) -> bool:
        """Is there a portal at all?"""
        return self.demo or self.is_on_loopback if self.portal is None else self.portal

    @property
    def ineffective(self) -> tuple[str, ...]:
        """The names of options that are set, but have no effect in this version."""
        return tuple(_ineffective(self, ""))


def _ineffective(record: OptionGroup, prefix: str) -> Iterator[str]:
    unset = type(record)()
    for line in options_of(type(record)):
        value = getattr(record, line.attribute)
        if value == getattr(unset, line.attribute):
            continue
        if line.idle == ALWAYS:
            continue
        if not line.acts:
            yield prefix + line.name
        elif isinstance(value, OptionGroup):
            yield from _ineffective(value, f"{prefix}{line.name}.")


def _all_protected(config: Config) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    # Parse: ...except per group, when the owner's exemption is off, too.
    merged = {name: dict(groups) for name, groups in config.protected_fields.items()}
    for name, groups in ALWAYS_PROTECTED.items():
        own = merged.setdefault(name, {})
        for who, fields in groups.items():
            if who in own and not config.protected_fields_owner_exempt:
                continue
            own[who] = tuple(dict.fromkeys((*own.get(who, ()), *fields)))
    if config.user_sensitive_fields:
        everyone = merged["_User"].get("*", ())
        merged["_User"]["*"] = tuple(dict.fromkeys((*everyone, *config.user_sensitive_fields)))
    return MappingProxyType({name: MappingProxyType(item) for name, item in merged.items()})


OPTIONS: tuple[Option, ...] = options_of(Config)


# --- Where options come from -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WrittenOptions:
    """Options as written, under Parse's names, and where the relative paths of each start."""

    values: Mapping[str, object]
    folders: Mapping[str, Path]
    base_dir: Path

    def config(self, **more: object) -> Config:
        """Check what was collected; `more`, under Parse's names, wins. Raises ConfigError."""
        values = {**self.values, **more}
        return Config.from_options(values, base_dir=self.base_dir, folders=self.folders)


_PROGRAM = "; of a program in Node, write what it hands to new ParseServer({…}) to a file as JSON"
_VARIABLES = "; options of a compose file or .env are read from the environment: set them there"
_OTHER_FORMS = {
    **dict.fromkeys((".js", ".cjs", ".mjs", ".ts"), _PROGRAM),
    **dict.fromkeys((".yml", ".yaml", ".env"), _VARIABLES),
}
"""What to do with a file that is none of JSON, by its ending."""


def _read_file(config_file: Path) -> dict[str, object]:
    try:
        source = config_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError([f"{config_file}: cannot be read: {reason}"]) from None
    try:
        found = json.loads(source)
    except json.JSONDecodeError as error:
        place = f"{config_file}:{error.lineno}:{error.colno}"
        instead = _OTHER_FORMS.get(config_file.suffix.lower(), "")
        raise ConfigError([f"{place}: not valid JSON: {error.msg}{instead}"]) from None
    # Parse: a file may hold the options inside {"apps": [...]}, for one application.
    if isinstance(found, dict) and isinstance(apps := found.get("apps"), list):
        if len(apps) != 1:
            raise ConfigError([f"{config_file}: expected one application in apps"])
        found = apps[0]
    if not isinstance(found, dict):
        raise ConfigError([f"{config_file}: expected a JSON object of options"])
    return found


def collect(
    config_file: Path | None, env: Mapping[str, str], flags: Mapping[str, object]
) -> WrittenOptions:
    """Gather options: flags over environment over file; an empty variable counts as unset.

    `flags` has Parse's names. Paths in the file start at the file's folder, others at the
    working directory. Raises ConfigError if the file cannot be read.
    """
    from_file = _read_file(config_file) if config_file else {}
    base_dir = config_file.resolve().parent if config_file else Path.cwd()
    from_env = {line.name: env[line.env] for line in OPTIONS if env.get(line.env)}
    values = {**from_file, **from_env, **flags}
    folders = {name: Path.cwd() for name in (*from_env, *flags)}
    return WrittenOptions(values, folders, base_dir)


def load(config_file: Path | None, env: Mapping[str, str], flags: Mapping[str, object]) -> Config:
    """Gather options with `collect` and check them; raises ConfigError with every problem."""
    return collect(config_file, env, flags).config()


_PREFIX = re.compile("PARSE_SERVER_|PARSEPY_")
# What Kubernetes sets for a service named parse-server, and what our own tests read.
_OTHERS = re.compile(r"\w+_(SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_\w+)|PARSEPY_TEST_\w+")


def unknown_variables(env: Mapping[str, str]) -> list[str]:
    """List the variables PARSE_SERVER_... and PARSEPY_... that are no option, a line for each."""
    known = [line.env for line in OPTIONS]
    ends = {_PREFIX.sub("", name): name for name in known}
    lines = []
    for name in sorted(env):
        if name in known or _OTHERS.fullmatch(name):
            continue
        if name.startswith(("PARSE_SERVER_", "PARSEPY_")):
            # the prefix, which all have in common, would make everything similar
            near = nearest(_PREFIX.sub("", name), ends)
            meant = f": did you mean {ends[near]}?" if near else ""
            lines.append(f"{name} is no option{meant}")
    return lines
