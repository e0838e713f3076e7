"""``HookDecorators``: those that register hooks; each says which request its hook is given."""

import inspect
import logging
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, Unpack, overload

from parsepy.cloud.config import Config
from parsepy.cloud.files import File
from parsepy.cloud.handlers import handlers_of
from parsepy.cloud.objects import Object
from parsepy.cloud.rate_limits import limit_of_trigger
from parsepy.cloud.requests import (
    ConfigRequest,
    ConnectRequest,
    DeleteRequest,
    FileRequest,
    FindRequest,
    FoundRequest,
    LiveEventRequest,
    SaveRequest,
    SubscribeRequest,
    UserRequest,
    WriteRequest,
)
from parsepy.cloud.signatures import (
    AllRules,
    AroundHook,
    Asking,
    Following,
    Found,
    Hook,
    Saving,
    SavingFile,
)
from parsepy.cloud.validators import declared
from parsepy.model.schema import is_class_name
from parsepy.triggers import (
    CONFIG,
    CONNECT,
    FILE,
    Triggers,
)

U = TypeVar("U", bound=Callable[[UserRequest], Any])
C = TypeVar("C", bound=Callable[[ConnectRequest], Any])
T = TypeVar("T", bound=Object)
Target = str | type[Any]

log = logging.getLogger("parsepy.cloud")
_REGISTRY: ContextVar[Triggers | None] = ContextVar("parsepy_registry", default=None)
_PSEUDO: dict[type[Any], str] = {File: FILE, Config: CONFIG}


@contextmanager
def registering(registry: Triggers) -> Iterator[None]:
    """While this runs, decorators register here."""
    token = _REGISTRY.set(registry)
    try:
        yield
    finally:
        _REGISTRY.reset(token)


def current_registry() -> Triggers:
    """Where decorators register just now; raises ``RuntimeError`` outside of a load."""
    found = _REGISTRY.get()
    if found is None:
        raise RuntimeError(
            "Cloud decorators register while parsepy loads the cloud file "
            "(parsepy serve --cloud FILE, or parsepy.testing.parse_app)."
        )
    return found


def name_of(target: Target) -> str:
    """The class that a decorator is about: a name, a Python class, ``File`` or ``Config``.

    Raises ``TypeError`` for what names no class, and for a name that no class can have.
    """
    if isinstance(target, str):
        if target[:1] != "@" and not is_class_name(target):
            raise TypeError(
                f"{target!r} can't be the name of a class: letters, digits and _, a letter first"
            )
        return target
    if inspect.isfunction(target):
        above = target.__name__
        raise TypeError(f'a hook has a class: write @Cloud.…("Game") above {above}')
    name = getattr(target, "_own_class", None)
    if isinstance(target, type):
        name = _PSEUDO.get(target, name)
    if not name:
        raise TypeError(
            f"{target!r} stands for no class of the database; write its name, or a class that is "
            "derived from Object. A hook of several classes has a decorator for each"
        )
    return str(name)


def named(name: Any, what: str) -> None:
    """Raise ``TypeError`` where a function, job or receiver is registered without a name."""
    if not isinstance(name, str) or not name:
        above = f" above {name.__name__}" if inspect.isfunction(name) else ""
        raise TypeError(f'a {what} has a name: write @Cloud.{what}("name"){above}')


def registered_once(known: Container[str], name: str, what: str) -> None:
    """Warn of a name that is registered already: the last one counts."""
    if name in known:
        log.warning("%s is registered twice: the last one counts", what)


