"""Mail addresses: which ones can be written into a header and an SMTP command, and how."""

import re
from email.headerregistry import Address
from email.utils import parseaddr

import idna

from parsepy.mail.base import MailRefused

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_ATOM = re.compile(rf"[^\s\"(),:;<>@\[\\\]{_CONTROL}]+")
_QUOTED = re.compile(rf"\"[^\"\\<>{_CONTROL}]+\"")
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_LONGEST, _LONGEST_LOCAL = 254, 64  # RFC 5321 §4.5.3.1
_NONE = "the address is none that mail can be sent to"


def receiver(text: str) -> Address:
    """Return the one address that a text is, as it goes over the line; raises ``MailRefused``.

    A domain in another script becomes ASCII (IDNA), which every server understands, unless the
    part before the @ needs SMTPUTF8 anyway. Whatever could be read as several addresses, a name,
    a comment or a command is none.
    """
    local, _, domain = text.strip(" ").rpartition("@")
    if _QUOTED.fullmatch(local):
        local = local[1:-1]
    elif not _ATOM.fullmatch(local) or "" in local.split("."):
        raise MailRefused(_NONE)
    host = _host(domain)
    if not local.isascii() and "xn--" in host:
        host = idna.decode(host)
    address = Address("", local, host)
    if len(address.addr_spec.encode()) > _LONGEST or len(local.encode()) > _LONGEST_LOCAL:
        raise MailRefused("the address is too long")
    return address


def _host(domain: str) -> str:
    """Return a domain in ASCII; raises ``MailRefused``."""
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True, transitional=False).decode()
        except (idna.IDNAError, UnicodeError):
            raise MailRefused(_NONE) from None
    if not _HOST.fullmatch(domain):
        raise MailRefused(_NONE)
    return domain


def sender(text: str) -> Address:
    """Parse an address such as ``Library <books@example.com>``; raises ``ValueError``."""
    if re.search(f"[{_CONTROL}]", text):
        raise ValueError(f"sender: {text!r} holds a control character")
    name, spec = parseaddr(text)
    if "@" not in spec:
        raise ValueError(f"sender: {text!r} is no mail address")
    try:
        address = receiver(spec)
    except MailRefused as error:
        raise ValueError(f"sender: {text!r}: {error}") from None
    return Address(name, address.username, address.domain)
