"""Adapters of Parse Server by the names of their packages, and what stands for them here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Options = Mapping[str, Any]


class Adapter(NamedTuple):
    """What stands for a package: the option's value, and a word about it.

    ``value`` is empty where nothing need be written, and None where the operator must choose;
    ``about`` is then what to write.
    """

    value: dict[str, Any] | None
    about: str


def adapter_of(option: str, module: str, options: Options) -> Adapter | None:
    """Find what stands for a package of npm in an option; None if the name is none that we know."""
    if module.startswith((".", "/")) or module.endswith(".py"):
        return None
    make = _PACKAGES.get(option, {}).get(module)
    if make is not None:
        return make(options)
    if module.startswith(("@", "parse-server-")):
        return Adapter(None, _OWN.get(option, _MODULE))
    return None


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


_MODULE = 'write a module of Python: {"module": "path/to/file.py"}'
_OWN = {
    "filesAdapter": 'write "filesAdapter": "gridfs", "local" or "s3", or a module of Python',
    "emailAdapter": 'write "emailAdapter": {"module": "smtp", "options": {"sender": ..., '
    '"host": ..., "user": ..., "password": ...}}',
    "push.adapter": 'write "push": {"ios": {...}, "android": {"firebaseServiceAccount": ...}}, '
    "or a module of Python",
}


def _taken(value: dict[str, Any], left: list[str]) -> Adapter:
    shown = {
        **value,
        "options": {
            name: "..." if name in ("password", "secretAccessKey", "accessKeyId") else item
            for name, item in value.get("options", {}).items()
        },
    }
    ignored = f" (without {', '.join(left)})" if left else ""
    return Adapter(value, f"taken as {_line(shown)}{ignored}")


def _local(options: Options) -> Adapter:
    if "encryptionKey" in options:
        return Adapter(
            None,
            "its encryptionKey has no counterpart for files in a folder: write "
            '"filesAdapter": "gridfs" and "fileKey"',
        )
    folder = "files/" + str(options.get("filesSubDirectory", "")).strip("/")
    return _taken({"module": "local", "options": {"folder": folder.rstrip("/")}}, [])


_S3 = {
    **{name: name for name in ("bucket", "region", "endpoint", "baseUrl")},
    "accessKey": "accessKeyId",
    "secretKey": "secretAccessKey",
    "bucketPrefix": "prefix",
}


def _s3(options: Options) -> Adapter:
    given = dict(options)
    overrides = given.pop("s3overrides", None)
    if isinstance(overrides, Mapping):
        same = ("endpoint", "region", "accessKeyId", "secretAccessKey")
        given |= {name: overrides[name] for name in same if name in overrides}
    keys = {**_S3, "accessKeyId": "accessKeyId", "secretAccessKey": "secretAccessKey"}
    made = {keys[name]: value for name, value in given.items() if name in keys}
    if not made.get("bucket"):
        return Adapter(
            None, 'write "filesAdapter": {"module": "s3", "options": {"bucket": "...", ...}}'
        )
    return _taken({"module": "s3", "options": made}, sorted(given.keys() - keys.keys()))


def _google(options: Options) -> Adapter:
    bucket = options.get("bucket", "...")
    own = {"bucket": bucket, "endpoint": "https://storage.googleapis.com", "accessKeyId": "..."}
    line = _line({"module": "s3", "options": {**own, "secretAccessKey": "..."}})
    return Adapter(None, f'with an HMAC key of Google\'s, write "filesAdapter": {line}')


def _gridfs(options: Options) -> Adapter:
    return Adapter({"module": "gridfs"}, 'taken as "gridfs"')


def _smtp_of(host: str, user: str, password: str | None) -> Callable[[Options], Adapter]:
    """Make the rule for a service that takes its key as the password of SMTP."""

    def make(options: Options) -> Adapter:
        sender = options.get("fromAddress") or options.get("fromEmail") or options.get("sender")
        key = options.get(password) if password else None
        if not sender or not key:
            line = _line({"sender": sender or "...", "host": host, "user": user})
            return Adapter(
                None,
                f'write "emailAdapter": {{"module": "smtp", "options": {line[:-1]}, '
                '"password": "..."}}',
            )
        login = {"user": key if user == "" else user, "password": key}
        return _taken({"module": "smtp", "options": {"sender": sender, "host": host, **login}}, [])

    return make


def _smtp(options: Options) -> Adapter:
    sender = options.get("fromAddress") or options.get("from") or options.get("email")
    host = options.get("host")
    if not sender or not host:
        return Adapter(None, _OWN["emailAdapter"][:-1] + "}")
    made = {"sender": sender, "host": host}
    for name in ("port", "user", "password"):
        if options.get(name) is not None:
            made[name] = options[name]
    if "port" in made and str(made["port"]).isdigit():
        made["port"] = int(made["port"])
    if options.get("secure") or options.get("isSSL") or made.get("port") == 465:
        made["security"] = "tls"
    used = {"fromAddress", "from", "email", "host", "secure", "isSSL", *made}
    return _taken({"module": "smtp", "options": made}, sorted(options.keys() - used))


def _built_in_push(options: Options) -> Adapter:
    return Adapter({}, "the built-in senders are used, with the options beside it")


def _without_effect(what: str) -> Callable[[Options], Adapter]:
    return lambda options: Adapter({}, what)


_CACHE = _without_effect("sessions and roles are cached in each process; no Redis is needed")
_LOGGER = _without_effect("logsFolder and jsonLogs say where the log goes")
_MAILGUN = _smtp_of("smtp.mailgun.org", "postmaster@YOUR.DOMAIN", None)
_PACKAGES: Mapping[str, Mapping[str, Callable[[Options], Adapter]]] = {
    "filesAdapter": {
        **dict.fromkeys(
            ("@parse/fs-files-adapter", "parse-server-fs-adapter", "FileSystemAdapter"), _local
        ),
        **dict.fromkeys(("@parse/s3-files-adapter", "parse-server-s3-adapter"), _s3),
        **dict.fromkeys(("@parse/gcs-files-adapter", "parse-server-gcs-adapter"), _google),
        **dict.fromkeys(
            ("GridFSBucketAdapter", "GridStoreAdapter", "@parse/gridfs-files-adapter"), _gridfs
        ),
    },
    "emailAdapter": {
        **dict.fromkeys(
            (
                *("parse-smtp-template", "simple-parse-smtp-adapter"),
                *("parse-server-smtp-adapter", "parse-server-generic-email-adapter"),
            ),
            _smtp,
        ),
        **dict.fromkeys(
            (
                *("parse-server-mailgun", "parse-server-simple-mailgun-adapter"),
                *("@parse/simple-mailgun-adapter", "parse-server-mailgun-adapter-template"),
            ),
            _MAILGUN,
        ),
        "parse-server-sendgrid-adapter": _smtp_of("smtp.sendgrid.net", "apikey", "apiKey"),
        "parse-server-postmark-adapter": _smtp_of("smtp.postmarkapp.com", "", "apiKey"),
    },
    "push.adapter": dict.fromkeys(
        ("@parse/push-adapter", "parse-server-push-adapter"), _built_in_push
    ),
    "cacheAdapter": dict.fromkeys(
        ("RedisCacheAdapter", "InMemoryCacheAdapter", "NullCacheAdapter"), _CACHE
    ),
    "loggerAdapter": dict.fromkeys(("WinstonLoggerAdapter", "@parse/winston"), _LOGGER),
}
