"""The parts that options name: adapters, stores and functions of the operator, made or refused.

Each raises ``ConfigError``, which names the option, for what can't be loaded or lacks a method.
"""

from collections.abc import Callable, Mapping
from typing import cast

from parsepy.adapters import Called, load_adapter, load_function, open_providers
from parsepy.config import Config, ConfigError
from parsepy.config.checks import At, number
from parsepy.config.groups import AdapterOptions
from parsepy.files import STORES
from parsepy.files.base import FileStore
from parsepy.files.encryption import Encryption
from parsepy.files.gridfs import GridFS
from parsepy.files.memory import MemoryFiles
from parsepy.files.uploads import ABANDONED_AFTER
from parsepy.mail import MAILERS
from parsepy.mail.base import Mailer
from parsepy.mail.templates import MailTemplateError, MailTemplates
from parsepy.metrics import Metrics
from parsepy.outgoing import Outgoing
from parsepy.push import open_senders
from parsepy.push.base import PushConfigError, PushSender
from parsepy.storage import Storage, open_storage
from parsepy.storage.documents import file_url_of
from parsepy.storage.monitor import CommandTimer, CommandTracer
from parsepy.telemetry import Providers, Telemetry

_FILE_STORE = ("create", "find", "read", "delete", "url", "close")


def open_database(
    config: Config,
    files: FileStore | None,
    metrics: Metrics | None,
    telemetry: Telemetry | None,
) -> Storage:
    base = config.public_server_url or config.server_url
    driver = dict(config.database_options.driver)
    listeners: list[CommandTimer | CommandTracer] = []
    if metrics is not None:
        listeners.append(CommandTimer(metrics.command))
    if telemetry is not None:
        listeners.append(CommandTracer(telemetry))
    if listeners:
        driver["event_listeners"] = listeners
    client = config.database_options.client_metadata
    try:
        return open_storage(
            config.database_uri or "",
            file_url=file_url_of(
                base.rstrip("/"), config.app_id, config.file_key, files.url if files else None
            ),
            prefix=config.collection_prefix,
            max_time_ms=config.database_options.max_time_ms,
            batch_size=config.database_options.batch_size,
            client=None if client is None else (client.name, client.version),
            driver_options=driver,
            private_driver_api=config.database_options.use_private_driver_api,
        )
    except ImportError as error:
        raise ConfigError([f"databaseURI: {error}"]) from error


def file_adapter(config: Config) -> FileStore | None:
    """Make the store that the option ``filesAdapter`` names; ``None`` for GridFS."""
    spec = config.files_adapter
    if spec is None or spec.module == "gridfs":
        return None
    options = dict(spec.options)
    if spec.module == "local":
        options["folder"] = str(config.base_dir / str(options.get("folder", "files")))
    if spec.module in STORES:
        spec = AdapterOptions(module=STORES[spec.module], options=options)
    made = load_adapter(spec, config.base_dir, "filesAdapter", STORES)
    missing = [name for name in _FILE_STORE if not callable(getattr(made, name, None))]
    if missing:
        raise ConfigError([f"filesAdapter: {spec.module} lacks {', '.join(missing)}"])
    return cast(FileStore, made)


def files_in(storage: Storage, config: Config) -> FileStore:
    """Make GridFS in the storage's database; for ``memory:`` a store in this process."""
    database = storage.files_database
    if database is None:
        return MemoryFiles()
    # Parse: its own GridFS is encrypted with fileKey; encryptionKey is for adapters made by hand
    key = config.file_key or config.encryption_key
    options = dict(config.files_adapter.options) if config.files_adapter else {}
    at = At("filesAdapter.options.abandonedAfter", config.base_dir)
    abandoned_after = number(0)(options.pop("abandonedAfter", ABANDONED_AFTER), at)
    if options:
        raise ConfigError([f"filesAdapter: gridfs has no option {', '.join(options)}"])
    try:
        encryption = Encryption(key) if key else None
    except ImportError as error:
        raise ConfigError([str(error)]) from error
    return GridFS(database, encryption, abandoned_after=abandoned_after)


def mailer_of(config: Config) -> Mailer | None:
    """Make the mailer that the option ``emailAdapter`` names, if it is set."""
    spec = config.email_adapter
    if spec is None:
        return None
    if spec.module in MAILERS:
        spec = AdapterOptions(module=MAILERS[spec.module], options=spec.options)
    made = load_adapter(spec, config.base_dir, "emailAdapter", MAILERS)
    if not isinstance(made, Mailer):
        raise ConfigError([f"emailAdapter: {spec.module} lacks send_mail"])
    return made


