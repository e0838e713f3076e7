"""``CloudLog``: a line for what cloud code did, at the levels that the option logLevels names."""

import logging
from typing import Any

from parsepy.config.groups import LogLevelOptions
from parsepy.errors import ParseError
from parsepy.logs import LEVELS, VERBOSE, shown
from parsepy.model.files import FileDraft
from parsepy.model.principal import Principal
from parsepy.triggers import (
    AroundDeleteEvent,
    AroundSaveEvent,
    ConfigEvent,
    CustomResponse,
    DeleteEvent,
    Event,
    FileEvent,
    FoundEvent,
    FunctionEvent,
    SavedEvent,
    SaveEvent,
    UserEvent,
)

log = logging.getLogger("parsepy.cloud")

_AFTER = ("afterSave", "afterDelete", "afterLogin", "afterLogout", "afterFind")
_BEFORE = (
    "beforeSave",
    "beforeDelete",
    "aroundSave",
    "aroundDelete",
    "beforeLogin",
    "beforePasswordResetRequest",
)


class CloudLog:
    """Writes a line for functions and triggers that ran or failed.

    Parse: a beforeFind of a class, the triggers of Live Query and jobs leave no such line.
    """

    def __init__(self, levels: LogLevelOptions) -> None:
        ran = dict.fromkeys(_BEFORE, levels.trigger_before_success)
        ran |= dict.fromkeys(_AFTER, levels.trigger_after)
        ran["function"] = levels.cloud_function_success
        # an error of an after-trigger is logged where it is held back from the client
        failed = dict.fromkeys((*_BEFORE, "afterFind"), levels.trigger_before_error)
        failed["function"] = levels.cloud_function_error
        self._ran, self._failed = _numbers(ran), _numbers(failed)

    def completed(self, event: Event, answer: Any) -> None:
        """A handler has come to its end."""
        level = self._ran.get(event.kind)
        if level is not None and log.isEnabledFor(level):
            # the values are for those who ask for much: parameters may be personal
            is_short = event.kind == "function" and not log.isEnabledFor(VERBOSE)
            end = None if is_short else f"result {shown(_result(answer))}"
            _write(level, event, "ran", end)

    def refused(self, event: Event, error: ParseError) -> None:
        """A handler has refused, or raised something."""
        level = self._failed.get(event.kind)
        if level is not None and log.isEnabledFor(level):
            refusal = {"code": error.code, "error": error.message}
            _write(level, event, "failed", f"error {shown(refusal)}")


def username_taken(levels: LogLevelOptions, request_id: str, error: ParseError) -> None:
    """Tell of a sign-up (or another name for a user) that was refused: the name was taken."""
    if levels.signup_username_taken != "silent":
        level = LEVELS[levels.signup_username_taken]
        log.log(level, "request %s: %s", request_id, error.message)


def _numbers(names: dict[str, str]) -> dict[str, int]:
    """The levels that are not silent, as `logging` knows them."""
    return {kind: LEVELS[name] for kind, name in names.items() if name != "silent"}


def _write(level: int, event: Event, outcome: str, end: str | None) -> None:
    principal = event.request.principal
    fields = {"requestId": event.request.request_id, "user": principal.user_id}
    if isinstance(event, FunctionEvent):
        what = f"the function {event.class_name}"
        fields["functionName"] = event.class_name
    else:
        what = f"{event.kind} of {event.class_name}"
        fields |= {"triggerType": event.kind, "className": event.class_name}
    message = f"{what} {outcome} for {_who(principal)}"
    if end is not None:
        message += f": input {shown(_input(event))}, {end}"
    # not by log(): it would walk the stack for the place in the source, which no line shows
    extra = {"fields": fields}
    log.handle(log.makeRecord(log.name, level, "", 0, message, (), None, extra=extra))


def _who(principal: Principal) -> str:
    if principal.user_id is not None:
        return f"user {principal.user_id}"
    return "the master key" if principal.is_master else "nobody"


def _input(event: Event) -> Any:
    """What a handler was given, as far as the line shows it."""
    match event:
        case ConfigEvent():  # the values may be for the master key's eyes only
            return sorted(event.changes)
        case FileEvent():
            return _result(event.file)
        case FunctionEvent():
            return event.params
        case FoundEvent():
            return [f"{event.class_name}:{item.get('objectId')}" for item in event.objects]
        case SaveEvent() | AroundSaveEvent():
            return {**(event.original or {}), **event.changes}
        case SavedEvent() | DeleteEvent() | AroundDeleteEvent() | UserEvent():
            return event.object
    return None


def _result(answer: Any) -> Any:
    if isinstance(answer, FileDraft):
        return {"name": answer.name, "fileSize": answer.size}
    return answer.content if isinstance(answer, CustomResponse) else answer
