"""``create``, ``update`` and ``delete`` of an object of any class: which operation that means.

Every door enters here, so that a condition, a sign-up or the merging of a device's rows
does not depend on the way in.
"""

from dataclasses import dataclass
from typing import Protocol

from parsepy.backend import RequestContext
from parsepy.model.values import JSONObject
from parsepy.operations import installations, save, users
from parsepy.operations.delete import delete as delete
from parsepy.operations.save import create_together as create_together
from parsepy.operations.writes import PLAIN, Saved, SaveOptions


class CreateOperation(Protocol):
    """Make an object of one class from a body."""

    async def __call__(
        self, context: RequestContext, body: JSONObject, options: SaveOptions = PLAIN
    ) -> Saved: ...


class UpdateOperation(Protocol):
    """Change the object of one class that has this id."""

    async def __call__(
        self,
        context: RequestContext,
        object_id: str,
        body: JSONObject,
        options: SaveOptions = PLAIN,
    ) -> Saved: ...


@dataclass(frozen=True, slots=True)
class Operations:
    """What stands in place of the plain write spine for a class."""

    create: CreateOperation
    update: UpdateOperation


OPERATIONS = {
    "_User": Operations(users.sign_up, users.update),
    "_Installation": Operations(installations.create_or_update, installations.update),
}


async def create(
    context: RequestContext, class_name: str, body: JSONObject, options: SaveOptions = PLAIN
) -> Saved:
    """Make an object: on `_User` sign up or log in, on `_Installation` maybe change a row.

    Raises ``ValueError`` for a condition, since there is no stored object of which it could hold.
    """
    if options.condition:
        raise ValueError("a condition is for an object that is stored already")
    own = OPERATIONS.get(class_name)
    if own is not None:
        return await own.create(context, body, options)
    return await save.create(context, class_name, body, options)


def may_create_together(context: RequestContext, class_name: str) -> bool:
    """May new objects of a class be made by ``create_together``?"""
    return class_name not in OPERATIONS and save.may_create_together(context, class_name)


async def update(
    context: RequestContext,
    class_name: str,
    object_id: str,
    body: JSONObject,
    options: SaveOptions = PLAIN,
) -> Saved:
    """Change an object; OBJECT_NOT_FOUND if it is not there or not the caller's to write.

    Raises ``ConditionFailed`` if the condition of ``options`` does not hold, whatever the class.
    """
    own = OPERATIONS.get(class_name)
    if own is not None:
        return await own.update(context, object_id, body, options)
    return await save.update(context, class_name, object_id, body, options)
