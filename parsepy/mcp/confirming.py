"""Ask before a schema is changed: the client's user, or the agent, by a token that it repeats."""

import hashlib
import hmac
import time
from typing import Literal

from mcp.server.mcpserver import Context
from mcp_types import (
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, Field

from parsepy.model.values import dumps

SECONDS = 600
"""How long a token holds."""
_QUESTION = "apply"


class Consent(BaseModel):
    """What the user answers."""

    apply: bool = Field(description="Make these changes")


Answer = Literal["yes", "no", "nobody to ask"]


async def ask(context: Context, question: str) -> Answer | InputRequiredResult:
    """Ask the user of the client; what comes as ``InputRequiredResult`` is to be answered as is.

    Protocols since 2026-07-28 send the question as an answer and the call again; older ones ask
    while the call is under way, where there is a way back to the client.
    """
    capabilities = context.client_capabilities
    if capabilities is None or capabilities.elicitation is None:
        return "nobody to ask"
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        digest = hashlib.sha256(question.encode()).hexdigest()
        given = (context.input_responses or {}).get(_QUESTION)
        if given is None or context.request_state != digest:  # the plan may have changed since
            return _input_required(question, digest)
        accepted = isinstance(given, ElicitResult) and given.action == "accept"
        content = given.content if accepted and isinstance(given, ElicitResult) else None
        return "yes" if content is not None and content.get("apply") is True else "no"
    if not context.session.can_send_request:
        return "nobody to ask"
    answer = await context.elicit(question, Consent)
    return "yes" if answer.action == "accept" and answer.data.apply else "no"


def _input_required(question: str, digest: str) -> InputRequiredResult:
    parameters = ElicitRequestFormParams(
        message=question, requested_schema=Consent.model_json_schema()
    )
    return InputRequiredResult(
        input_requests={_QUESTION: ElicitRequest(params=parameters)}, request_state=digest
    )


class Tokens:
    """Makes and checks tokens, which hold for one caller and one change for ten minutes.

    Every process of an application makes the same, from its master key.
    """

    def __init__(self, master_key: str) -> None:
        self._key = hmac.digest(master_key.encode(), b"parsepy mcp: confirm", "sha256")

    def make(self, caller: str, *change: object) -> str:
        """A token for a change by a caller."""
        ends = int(time.time()) + SECONDS
        return f"{ends}.{self._sign(ends, caller, change)}"

    def holds(self, token: str, caller: str, *change: object) -> bool:
        """Was this token made for this caller and change, and is it not too old?"""
        ends, _, signature = token.partition(".")
        if not ends.isdecimal() or len(ends) > 12 or int(ends) < time.time():
            return False
        return hmac.compare_digest(
            self._sign(int(ends), caller, change).encode(), signature.encode()
        )

    def _sign(self, ends: int, caller: str, change: object) -> str:
        return hmac.new(self._key, dumps([ends, caller, change]), "sha256").hexdigest()[:32]
