"""``User``, ``Role``, ``Session``, ``Installation``: the system classes, with what they add."""

from collections.abc import Mapping
from typing import Any, Self

from parsepy.cloud import current
from parsepy.cloud.objects import Object, Relation
from parsepy.cloud.values import ACL
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.operations import accounts, principals, users
from parsepy.operations.writes import Saved


class User(Object, class_name="_User"):
    """A user: ``username``, ``email``, ``password`` (to set only) and the fields of the class."""

    __slots__ = ("session_token",)

    def __init__(self, **fields: Any) -> None:
        super().__init__("_User", **fields)

    def _begin(self, class_name: str) -> None:
        super()._begin(class_name)
        self.session_token: str | None = None

    @property
    def username(self) -> str | None:
        """The name to log in with."""
        name: str | None = self.get("username")
        return name

    @username.setter
    def username(self, value: str) -> None:
        self.set("username", value)

    @property
    def email(self) -> str | None:
        """The e-mail address."""
        address: str | None = self.get("email")
        return address

    @email.setter
    def email(self, value: str) -> None:
        self.set("email", value)

    def set_password(self, password: str) -> Self:
        """Choose a new password, from the next save on."""
        return self.set("password", password)

    @property
    def is_anonymous(self) -> bool:
        """Did the user sign up without a name?"""
        return bool((self.get("authData") or {}).get("anonymous"))

    async def sign_up(self, **rights: Any) -> Self:
        """Store a new user; as in the other SDKs, cloud code gets no session for it."""
        if not self.is_new:
            raise ParseError(Code.OTHER_CAUSE, "This user has signed up already.")
        return await self.save(**rights)

    def _saved(self, saved: Saved, sent: JSONObject) -> None:
        super()._saved(saved, sent)
        self._values.pop("password", None)
        self._stored.pop("password", None)
        token = self._values.pop("sessionToken", None)
        self._stored.pop("sessionToken", None)
        if isinstance(token, str):
            self.session_token = token

    def load(self, item: JSONObject) -> Self:
        """Take over a `_User` in REST form; its token becomes ``session_token``."""
        token = item.get("sessionToken")
        if isinstance(token, str):
            self.session_token = token
        return super().load({k: v for k, v in item.items() if k != "sessionToken"})

    @classmethod
    async def log_in(cls, username: str, password: str, **more: Any) -> "User":
        """The user behind a name and password, with a new session in ``session_token``.

        Raises OBJECT_NOT_FOUND ("Invalid username/password.").
        """
        acting = await current.context()
        found = await users.log_in(acting, {"username": username, "password": password, **more})
        return cls().load(found)

    @classmethod
    async def become(cls, session_token: str) -> "User":
        """The user of a session token; raises INVALID_SESSION_TOKEN."""
        acting = await current.context(session_token=session_token)
        return cls().load(await users.me(acting))

    @classmethod
    async def log_in_as(cls, user_id: str) -> "User":
        """Any user, by the master key, with a new session in ``session_token``.

        Raises OBJECT_NOT_FOUND.
        """
        acting = await current.context(use_master_key=True)
        return cls().load(await users.log_in_as(acting, user_id))

    @classmethod
    async def verify_password(cls, username: str, password: str, **more: Any) -> "User":
        """The user behind a name and password, without a session.

        Raises OBJECT_NOT_FOUND ("Invalid username/password.").
        """
        acting = await current.context()
        given = {"username": username, "password": password, **more}
        return cls().load(await users.verify_password(acting, given))

    @staticmethod
    async def request_password_reset(email: str) -> None:
        """Mail the link that sets a new password to an address, as clients ask for it.

        Raises INTERNAL_SERVER_ERROR without a mail adapter, EMAIL_MISSING, what
        beforePasswordResetRequest raises, and OBJECT_NOT_FOUND for an unknown address only if
        ``passwordPolicy.resetPasswordSuccessOnInvalidEmail`` is off.
        """
        acting = await current.context()
        await accounts.request_password_reset(acting, {"email": email})

    @staticmethod
    async def request_email_verification(email: str) -> None:
        """Mail the link that confirms an address again, as clients ask for it.

        Raises INTERNAL_SERVER_ERROR without a mail adapter, EMAIL_MISSING, and EMAIL_NOT_FOUND or
        OTHER_CAUSE only if ``emailVerifySuccessOnInvalidEmail`` is off.
        """
        acting = await current.context()
        await accounts.request_verification(acting, {"email": email})

    async def log_out(self) -> None:
        """End the session in ``session_token``, if there is one."""
        if self.session_token is not None:
            acting = await current.context(session_token=self.session_token)
            await users.log_out(acting)
            self.session_token = None

    async def roles(self) -> list[str]:
        """The names of the roles that the user holds, inherited ones included."""
        backend = current.backend()
        return sorted(await principals.roles_of(backend, self.to_pointer()["objectId"]))

    async def has_role(self, name: str) -> bool:
        """Does the user hold this role, directly or by inheritance?"""
        return name in await self.roles()


class Role(Object, class_name="_Role"):
    """A role: a name, its users, and the roles whose users hold it as well."""

    __slots__ = ()

    def __init__(self, name: str | None = None, acl: ACL | None = None, **fields: Any) -> None:
        super().__init__("_Role", **fields)
        if name is not None:
            self.set("name", name)
        if acl is not None:
            self.acl = acl

    @property
    def name(self) -> str | None:
        """The role's name."""
        found: str | None = self.get("name")
        return found

    @property
    def acl_name(self) -> str | None:
        """What stands for the role in an ACL."""
        return f"role:{self.name}" if self.name else None

    @property
    def users(self) -> Relation:
        """The members."""
        return self.relation("users")

    @property
    def roles(self) -> Relation:
        """The roles whose members hold this one, too."""
        return self.relation("roles")


class Session(Object, class_name="_Session"):
    """A session; read with the rights of its user or of the master key."""

    __slots__ = ()

    def __init__(self, **fields: Any) -> None:
        super().__init__("_Session", **fields)

    @property
    def session_token(self) -> str | None:
        """The token that clients send."""
        found: str | None = self.get("sessionToken")
        return found


class Installation(Object, class_name="_Installation"):
    """A device: where pushes go."""

    __slots__ = ()

    def __init__(self, **fields: Any) -> None:
        super().__init__("_Installation", **fields)


def user_of(user: Mapping[str, Any] | None, session_token: str | None) -> User | None:
    """Make the ``User`` of a request's caller; None for nobody."""
    if user is None:
        return None
    found = User().load(dict(user))
    found.session_token = session_token
    return found
