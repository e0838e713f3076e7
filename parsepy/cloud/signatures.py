"""What the decorators of ``Cloud`` take, for type checkers: hooks by their request, and rules.

A hook of the wrong request class, one that returns what has no meaning, and a rule that is
misspelled are errors of mypy and pyright, before anything runs.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypedDict, TypeVar, overload

from parsepy.cloud.around import Proceed
from parsepy.cloud.files import File
from parsepy.cloud.objects import Object
from parsepy.cloud.query import Query
from parsepy.triggers import CustomResponse

R = TypeVar("R")
A = TypeVar("A")
Roles = Iterable[str] | Callable[[Any], Any]


class Rules(TypedDict, total=False):
    """The keywords of a validator; ``CloudCode`` says what they mean."""

    require_user: bool
    require_master: bool
    require_any_user_roles: Roles
    require_all_user_roles: Roles
    require_user_keys: Iterable[str] | Mapping[str, Any]
    fields: Iterable[str] | Mapping[str, Any]
    validate_master_key: bool
    skip_with_master_key: bool


class AllRules(Rules, total=False):
    """Those, a validator that is a function, and a bound on the rate of requests."""

    validator: Callable[[Any], Any] | None
    rate_limit: Mapping[str, Any] | None


class Hook(Protocol[R, A]):
    """Registers a hook that takes one kind of request and answers ``A``; gives it back."""

    @overload
    def __call__(
        self, function: Callable[[R], Coroutine[Any, Any, A]], /
    ) -> Callable[[R], Coroutine[Any, Any, A]]: ...
    @overload
    def __call__(self, function: Callable[[R], A], /) -> Callable[[R], A]: ...


class AroundHook(Protocol[R, A]):
    """Registers a hook that stands around a write; gives it back."""

    @overload
    def __call__(
        self, function: Callable[[R, Proceed], Coroutine[Any, Any, A]], /
    ) -> Callable[[R, Proceed], Coroutine[Any, Any, A]]: ...
    @overload
    def __call__(self, function: Callable[[R, Proceed], A], /) -> Callable[[R, Proceed], A]: ...


Saving = Object | CustomResponse | None
"""What a hook before a save answers: another object to store, the client's answer, or neither."""
SavingFile = File | None
Asking = Query[Any] | Object | Sequence[Object] | None
"""What a hook before a find answers: another query, objects in its place, or neither."""
Following = Query[Any] | None
Found = Sequence[Any] | None