def mail_templates(config: Config) -> MailTemplates:
    """Read the texts of mails, the operator's own among them."""
    try:
        return MailTemplates(config.mail.templates_path, config.mail.fallback_locale)
    except MailTemplateError as error:
        problems = [f"mail.templatesPath: {problem}" for problem in error.problems]
        raise ConfigError(problems) from error


def push_sender(config: Config) -> PushSender | None:
    """Make the operator's own sender of pushes, or those that the option ``push`` describes."""
    push = config.push
    if push is None:
        return None
    if push.adapter is not None:
        made = load_adapter(push.adapter, config.base_dir, "push.adapter")
        if not isinstance(made, PushSender):
            raise ConfigError([f"push.adapter: {push.adapter.module} lacks send"])
        return made
    try:
        return open_senders(push.options, push.folder)
    except PushConfigError as error:
        raise ConfigError([f"push.{error}"]) from error
    except ImportError as error:
        raise ConfigError(["push: needs the extra: pip install 'parsepy-server[push]'"]) from error


def analytics_adapter(config: Config) -> object:
    """Make the operator's own analytics adapter and check its two methods, if one is named."""
    spec = config.analytics_adapter
    if spec is None:
        return None
    made = load_adapter(spec, config.base_dir, "analyticsAdapter")
    for name in ("app_opened", "track_event"):
        if not callable(getattr(made, name, None)):
            raise ConfigError([f"analyticsAdapter: {spec.module} has no method {name}"])
    return made


def metrics_of(config: Config) -> Metrics | None:
    if not config.metrics.enabled:
        return None
    try:
        return Metrics()
    except ImportError as error:
        raise ConfigError(
            ["metrics: needs the extra: pip install 'parsepy-server[metrics]'"]
        ) from error


def telemetry_of(config: Config) -> Telemetry | None:
    """Make what records traces and figures for OpenTelemetry; ``None`` if nobody asks for them."""
    if not config.telemetry.enabled:
        return None
    try:
        return Telemetry(Providers.of_environment(config.telemetry.service_name))
    except ImportError as error:
        raise ConfigError(
            ["telemetry: needs the extra: pip install 'parsepy-server[otel]'"]
        ) from error


def password_check(config: Config) -> Called | None:
    """Load the operator's own check of passwords, if one is named."""
    policy = config.password_policy
    if policy is None or policy.validator_callback is None:
        return None
    option = "passwordPolicy.validatorCallback"
    return load_function(policy.validator_callback, config.base_dir, option)


def account_rules(config: Config) -> Mapping[str, Called]:
    """Load the operator's functions that decide about confirming addresses, by their options."""
    values = {
        "verifyUserEmails": config.verify_user_emails,
        "preventLoginWithUnverifiedEmail": config.prevent_login_with_unverified_email,
        "sendUserEmailVerification": config.send_user_email_verification,
    }
    return {
        option: load_function(value, config.base_dir, option)
        for option, value in values.items()
        if isinstance(value, str)
    }


def page_functions(config: Config) -> Mapping[str, Called]:
    """Load the operator's functions that pages name, by these names."""
    names = {route.handler: "pages.customRoutes" for route in config.pages.custom_routes}
    if isinstance(config.pages.placeholders, str):
        names[config.pages.placeholders] = "pages.placeholders"
    return {name: load_function(name, config.base_dir, option) for name, option in names.items()}


def start_and_end_functions(config: Config) -> Mapping[str, Called]:
    """Load the operator's functions to call at the start and the end, by their options."""
    schema = config.schema
    names = {
        "schema.beforeMigration": schema and schema.before_migration,
        "schema.afterMigration": schema and schema.after_migration,
        "serverStartComplete": config.server_start_complete,
        "serverCloseComplete": config.server_close_complete,
    }
    return {
        option: load_function(name, config.base_dir, option)
        for option, name in names.items()
        if name
    }


_MAKERS: tuple[Callable[[Config], object], ...] = (
    file_adapter,
    mailer_of,
    mail_templates,
    metrics_of,
    analytics_adapter,
    push_sender,
    password_check,
    account_rules,
    page_functions,
    start_and_end_functions,
    lambda config: open_providers(config, Outgoing()),
)


def problems_of(config: Config) -> list[str]:
    """Make every part, and say what is wrong with any of them; nothing is connected."""
    problems: list[str] = []
    for make in _MAKERS:
        try:
            make(config)
        except ConfigError as error:
            problems += error.problems
    return problems
