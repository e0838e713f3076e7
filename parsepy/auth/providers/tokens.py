"""Signed tokens (RFC 7519): signature, algorithm, issuer, audience and age, all of them checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parsepy.auth.providers.key_sets import KeySet
from parsepy.auth.providers.proving import identity_of
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject

_LEEWAY = 10  # seconds by which two clocks may differ


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: one of the issuers, and one of the audiences.

    Without ``audiences`` the caller checks for whom the token is (protocol §15.9).
    """

    issuers: tuple[str, ...]
    audiences: tuple[str, ...] = ()


async def verified(token: str, keys: KeySet, expected: Expected) -> JSONObject:
    """The claims of a token that is true; raises OBJECT_NOT_FOUND, without telling any option."""
    import jwt
    from jwt.exceptions import PyJWTError

    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError) as error:
        raise _refused("provided token does not decode as JWT") from error
    kid = header.get("kid")
    key = await keys.find(kid if isinstance(kid, str) else None)
    if key is None:
        raise _refused(f"Unable to find matching key for Key ID: {str(kid)[:100]}")
    if header.get("alg") != key.algorithm_name:
        raise _refused("invalid algorithm")
    try:
        claims: JSONObject = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=expected.audiences or None,
            leeway=_LEEWAY,
            options={
                "require": ["exp", "iss", "sub", *(["aud"] if expected.audiences else [])],
                "verify_aud": bool(expected.audiences),
            },
        )
    except (PyJWTError, ValueError, RecursionError) as error:
        raise _refused(_said_of(error)) from error
    if not isinstance(claims["sub"], str) or identity_of(claims["sub"]) is None:
        raise _refused("invalid token")
    if claims["iss"] not in expected.issuers:
        raise _refused("token not issued by correct provider")
    if not _is_for(claims, expected):
        raise _refused("jwt audience invalid")
    return claims


def email_in(token: str) -> str | None:
    """The address that the issuer of a token, which is ``verified``, has verified itself."""
    import jwt

    claims = jwt.decode(token, options={"verify_signature": False})
    email = claims.get("email")
    # Apple tells text
    is_verified = claims.get("email_verified") in (True, "true")
    return email if isinstance(email, str) and email and is_verified else None


def _is_for(claims: Mapping[str, Any], expected: Expected) -> bool:
    """Was a token for several audiences asked for by one of ours (OpenID Connect 3.1.3.7)?"""
    several = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
    if not expected.audiences or not several or "azp" not in claims:
        return True
    return claims["azp"] in expected.audiences


def _said_of(error: Exception) -> str:
    """The refusal of a token, in the words of Parse Server's library."""
    from jwt import exceptions

    words: tuple[tuple[type[Exception], str], ...] = (
        (exceptions.ExpiredSignatureError, "jwt expired"),
        (exceptions.ImmatureSignatureError, "jwt not active"),
        (exceptions.InvalidAudienceError, "jwt audience invalid"),
        (exceptions.InvalidSignatureError, "invalid signature"),
    )
    return next((text for kind, text in words if isinstance(error, kind)), "invalid token")


def _refused(text: str) -> ParseError:
    return ParseError(Code.OBJECT_NOT_FOUND, text)
