"""Apple's Game Center: a player's identity, signed by a certificate that Apple publishes."""

from __future__ import annotations

import base64
import binascii
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from parsepy.auth.options import OptionsError, option
from parsepy.auth.providers.asking import ProviderApi
from parsepy.auth.providers.proving import ProvingAdapter, text_of
from parsepy.errors import ParseError
from parsepy.model.values import JSONObject
from parsepy.outgoing import Outgoing

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_DIGICERT = "https://cacerts.digicert.com/DigiCertTrustedG4CodeSigningRSA4096SHA3842021CA1.crt.pem"
_SECONDS = 3600.0  # that a certificate is kept
_DAY = 86_400
_AHEAD = 300  # seconds that Apple's clock may go before ours
_MOST = 16  # certificates kept; clients name them
_LARGEST = 20_000  # bytes of a certificate
_FIELDS = ("id", "publicKeyUrl", "timestamp", "signature", "salt")


@dataclass(frozen=True)
class GameCenterOptions:
    """The game, and the certificate that Apple's are issued by."""

    bundle_id: str | None = option("bundleId", default=None, is_needed=True)
    root_certificate_url: str = _DIGICERT
    enable_insecure_auth: bool = False
    max_age: int = _DAY
    """Seconds for which a signature is good."""

    def __post_init__(self) -> None:
        problems = []
        if self.bundle_id is None and not self.enable_insecure_auth:
            problems.append("bundleId is missing")
        if self.max_age <= 0:
            problems.append("maxAge: expected a number of seconds from 1 on")
        if problems:
            raise OptionsError(problems)


class GameCenter(ProvingAdapter):
    """https://developer.apple.com/documentation/gamekit/gklocalplayer/fetchitemsforidentityverificationsignature.

    Certificates are fetched when a log-in needs them: one that can't be had refuses that log-in.
    """

    Options = GameCenterOptions
    title = "Game Center"
    modes = ("signature",)

    def __init__(self, options: GameCenterOptions, http: Outgoing) -> None:
        super().__init__()
        self._options = options
        self._api = ProviderApi(self.title, http)
        self._certificates: OrderedDict[str, tuple[Certificate, float]] = OrderedDict()

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """Player, game, moment and salt are what is signed."""
        given = {name: auth_data.get(name) for name in _FIELDS}
        if self._options.bundle_id is None:
            given["bundleId"] = auth_data.get("bundleId")
        for name, value in given.items():
            if not value or not isinstance(value, str | int) or isinstance(value, bool):
                raise self.refused(f"AuthData {name} is missing.")
        bundle_id = self._options.bundle_id or given["bundleId"]
        signature, salt = (_bytes_of(auth_data, name) for name in ("signature", "salt"))
        moment = _moment_of(given["timestamp"])
        if signature is None or salt is None or moment is None:
            raise self.refused("Invalid signature.")
        age = time.time() - int.from_bytes(moment, "big") / 1000
        if not -_AHEAD <= age <= self._options.max_age:
            raise self.refused("The signature is too old.")
        if not isinstance(given["id"], str) or not isinstance(bundle_id, str):
            raise self.refused("Invalid signature.")
        try:
            signed = given["id"].encode() + bundle_id.encode() + moment + salt
        except UnicodeEncodeError as error:
            raise self.refused("Invalid signature.") from error
        certificate = await self._apples(str(given["publicKeyUrl"]))
        if not _is_signed(certificate, signature, signed):
            raise self.refused("Invalid signature.")
        return dict(auth_data)

    async def _apples(self, url: str) -> Certificate:
        """A certificate at an address of Apple's, of the right issuer; raises ``ParseError``."""
        if not _is_apples(url):
            raise self.refused("Invalid publicKeyUrl.")
        issuer = await self._certificate_at(self._options.root_certificate_url)
        found = await self._certificate_at(url)
        if not _is_issued_by(found, issuer):
            raise self.refused("Invalid publicKeyUrl.")
        return found

    async def _certificate_at(self, url: str) -> Certificate:
        kept = self._certificates.get(url)
        if kept is not None and kept[1] > time.monotonic():
            return kept[0]
        reply = await self._api.reply_to_get(url)
        certificate = self._read(reply.body)
        self._certificates[url] = (certificate, time.monotonic() + _SECONDS)
        self._certificates.move_to_end(url)
        for other in list(self._certificates)[: len(self._certificates) - _MOST]:
            if other != self._options.root_certificate_url:
                del self._certificates[other]
        return certificate

    def _read(self, body: bytes) -> Certificate:
        from cryptography import x509

        try:
            if len(body) > _LARGEST:
                raise ValueError("too large")
            is_text = body.lstrip().startswith(b"-----")
            read = x509.load_pem_x509_certificate if is_text else x509.load_der_x509_certificate
            return read(body)
        except ValueError as error:
            raise self._no_certificate() from error

    def _no_certificate(self) -> ParseError:
        return self.refused("Invalid publicKeyUrl.")


def _is_apples(url: str) -> bool:
    """May a client name it? Only what Apple's own servers hold."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and "\\" not in url and len(url) < 300
    is_plain = is_plain and not (parts.username or parts.password or parts.query or parts.fragment)
    is_host = host == "apple.com" or host.endswith(".apple.com")
    return (
        is_plain and parts.scheme == "https" and port is None and is_host and _is_file(parts.path)
    )


def _is_file(path: str) -> bool:
    return path.endswith(".cer")


def _is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    now = datetime.now(UTC)
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return all(
        one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in (certificate, issuer)
    )


def _is_signed(certificate: Certificate, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _bytes_of(auth_data: JSONObject, name: str) -> bytes | None:
    text = text_of(auth_data, name)
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _moment_of(value: Any) -> bytes | None:
    """A number of milliseconds as eight bytes; clients may send it as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    if isinstance(value, int) and 0 < value < 2**64:
        return value.to_bytes(8, "big")
    return None
