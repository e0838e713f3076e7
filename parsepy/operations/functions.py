"""Call a cloud function (protocol §19.2)."""

from collections.abc import Awaitable
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.triggers import FunctionEvent


def call(context: RequestContext, name: str, params: JSONObject) -> Awaitable[Any]:
    """What the function answers: a REST value, ``CustomResponse``, or ``UNDEFINED``.

    Raises SCRIPT_FAILED if there is no such function, and what the function raises.
    """
    triggers = context.backend.triggers
    handler = triggers.function(name)
    if handler is None:
        raise ParseError(Code.SCRIPT_FAILED, f'Invalid function: "{name}"')
    event = FunctionEvent(class_name=name, request=context, params=params)
    return triggers.call(handler, event, f"the function {name}")
