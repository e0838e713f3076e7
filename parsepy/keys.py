"""`Keys` in `.parsepy/keys.json`: a random master key, made at the first run.

Only the owner may read the file. It is used by runs without a `masterKey` in their
configuration: with one, the file is neither read nor written. An `appId` of the configuration
is used in place of the file's, and not written.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from parsepy.config import ConfigError

APP_ID = "parsepy"


@dataclass(frozen=True, slots=True)
class Keys:
    """The application id and the master key."""

    app_id: str
    master_key: str = field(repr=False)


def _to_stderr(message: str) -> None:
    print(message, file=sys.stderr)


def load_or_create(
    path: Path, app_id: str | None, warn: Callable[[str], None] = _to_stderr
) -> Keys:
    """Read the keys from the file at `path`; make the file if it does not exist.

    `app_id` is the configured one, if any. Permissions of others to read the file are removed,
    with a warning. Raises ConfigError if the file can't be read, written or parsed.
    """
    try:
        if not path.exists():
            _create(path)
        _tighten(path, warn)
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror or error}"]) from error
    except ValueError as error:
        raise _broken(path, "not valid JSON") from error
    if not isinstance(found, dict):
        raise _broken(path, "not a JSON object")
    key, own_id = found.get("masterKey"), found.get("appId", APP_ID)
    if not isinstance(key, str) or not key:
        raise _broken(path, "no masterKey in it")
    if not isinstance(own_id, str) or not own_id:
        raise _broken(path, "its appId is not text")
    return Keys(app_id or own_id, key)


def _broken(path: Path, reason: str) -> ConfigError:
    return ConfigError([f"{path}: {reason}; mend it, or delete it to get a new master key"])


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    keys = {"appId": APP_ID, "masterKey": secrets.token_urlsafe(32)}
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(keys, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link appears whole or not at all, and never over the keys of a twin that was faster.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _tighten(path: Path, warn: Callable[[str], None]) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077 and os.name == "posix":
        path.chmod(0o600)
        warn(f"{path} was open to other users (mode {mode:04o}); it is now closed (0600)")
