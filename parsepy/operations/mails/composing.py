"""``compose``: from a queued mail to what its mailer is called with."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from parsepy.backend import Backend
from parsepy.config import Config
from parsepy.mail.base import AccountMail, Mail
from parsepy.model.values import JSONObject
from parsepy.operations import schemas
from parsepy.operations.mails import codes, kinds, tokens
from parsepy.operations.mails.kinds import KINDS
from parsepy.storage.mails import MailWork
from parsepy.storage.options import ReadOptions
from parsepy.texts import languages

_INTERNAL = ReadOptions(limit=1, internal=True)
_ADVERTISING = re.compile(
    r"""://|\bwww\.|[\r\n]  # an address of a page, or a line of its own
    |\w\.\w.*[\s/?]|[\s/?].*\w\.\w  # what mail programs may make one of, in a sentence or a path
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_LONGEST_NAME = 100
_UNSHOWN = "..."


class ComposedMail(NamedTuple):
    """The method of a mailer, and the message to call it with."""

    method: Callable[[Any], Any]
    message: object


class _Contents(NamedTuple):
    """The user that a mail is about, the token in its link, and what else it tells."""

    user: JSONObject
    token: str | None = None
    values: JSONObject | None = None


async def compose(backend: Backend, work: MailWork) -> ComposedMail | None:
    """Write a mail about the user as stored now; None if it has become pointless."""
    contents = await _contents(backend, work)
    if contents is None or backend.mailer is None:
        return None
    config, kind, user = backend.config, KINDS[work.kind], contents.user
    own = languages.column_locale(user.get(config.mail.locale_field))
    wanted = [*([own] if own else []), *work.locales]
    link = None
    if kind.page is not None and contents.token is not None:
        link = _link(config, kind.page, contents.token, wanted[0] if wanted else None)
    method = getattr(backend.mailer, kind.own, None) if kind.own and link else None
    if method is not None:
        shown = {n: v for n, v in user.items() if n[0] != "_" and n != "authData"}
        message = AccountMail(str(config.app_name), str(link), shown, tuple(wanted))
        return ComposedMail(method, message)
    told = dict(work.values)
    if told.get("newEmail") is not None:
        told["newEmail"] = _presentable(told["newEmail"]) or _UNSHOWN
    values = {
        **_user_values(user),
        **told,
        **(contents.values or {}),
        "appName": config.app_name or config.app_id,
        "publicServerUrl": config.public_server_url,
        "username": _presentable(user.get("username")),
        "email": work.to,
        "link": link,
    }
    written = backend.mail_templates.write(kind.template, wanted, values)
    mail = Mail(work.to, written.subject, written.text, written.html, written.language)
    return ComposedMail(backend.mailer.send_mail, mail)


async def _contents(backend: Backend, work: MailWork) -> _Contents | None:
    """Look the user up, and make the token of a link that is yet to be made."""
    found = await schemas.lookup(backend, "_User", {"objectId": work.user_id}, _INTERNAL)
    user = found[0] if found else None
    if user is None:
        return None
    if work.kind == kinds.VERIFICATION:
        return await _verification(backend, work, user)
    if work.kind == kinds.PASSWORD_RESET:
        if str(user.get("email") or user.get("username")) != work.to:
            return None
        marked = await tokens.renew_reset(backend, user) if work.is_fresh else user
        token = marked and marked.get("_perishable_token")
        return _Contents(user, token) if token else None
    if work.kind == kinds.EMAIL_CHANGE:
        token = await backend.storage.email_changes.token(work.user_id, work.to)
        return None if token is None else _Contents(user, token)
    if work.kind == kinds.SIGN_IN_CODE:
        if user.get("email") != work.to or user.get("emailVerified") is not True:
            return None
        code = await codes.make(backend, user, work.to)
        told = {"code": code, "minutes": codes.MINUTES}
        return None if code is None else _Contents(user, values=told)
    return _Contents(user)


async def _verification(backend: Backend, work: MailWork, user: JSONObject) -> _Contents | None:
    if user.get("email") != work.to:
        return None
    marked = await tokens.renew_verification(backend, user) if work.is_fresh else user
    token = marked and marked.get("_email_verify_token")
    return _Contents(marked or user, token) if token else None


def _link(config: Config, page: str, token: str, locale: str | None) -> str:
    """The address of a page that takes a token, in the operator's frame if there is one."""
    path = f"/{config.pages.pages_endpoint}/{config.app_id}/{page}"
    query = f"token={quote(token, safe='')}" + (f"&locale={locale}" if locale else "")
    if config.parse_frame_url:
        return f"{config.parse_frame_url}?link={quote(path, safe='')}&{query}"
    return f"{config.public_server_url}{path}?{query}"


def _user_values(user: JSONObject) -> JSONObject:
    """The plain columns of a user, as a template of the operator's names them: ``user.city``."""
    return {
        f"user.{name}": value
        for name, value in user.items()
        if name[0] != "_" and isinstance(value, str | int | float)
    }


def _presentable(given: Any) -> str | None:
    """A username or address that a mail may show: who signs up with another's address chooses it.

    None for one that would have the server say what a stranger likes.
    """
    if not isinstance(given, str) or len(given) > _LONGEST_NAME:
        return None
    return None if _ADVERTISING.search(given) else given
