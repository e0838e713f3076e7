"""Users: how they sign in; sessions; devices, and who sends to them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from parsepy.auth import PROVIDERS, UNCONFIGURED
from parsepy.cli.migrate.findings import Section
from parsepy.cli.migrate.look import SECONDS, Look

_SET = {"$exists": True, "$ne": None}
_BCRYPT = {"$regex": r"^\$2[abxy]\$"}
_FACTORS = ("mfa",)
_SENDERS = {"ios": ("ios", "osx", "tvos", "watchos"), "android": ("android",)}


def users(look: Look) -> Section:
    """Look at passwords, providers, second factors and sessions."""
    section = Section("Users")
    section.fine.append(f"users: {look.count('_User')}")
    if not look.has("_User"):
        return section
    hashed = look.count("_User", {"_hashed_password": _BCRYPT})
    section.fine.append(f"passwords (bcrypt): {hashed}")
    foreign = look.count("_User", {"_hashed_password": {**_SET, "$not": _BCRYPT}})
    if foreign:
        section.to_do.append(
            f"{foreign} users have passwords that are not of bcrypt: they must reset them"
        )
    for name, number in sorted(_providers(look).items()):
        _of_provider(look, section, name, number)
    waiting = look.count("_User", {"_email_verify_token": _SET})
    if waiting:
        section.fine.append(f"links that confirm an address, still good: {waiting}")
    if look.count("_Session"):
        section.fine.append(f"sessions: {look.count('_Session')}, nobody has to log in again")
    return section


def _of_provider(look: Look, section: Section, name: str, number: int) -> None:
    has = name in PROVIDERS and (name in UNCONFIGURED or name in look.old.providers)
    if name in _FACTORS:
        if has:
            section.fine.append(f"users with a second factor ({name}): {number}")
        else:
            section.to_do.append(
                f"{number} users have a second factor (auth.{name}): they can't log in without it"
            )
    elif has:
        section.fine.append(f"users of {name}: {number}")
    elif name in look.old.providers:
        section.fine.append(f"users of {name}: {number}, by the adapter in auth.{name}")
    elif name in PROVIDERS:
        section.to_do.append(
            f"{number} users sign in by {name}, which is built in, but auth does not name it: "
            f'write "auth": {{"{name}": {{…}}}} (docs/accounts.md)'
        )
    else:
        section.to_do.append(
            f"{number} users sign in by {name}, which auth does not name: write an adapter, "
            f'"auth": {{"{name}": {{"module": "adapters/{name}.py"}}}} (README, Configuration)'
        )


def _providers(look: Look) -> Counter[str]:
    """How many users each provider has."""
    stages: list[dict[str, Any]] = [
        {"$project": {"kv": {"$objectToArray": "$$ROOT"}}},
        {"$unwind": "$kv"},
        {"$match": {"kv.k": {"$regex": "^_auth_data_"}, "kv.v": {"$ne": None}}},
        {"$group": {"_id": "$kv.k", "count": {"$sum": 1}}},
    ]
    found = look.collection("_User").aggregate(stages, maxTimeMS=SECONDS * 1000)
    return Counter({row["_id"].removeprefix("_auth_data_"): row["count"] for row in found})


def devices(look: Look) -> Section:
    """Look at installations, and whether the options name what sends to them."""
    section = Section("Installations")
    if not look.has("_Installation"):
        return section
    stages: list[dict[str, Any]] = [
        {"$match": {"deviceToken": _SET}},
        {"$group": {"_id": "$deviceType", "count": {"$sum": 1}}},
    ]
    for row in look.collection("_Installation").aggregate(stages, maxTimeMS=SECONDS * 1000):
        kind, number = str(row["_id"]), row["count"]
        sender = next((name for name, kinds in _SENDERS.items() if kind in kinds), None)
        senders = look.old.senders
        if not senders or sender in senders or kind in senders or "adapter" in senders:
            section.fine.append(f"{kind} with a token: {number}")
        else:
            section.to_do.append(f"{number} devices are {kind}, and push names no sender for them")
    return section
