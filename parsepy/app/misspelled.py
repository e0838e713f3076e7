"""Class names of cloud code that no schema has, and what they were meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches

from parsepy.backend import Backend
from parsepy.model import templates
from parsepy.model.schema import SYSTEM_COLUMNS
from parsepy.operations import schemas


async def misspelled(backend: Backend, registered: Iterable[tuple[str, str]]) -> list[str]:
    """Say of each trigger on a class that there is not what its name is close to.

    A name that is close to none may be that of a class to come, where clients may make classes.
    """
    lines = []
    for kind, name in registered:
        if name[:1] == "@" or name in SYSTEM_COLUMNS or name in backend.triggers.optional_classes:
            continue
        if (await schemas.existing(backend, name)).exists:
            continue
        known = {*backend.schemas.classes, *SYSTEM_COLUMNS}
        folded = {one.lower(): one for one in known}
        near = [folded.get(name.lower()), *get_close_matches(name, known, 1)]
        meant = templates.MEANT.get(name) or next((one for one in near if one), None)
        if meant:
            lines.append(f"{kind} of {name}: there is no such class; is {meant} meant?")
        elif not backend.config.allow_client_class_creation:
            lines.append(f"{kind} of {name}: there is no such class, and clients may make none")
    return lines
