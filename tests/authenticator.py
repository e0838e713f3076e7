"""A software authenticator: what a browser and a device answer to options of WebAuthn."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40
_ES256, _EC2, _P256 = -7, 2, 1


def to_text(data: bytes) -> str:
    """Bytes as WebAuthn's JSON has them."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def to_bytes(text: str) -> bytes:
    """The bytes of such a text."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Key:
    """A key that the device keeps for a site, and the user's handle there."""

    id: bytes
    handle: str
    private: ec.EllipticCurvePrivateKey
    count: int = 0


@dataclass
class Authenticator:
    """A device with its keys, and the page on which it is asked."""

    origin: str = "https://shop.example"
    verifies: bool = True
    tells_handle: bool = True
    keys: list[Key] = field(default_factory=list)

    def create(self, options: Any) -> dict[str, Any]:
        """Make a key, as ``navigator.credentials.create`` does; refuses an excluded one."""
        known = {to_text(key.id) for key in self.keys}
        if known & {item["id"] for item in options.get("excludeCredentials", [])}:
            raise LookupError("InvalidStateError: the device has a key of this user")
        key = Key(
            secrets.token_bytes(16), options["user"]["id"], ec.generate_private_key(ec.SECP256R1())
        )
        self.keys.append(key)
        numbers = key.private.public_key().public_numbers()
        public = {
            1: _EC2,
            3: _ES256,
            -1: _P256,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + len(key.id).to_bytes(2, "big") + key.id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], _ATTESTED, key.count) + attested
        attestation = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._answer(
            key,
            clientDataJSON=to_text(self._client_data("webauthn.create", options["challenge"])),
            attestationObject=to_text(cbor2.dumps(attestation)),
        )

    def get(self, options: Any) -> dict[str, Any]:
        """Sign a challenge by one of its keys, as ``navigator.credentials.get`` does."""
        allowed = {item["id"] for item in options.get("allowCredentials", [])}
        key = next(key for key in self.keys if not allowed or to_text(key.id) in allowed)
        key.count += 1
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data(options["rpId"], 0, key.count)
        signed = data + hashlib.sha256(client_data).digest()
        fields = {"userHandle": key.handle} if self.tells_handle else {}
        return self._answer(
            key,
            clientDataJSON=to_text(client_data),
            authenticatorData=to_text(data),
            signature=to_text(key.private.sign(signed, ec.ECDSA(SHA256()))),
            **fields,
        )

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, rp_id: str, flags: int, count: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _answer(self, key: Key, **response: str) -> dict[str, Any]:
        return {
            "id": to_text(key.id),
            "rawId": to_text(key.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }
