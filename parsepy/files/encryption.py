"""``Encryption``: Parse Server's format of encrypted files, in pieces (protocol §6.10).

A stored file is the AES-256-GCM ciphertext, then 16 bytes of IV, then 16 bytes of tag.
"""

import base64
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

_IV = _TAG = 16
OVERHEAD = _IV + _TAG
Read = Callable[[int, int], AsyncIterator[bytes]]


class Encryption:
    """Encrypts and decrypts with the key that is derived from the option ``encryptionKey``."""

    def __init__(self, key: str) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        except ImportError as error:
            raise ImportError(
                "encryptionKey needs cryptography: pip install 'parsepy-server[encryption]'"
            ) from error
        digest = hashlib.sha256(key.encode()).digest()
        algorithm = algorithms.AES256(base64.b64encode(digest)[:32])

        def cipher(iv: bytes, tag: bytes | None = None) -> Any:
            return Cipher(algorithm, modes.GCM(iv, tag))

        self._cipher = cipher

    async def encrypted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Encrypt chunks as they arrive: yields the stored form in pieces."""
        iv = os.urandom(_IV)
        encryptor = self._cipher(iv).encryptor()
        async for piece in chunks:
            yield encryptor.update(piece)
        yield encryptor.finalize() + iv + encryptor.tag

    async def decrypted(
        self, read: Read, length: int, start: int, stop: int
    ) -> AsyncIterator[bytes]:
        """Decrypt a range of a stored file that is ``length`` bytes long: yields plain bytes.

        The file is read twice, so that nothing is returned before all of it is authenticated.
        Raises ``ValueError`` if it was changed, or was encrypted with another key.
        """
        end = length - OVERHEAD
        if end < 0:
            raise ValueError("the file is too short to be an encrypted one")
        tail = b"".join([piece async for piece in read(end, length)])
        iv, tag = tail[:_IV], tail[_IV:]
        await self._verify(read(0, end), iv, tag)
        decryptor = self._cipher(iv).decryptor()
        offset = 0
        async for piece in read(0, min(stop, end)):
            plain = decryptor.update(piece)
            wanted = plain[max(start - offset, 0) :]
            offset += len(plain)
            if wanted:
                yield wanted

    async def _verify(self, stored: AsyncIterator[bytes], iv: bytes, tag: bytes) -> None:
        from cryptography.exceptions import InvalidTag

        decryptor = self._cipher(iv, tag).decryptor()
        async for piece in stored:
            decryptor.update(piece)
        try:
            decryptor.finalize()
        except InvalidTag as error:
            raise ValueError("the file is not encrypted with this encryptionKey") from error
