"""``ProviderRequest``: what a sign-in adapter is told, and may do (``auth.base.AuthRequest``)."""

from dataclasses import dataclass, fields

from parsepy.auth.base import Step
from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.model.where import by_id
from parsepy.operations import principals, schemas
from parsepy.operations.class_rules import auth_data
from parsepy.operations.mails import codes
from parsepy.storage import DuplicateKey
from parsepy.storage.options import FIRST


@dataclass(slots=True, repr=False)
class ProviderRequest(RequestContext):
    """A request, with the user and the provider whom it is about."""

    original: JSONObject | None = None
    provider: str = ""
    step: Step | None = None
    is_challenge: bool = False

    @property
    def master(self) -> bool:
        """Does the request come with the master key?"""
        return self.principal.is_master

    @property
    def user_id(self) -> str | None:
        """The objectId of the user whose session the request comes with."""
        return self.principal.user_id

    @property
    def stored(self) -> JSONObject:
        """The user's authData of this provider; empty if there is none."""
        return stored_of(self.original, self.provider)

    async def keep(self, auth_data: JSONObject) -> None:
        """Store authData of this provider for the user now, whatever follows."""
        if self.original is not None:
            await store(self, self.original, {self.provider: auth_data})

    async def claim(self, name: str, seconds: int) -> bool:
        """Take a name for so many seconds; False if any process has it."""
        claims = self.backend.storage.claims
        return await claims.take_for(f"auth:{self.provider}:{name}", seconds)

    async def release(self, name: str) -> None:
        """Give a name back before its time."""
        await self.backend.storage.claims.release(f"auth:{self.provider}:{name}")

    async def has_user(self, auth_id: str) -> bool:
        """Has a user linked this provider by just this id?"""
        where = {f"authData.{self.provider}.id": auth_id}
        return bool(await schemas.lookup(self.backend, "_User", where, FIRST))

    async def mail_code(self, email: str, locale: str | None) -> None:
        """Mail a code to the user with this verified address, if there is one."""
        await codes.ask(self, email, locale)

    async def use_code(self, email: str, code: str) -> str | None:
        """The user whom a code was mailed to, which is used up; this provider is linked to them."""
        user = await codes.use(self.backend, email, code)
        if user is None:
            return None
        user_id: str = user["objectId"]
        await store(self, user, {self.provider: {"id": user_id}})
        return user_id


def request_of(
    context: RequestContext,
    provider: str,
    user: JSONObject | None,
    *,
    step: Step | None = None,
    is_challenge: bool = False,
) -> ProviderRequest:
    """The request as the adapter of a provider sees it; ``user`` is whom it is about."""
    same = {field.name: getattr(context, field.name) for field in fields(RequestContext)}
    return ProviderRequest(
        **same, original=user, provider=provider, step=step, is_challenge=is_challenge
    )


def stored_of(user: JSONObject | None, provider: str) -> JSONObject:
    """A user's authData of one provider; empty if there is none."""
    found = ((user or {}).get("authData") or {}).get(provider)
    return found if isinstance(found, dict) else {}


async def store(context: RequestContext, user: JSONObject, checked: auth_data.Providers) -> None:
    """Store what providers answered, unless authData has changed meanwhile (§15.7).

    ``user`` has the new authData afterwards. Raises ``lost()``, and ACCOUNT_ALREADY_LINKED where
    another user has the same identity. Parse: no hook of a save runs for it.
    """
    stored = user.get("authData") or {}
    changed = {name: data for name, data in checked.items() if data != stored.get(name)}
    if not changed:
        return
    schema = await schemas.existing(context.backend, "_User")
    unchanged = auth_data.unchanged(stored, changed)
    where = (by_id(user["objectId"]), *unchanged)
    try:
        found = await context.backend.storage.update(schema, where, {"authData": changed})
    except DuplicateKey as error:
        raise auth_data.already_used() from error
    if found is None:
        raise lost()
    user["authData"] = {**stored, **changed}
    principals.forget_user(context.backend, user["objectId"])


def lost() -> ParseError:
    """The refusal of who was slower than another that used the same code."""
    return ParseError(Code.SCRIPT_FAILED, "Invalid auth data")
