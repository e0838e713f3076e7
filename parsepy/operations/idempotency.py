"""``claim``: a request id counts once (protocol §25)."""

from datetime import timedelta

from parsepy.backend import Backend
from parsepy.errors import Code, ParseError
from parsepy.model.values import date, new_id, now, to_iso
from parsepy.operations import schemas
from parsepy.storage import DuplicateKey

CLASS = "_Idempotency"


async def claim(backend: Backend, request_id: str) -> None:
    """Burn ``request_id`` for ``idempotencyOptions.ttl`` seconds, whatever comes of the request.

    Raises DUPLICATE_REQUEST if it was burnt before, by this server or another one.
    """
    moment = now()
    row = {
        "objectId": new_id(backend.config.object_id_size),
        "reqId": request_id,
        "expire": date(moment + timedelta(seconds=backend.config.idempotency_options.ttl)),
        "createdAt": to_iso(moment),
        "updatedAt": to_iso(moment),
    }
    try:
        await backend.storage.insert(await schemas.existing(backend, CLASS), row)
    except DuplicateKey as error:
        raise ParseError(Code.DUPLICATE_REQUEST, "Duplicate request") from error
