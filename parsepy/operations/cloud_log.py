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
    Overdue,
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
            end = "" if is_short else f"result {shown(_result(answer))}"
            _write(level, event, "ran", end, is_short=is_short)

    def refused(self, event: Event, error: ParseError) -> None:
        """A handler has refused."""
        level = self._failed.get(event.kind)
        if level is not None and log.isEnabledFor(level):
            refusal = shown({"code": error.code, "error": error.message})
            is_short = not log.isEnabledFor(VERBOSE)
            _write(level, event, "refused", f"error {refusal}", is_short=is_short)

    def crashed(self, event: Event, label: str, error: BaseException) -> None:
        """A handler has raised what is no refusal, or did not end in time: one entry."""
        request_id = event.request.request_id
        what = f"raised {type(error).__name__}"
        trace: BaseException | None = error
        if isinstance(error, Overdue):
            what, trace = str(error).removeprefix(label).strip(" ."), None
        log.error(
            "request %s: %s %s for %s",
            request_id,
            label,
            what,
            _who(event.request.principal),
            exc_info=trace,
            extra={"fields": _fields(event)},
        )


def username_taken(levels: LogLevelOptions, request_id: str, error: ParseError) -> None:
    """Tell of a sign-up (or another name for a user) that was refused: the name was taken."""
    if levels.signup_username_taken != "silent":
        level = LEVELS[levels.signup_username_taken]
        log.log(level, "request %s: %s", request_id, error.message)


def _numbers(names: dict[str, str]) -> dict[str, int]:
    """The levels that are not silent, as `logging` knows them."""
    return {kind: LEVELS[name] for kind, name in names.items() if name != "silent"}


def _write(level: int, event: Event, outcome: str, end: str, *, is_short: bool) -> None:
    """Write the line of an event; a short one is without what the handler was given."""
    name = event.class_name
    what = f"the function {name}" if event.kind == "function" else f"{event.kind} of {name}"
    told = [] if is_short else [f"input {shown(_input(event))}"]
    told += [end] if end else []
    message = f"{what} {outcome} for {_who(event.request.principal)}"
    message += f": {', '.join(told)}" if told else ""
    log.log(level, "%s", message, extra={"fields": _fields(event)})


def _fields(event: Event) -> dict[str, str | None]:
    principal = event.request.principal
    fields = {"requestId": event.request.request_id, "user": principal.user_id}
    if isinstance(event, FunctionEvent):
        return {**fields, "functionName": event.class_name}
    return {**fields, "triggerType": event.kind, "className": event.class_name}


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
