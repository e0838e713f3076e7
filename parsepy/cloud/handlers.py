"""``Shape``: how an author's function becomes a handler of neutral events.

The function is given a friendly request, its validator is asked first, and what it returns is
put into the terms of the operation.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from parsepy.backend import context_of
from parsepy.cloud import around, current, mistakes, names, threads
from parsepy.cloud.around import Proceed
from parsepy.cloud.codec import CLASSES, encode
from parsepy.cloud.files import File
from parsepy.cloud.mistakes import RUNNING, Running
from parsepy.cloud.objects import Object
from parsepy.cloud.requests import (
    ConfigRequest,
    ConnectRequest,
    DeleteRequest,
    FileRequest,
    FindRequest,
    FoundRequest,
    FunctionRequest,
    JobRequest,
    LiveEventRequest,
    ReceivedRequest,
    SaveRequest,
    SubscribeRequest,
    TriggerRequest,
    UserRequest,
    WriteRequest,
)
from parsepy.cloud.validators import Validator
from parsepy.triggers import (
    CONFIG,
    DECLARED,
    FILE,
    UNDEFINED,
    AroundDeleteEvent,
    AroundSaveEvent,
    ConfigEvent,
    ConnectEvent,
    CustomResponse,
    DeleteEvent,
    Event,
    FileEvent,
    FindEvent,
    FoundEvent,
    FunctionEvent,
    Handler,
    JobEvent,
    LiveEvent,
    NextRunEvent,
    ReceiverEvent,
    SavedEvent,
    SaveEvent,
    SubscribeEvent,
    UserEvent,
    WriteEvent,
    expect,
)

E = TypeVar("E", bound=Event)
R = TypeVar("R", bound=TriggerRequest)


@dataclass(frozen=True, slots=True)
class Shape(Generic[E, R]):
    """What a family's handlers look like to an author: the request, and what an answer means.

    A function that stands around a write is given ``proceed`` as well.
    """

    family: type[E]
    request: Callable[[E], R]
    take: Callable[[R, Any], Any]
    proceed: Callable[[E, R], Proceed] | None = None

    def handler(self, function: Callable[..., Any], validator: Validator) -> Handler:
        """The handler that runs an author's function.

        Raises ``TypeError`` for a function that can't be called with a request (and ``proceed``).
        """
        _check_signature(function, has_proceed=self.proceed is not None)
        checked = None if validator.is_empty else validator
        family, make, take = self.family, self.request, self.take
        is_async = inspect.iscoroutinefunction(function)
        is_plain = is_async and checked is None and self.proceed is None

        @functools.wraps(function)
        async def handle(event: Event) -> Any:
            running = RUNNING.set(Running(event, function))
            before = current.enter(context_of(event))
            try:
                own = expect(event, family)
                if is_plain:  # as most are
                    request = make(own)
                    return take(request, await function(request))
                if checked is not None and _is_skipped(checked, event):
                    if self.proceed is not None:
                        await self.proceed(own, make(own))()
                    return None
                request = make(own)
                if checked is not None:
                    await checked.check(request)
                arguments: tuple[Any, ...] = (request,)
                if self.proceed is not None:
                    arguments = (request, self.proceed(own, request))
                called = function(*arguments) if is_async else _in_thread(function, *arguments)
                return take(request, await called)
            except (TypeError, AttributeError) as error:
                mistakes.tell_held(error)
                names.explain(error, _is_object_class)
                raise
            finally:
                current.leave(before)
                RUNNING.reset(running)

        handle.__dict__[DECLARED] = validator.declared_fields()
        return handle


def _is_object_class(name: str) -> bool:
    return any(name == cls.__name__ for cls in CLASSES.values())


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run an author's plain function, which may hold its thread."""
    answer = await threads.run(function, *arguments)
    return await answer if inspect.isawaitable(answer) else answer


def _check_signature(function: Callable[..., Any], *, has_proceed: bool) -> None:
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(f"{function.__name__} has a `yield`, so it would never run; write `return`")
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions show none
        return
    expected = (
        "two arguments, the request and proceed" if has_proceed else "one argument, the request"
    )
    try:
        signature.bind(*(object() for _ in range(2 if has_proceed else 1)))
    except TypeError as error:
        name = getattr(function, "__name__", function)
        raise TypeError(f"{name}{signature} must take {expected}") from error


def _is_skipped(validator: Validator, event: Event) -> bool:
    return validator.skip_with_master_key and event.request.principal.is_master


# --- what an answer means -----------------------------------------------------------------------