class HookDecorators:
    """The decorators of hooks; ``Cloud`` has them, with what else cloud code calls."""

    @overload
    def before_save(
        self, target: type[File], **rules: Unpack[AllRules]
    ) -> Hook[FileRequest, SavingFile]: ...
    @overload
    def before_save(
        self, target: type[Config], **rules: Unpack[AllRules]
    ) -> Hook[ConfigRequest, None]: ...
    @overload
    def before_save(
        self, target: type[T], **rules: Unpack[AllRules]
    ) -> Hook[SaveRequest[T], Saving]: ...
    @overload
    def before_save(
        self, target: str, **rules: Unpack[AllRules]
    ) -> Hook[SaveRequest[Any], Saving]: ...
    def before_save(self, target: Target, **rules: Unpack[AllRules]) -> Any:
        """Before an object (file, config) is stored: change ``request.object``, or raise.

        A returned object replaces it; ``Cloud.answer(…)`` ends the request without storing.
        """
        return self._trigger("beforeSave", name_of(target), rules)

    @overload
    def after_save(
        self, target: type[File], **rules: Unpack[AllRules]
    ) -> Hook[FileRequest, None]: ...
    @overload
    def after_save(
        self, target: type[Config], **rules: Unpack[AllRules]
    ) -> Hook[ConfigRequest, None]: ...
    @overload
    def after_save(
        self, target: type[T], **rules: Unpack[AllRules]
    ) -> Hook[SaveRequest[T], Any]: ...
    @overload
    def after_save(self, target: str, **rules: Unpack[AllRules]) -> Hook[SaveRequest[Any], Any]: ...
    def after_save(self, target: Target, **rules: Unpack[AllRules]) -> Any:
        """After it was stored; a JSON value returned replaces the client's answer."""
        return self._trigger("afterSave", name_of(target), rules)

    @overload
    def before_delete(
        self, target: type[File], **rules: Unpack[AllRules]
    ) -> Hook[FileRequest, None]: ...
    @overload
    def before_delete(
        self, target: type[T], **rules: Unpack[AllRules]
    ) -> Hook[DeleteRequest[T], None]: ...
    @overload
    def before_delete(
        self, target: str, **rules: Unpack[AllRules]
    ) -> Hook[DeleteRequest[Any], None]: ...
    def before_delete(self, target: Target, **rules: Unpack[AllRules]) -> Any:
        """Before an object (file) is deleted: raise to refuse."""
        return self._trigger("beforeDelete", name_of(target), rules)

    @overload
    def after_delete(
        self, target: type[File], **rules: Unpack[AllRules]
    ) -> Hook[FileRequest, None]: ...
    @overload
    def after_delete(
        self, target: type[T], **rules: Unpack[AllRules]
    ) -> Hook[DeleteRequest[T], None]: ...
    @overload
    def after_delete(
        self, target: str, **rules: Unpack[AllRules]
    ) -> Hook[DeleteRequest[Any], None]: ...
    def after_delete(self, target: Target, **rules: Unpack[AllRules]) -> Any:
        """After it was deleted."""
        return self._trigger("afterDelete", name_of(target), rules)

    @overload
    def around_save(
        self, target: type[T], **rules: Unpack[AllRules]
    ) -> AroundHook[SaveRequest[T], Saving]: ...
    @overload
    def around_save(
        self, target: str, **rules: Unpack[AllRules]
    ) -> AroundHook[SaveRequest[Any], Saving]: ...
    def around_save(self, target: Target, **rules: Unpack[AllRules]) -> Any:
        """Around all that a save is: ``await proceed()`` makes it, for this hook to stand around.

        A lock, a transaction or a condition (``proceed(where=…)``) thus holds for the whole
        write. ``request.object`` may be changed before. The client is answered what the write
        answers; or ``Cloud.answer(…)``, if the hook returns it in place of proceeding.
        """
        return self._trigger("aroundSave", name_of(target), rules)

    @overload
    def around_delete(
        self, target: type[T], **rules: Unpack[AllRules]
    ) -> AroundHook[DeleteRequest[T], Saving]: ...
    @overload
    def around_delete(
        self, target: str, **rules: Unpack[AllRules]
    ) -> AroundHook[DeleteRequest[Any], Saving]: ...
    def around_delete(self, target: Target, **rules: Unpack[AllRules]) -> Any:
        """Around all that a deletion is, as ``around_save``."""
        return self._trigger("aroundDelete", name_of(target), rules)

    @overload
    def before_find(
        self, target: type[File], **rules: Unpack[AllRules]
    ) -> Hook[FileRequest, SavingFile]: ...
    @overload
    def before_find(
        self, target: type[T] | str, **rules: Unpack[AllRules]
    ) -> Hook[FindRequest, Asking]: ...
    def before_find(self, target: Target, **rules: Unpack[AllRules]) -> Any:
        """Before a query runs: change ``request.query``, return another query, or objects."""
        return self._trigger("beforeFind", name_of(target), rules)

    @overload
    def after_find(
        self, target: type[File], **rules: Unpack[AllRules]
    ) -> Hook[FileRequest, SavingFile]: ...
    @overload
    def after_find(
        self, target: type[T] | str, **rules: Unpack[AllRules]
    ) -> Hook[FoundRequest, Found]: ...
    def after_find(self, target: Target, **rules: Unpack[AllRules]) -> Any:
        """After objects were found: change ``request.objects``, or return others."""
        return self._trigger("afterFind", name_of(target), rules)

    def may_write(self, target: Target, **rules: Unpack[AllRules]) -> Hook[WriteRequest, bool]:
        """Return True to allow one write to a caller whom permissions refuse it.

        ``request.object`` is the stored object (of a create: a new one), ``request.changes``
        what is asked for (a deletion: None). before_save or before_delete then see the write as
        any other.
        """
        made: Hook[WriteRequest, bool] = self._trigger("mayWrite", name_of(target), rules)
        return made

    @overload
    def before_login(self, function: U, /) -> U: ...
    @overload
    def before_login(self, **rules: Unpack[AllRules]) -> Callable[[U], U]: ...
    def before_login(self, function: Any = None, **rules: Unpack[AllRules]) -> Any:
        """Before a session is made for a right password: raise to refuse."""
        return self._plain("beforeLogin", "_User", function, rules)

    @overload
    def after_login(self, function: U, /) -> U: ...
    @overload
    def after_login(self, **rules: Unpack[AllRules]) -> Callable[[U], U]: ...
    def after_login(self, function: Any = None, **rules: Unpack[AllRules]) -> Any:
        """After a session was made."""
        return self._plain("afterLogin", "_User", function, rules)

    @overload
    def after_logout(self, function: U, /) -> U: ...
    @overload
    def after_logout(self, **rules: Unpack[AllRules]) -> Callable[[U], U]: ...
    def after_logout(self, function: Any = None, **rules: Unpack[AllRules]) -> Any:
        """After a session was ended; ``request.object`` is the session."""
        return self._plain("afterLogout", "_Session", function, rules)

    @overload
    def before_password_reset_request(self, function: U, /) -> U: ...
    @overload
    def before_password_reset_request(self, **rules: Unpack[AllRules]) -> Callable[[U], U]: ...
    def before_password_reset_request(self, function: Any = None, **rules: Unpack[AllRules]) -> Any:
        """Before a mail with a reset link is sent: raise to refuse."""
        return self._plain("beforePasswordResetRequest", "_User", function, rules)

    @overload
    def before_connect(self, function: C, /) -> C: ...
    @overload
    def before_connect(self, **rules: Unpack[AllRules]) -> Callable[[C], C]: ...
    def before_connect(self, function: Any = None, **rules: Unpack[AllRules]) -> Any:
        """Before a Live Query client is let in: raise to refuse."""
        return self._plain("beforeConnect", CONNECT, function, rules)

    def before_subscribe(
        self, target: Target, **rules: Unpack[AllRules]
    ) -> Hook[SubscribeRequest, Following]:
        """Before a Live Query subscription: change ``request.query``, or raise."""
        made: Hook[SubscribeRequest, Following]
        made = self._trigger("beforeSubscribe", name_of(target), rules)
        return made

    def after_live_query_event(
        self, target: Target, **rules: Unpack[AllRules]
    ) -> Hook[LiveEventRequest, None]:
        """Before an event reaches a client: change ``request.object``, or drop the event."""
        made: Hook[LiveEventRequest, None] = self._trigger("afterEvent", name_of(target), rules)
        return made

    def _plain(self, kind: str, class_name: str, function: Any, rules: AllRules) -> Any:
        """A decorator that is written with or without parentheses."""
        if function is not None and not callable(function):
            raise TypeError(
                f"it is a hook of {class_name} always: write the decorator without {function!r}"
            )
        register = self._trigger(kind, class_name, rules)
        return register if function is None else register(function)

    def _trigger(self, kind: str, class_name: str, rules: AllRules) -> Any:
        registry = current_registry()
        given: dict[str, Any] = {**rules}
        rate_limit = given.pop("rate_limit", None)
        checked = declared(given.pop("validator", None), given)
        make = handlers_of(kind, class_name)

        def register(function: Any) -> Any:
            registry.add(kind, class_name, make(function, checked))
            if rate_limit is not None:
                registry.rate_limits.append(limit_of_trigger(rate_limit, kind, class_name))
            return function

        return register
