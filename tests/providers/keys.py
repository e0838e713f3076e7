"""What the made-up providers sign with: keys, tokens, and Game Center's certificates."""

import base64
import json
import struct
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

HOUR = 3600
CLIENT = "client-of-the-shop"
BUNDLE = "test.shop.game"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key, the same for the same name in this process."""
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """Likewise, on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def public_keys() -> list[dict[str, Any]]:
    """The keys that the providers publish."""
    first = json.loads(RSAAlgorithm.to_jwk(rsa_key("provider").public_key()))
    second = json.loads(ECAlgorithm.to_jwk(ec_key("provider").public_key()))
    return [
        {**first, "kid": "rsa-1", "use": "sig", "alg": "RS256"},
        {**second, "kid": "ec-1", "use": "sig", "alg": "ES256"},
    ]


def token(issuer: str, subject: Any, **more: Any) -> str:
    """An ID token; ``more`` are other claims, and the header's ``alg``, ``kid`` and the ``key``."""
    algorithm, kid = more.pop("alg", "RS256"), more.pop("kid", "rsa-1")
    key = more.pop("key", None) or rsa_key("provider")
    now = int(time.time())
    claims = {"iss": issuer, "sub": subject, "aud": CLIENT, "iat": now, "exp": now + HOUR} | more
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid else None)


def false_tokens(issuer: str, subject: str) -> dict[str, str]:
    """Tokens that nobody may get in with, by what is wrong with each."""
    now = int(time.time())
    public = rsa_key("provider").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    good = token(issuer, subject)
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", "none", headers={"kid": "rsa-1"})
    return {
        "another audience": token(issuer, subject, aud="another"),
        "no audience": token(issuer, subject, aud=None),
        "two audiences, asked for by another": token(
            issuer, subject, aud=[CLIENT, "another"], azp="another"
        ),
        "another issuer": token("https://evil.test", subject),
        "an issuer that begins alike": token(f"{issuer}.evil.test", subject),
        "no issuer": token(issuer, subject, iss=None),
        "expired": token(issuer, subject, exp=now - HOUR),
        "without an end": token(issuer, subject, exp=None),
        "not valid yet": token(issuer, subject, nbf=now + HOUR),
        "another key under the same id": token(issuer, subject, key=rsa_key("rogue")),
        "an unknown key": token(issuer, subject, kid="rsa-9", key=rsa_key("rogue")),
        "no algorithm": unsigned,
        "the public key as a secret": _signed_by_text(good, pem),
        "another algorithm of the key": token(issuer, subject, alg="RS512"),
        "the id of a key of another kind": token(issuer, subject, kid="ec-1"),
        "changed": f"{head}.{body[:-2]}{'A' if body[-2] != 'A' else 'B'}{body[-1]}.{signature}",
        "no token": "neither-a-token-nor-anything-like-it",
        "a header that is no object": f"W10.{body}.{signature}",
        "another's": token(issuer, f"{subject}-not"),
        "no subject": token(issuer, None),
        "too long": f"{good}{'A' * 20_000}",
    }


def _signed_by_text(good: str, secret: bytes) -> str:
    """A token signed with HMAC by a text that everybody knows; libraries refuse to make one."""
    import hashlib
    import hmac

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = part(json.dumps({"alg": "HS256", "kid": "rsa-1", "typ": "JWT"}).encode())
    signed = f"{head}.{good.split('.')[1]}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


@dataclass(frozen=True)
class Authority:
    """Who issues certificates, and one that it has issued."""

    name: str
    root: x509.Certificate = field(init=False)
    leaf: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        ca, key = rsa_key(f"{self.name} ca"), rsa_key(f"{self.name} leaf")
        object.__setattr__(self, "root", _certificate(self.name, self.name, ca, ca))
        object.__setattr__(self, "leaf", _certificate("game", self.name, key, ca))

    def signed(self, player: str, age: int = 0, **more: Any) -> dict[str, Any]:
        """AuthData that Game Center vouches for, so many seconds ago."""
        now = int((time.time() - age) * 1000)
        salt = b"salt of game center"
        payload = player.encode() + BUNDLE.encode() + struct.pack(">Q", now) + salt
        signature = rsa_key(f"{self.name} leaf").sign(payload, PKCS1v15(), SHA256())
        return {
            "id": player,
            "publicKeyUrl": "https://static.gc.apple.com/public-key/gc-prod-1.cer",
            "timestamp": now,
            "salt": base64.b64encode(salt).decode(),
            "signature": base64.b64encode(signature).decode(),
            **more,
        }


@cache
def authority(name: str = "apple") -> Authority:
    """The same for the same name in this process."""
    return Authority(name)


def _certificate(
    subject: str, issuer: str, key: rsa.RSAPrivateKey, signer: rsa.RSAPrivateKey
) -> x509.Certificate:
    now = datetime.now(UTC)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(signer, SHA256())
    )