def _custom(answer: CustomResponse) -> CustomResponse:
    return CustomResponse(encode(answer.content, whole=True), answer.status, answer.headers)


def _take_save(request: SaveRequest, answer: Any) -> Any:
    if isinstance(answer, CustomResponse):
        return _custom(answer)
    if answer is None:
        return request.changes(request.object)
    if isinstance(answer, Object):
        return request.changes(answer)
    raise TypeError(
        f"before_save of {request.class_name} returned a {type(answer).__name__}; "
        "expected None, an Object or Cloud.answer(…)"
    )


def _take_saved(request: SaveRequest, answer: Any) -> Any:
    # Parse: only plain JSON replaces the answer, an object does not
    return None if isinstance(answer, Object) else encode(answer)


def _take_around(request: TriggerRequest, answer: Any) -> CustomResponse | None:
    if isinstance(answer, CustomResponse):
        return _custom(answer)
    if answer is None or isinstance(answer, Object):  # what proceed() has returned
        return None
    raise TypeError(
        f"{request.trigger_name} of {request.class_name} returned a {type(answer).__name__}; "
        "expected what proceed() returns, None or Cloud.answer(…)"
    )


def _take_result(request: TriggerRequest, answer: Any) -> Any:
    if isinstance(answer, CustomResponse):
        return _custom(answer)
    return UNDEFINED if answer is None else encode(answer, whole=True)


def _take_moment(request: TriggerRequest, answer: Any) -> datetime | None:
    if answer is None or (isinstance(answer, datetime) and answer.tzinfo is not None):
        return answer
    raise TypeError(f"next_run of {request.class_name} must return a datetime in a time zone")


def _take_file(request: FileRequest, answer: Any) -> Any:
    if request.may_change and answer is not None and not isinstance(answer, File):
        raise TypeError(
            f"{request.trigger_name} of a file returned a {type(answer).__name__}; "
            "expected None or a File"
        )
    return request.answer(answer)


def _take_verdict(request: TriggerRequest, answer: Any) -> bool:
    return answer is True


def _take_nothing(request: TriggerRequest, answer: Any) -> None:
    """What such a hook returns has no meaning."""


# --- the shapes ---------------------------------------------------------------------------------

FUNCTION = Shape(FunctionEvent, FunctionRequest, _take_result)
JOB = Shape(JobEvent, JobRequest, _take_result)
NEXT_RUN = Shape(NextRunEvent, TriggerRequest, _take_moment)
RECEIVER = Shape(ReceiverEvent, ReceivedRequest, _take_result)

MakeHandler = Callable[[Callable[..., Any], Validator], Handler]
_DELETE = Shape(DeleteEvent, DeleteRequest[Any], _take_nothing).handler
_USER = Shape(UserEvent, UserRequest, _take_nothing).handler
_FILE = Shape(FileEvent, FileRequest, _take_file).handler
_CONFIG = Shape(ConfigEvent, ConfigRequest, _take_nothing).handler
_HANDLERS: dict[str, MakeHandler] = {
    "beforeSave": Shape(SaveEvent, SaveRequest, _take_save).handler,
    "afterSave": Shape(SavedEvent, SaveRequest, _take_saved).handler,
    "aroundSave": Shape(AroundSaveEvent, SaveRequest, _take_around, around.of_save).handler,
    "aroundDelete": Shape(
        AroundDeleteEvent, DeleteRequest[Any], _take_around, around.of_deletion
    ).handler,
    "beforeDelete": _DELETE,
    "afterDelete": _DELETE,
    "beforeFind": Shape(FindEvent, FindRequest, FindRequest.answer).handler,
    "afterFind": Shape(FoundEvent, FoundRequest, FoundRequest.answer).handler,
    "mayWrite": Shape(WriteEvent, WriteRequest, _take_verdict).handler,
    "beforeLogin": _USER,
    "afterLogin": _USER,
    "afterLogout": _USER,
    "beforePasswordResetRequest": _USER,
    "beforeConnect": Shape(ConnectEvent, ConnectRequest, _take_nothing).handler,
    "beforeSubscribe": Shape(SubscribeEvent, SubscribeRequest, SubscribeRequest.answer).handler,
    "afterEvent": Shape(LiveEvent, LiveEventRequest, LiveEventRequest.answer).handler,
}


def handlers_of(kind: str, class_name: str) -> MakeHandler:
    """What makes the handlers of a kind of trigger for a class, for files or for the config."""
    if class_name == FILE:
        return _FILE
    if class_name == CONFIG:
        return _CONFIG
    return _HANDLERS[kind]
