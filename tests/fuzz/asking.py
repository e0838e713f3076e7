"""The request of any step, by the table of all kinds."""

from tests.fuzz import reading, writing
from tests.fuzz.steps import BAD_TOKEN, Asked, Slots, Step

STEPS = {**writing.STEPS, **reading.STEPS}


def ask(slots: Slots, step: Step) -> Asked:
    """Make the request of a step, and ask the model about it."""
    token, who = slots.who(step)
    asked = STEPS[step["do"]](slots, step, who)
    asked.token, asked.who = token, who
    if token is not None and who.user is None:
        asked.codes, asked.may_succeed = {BAD_TOKEN}, False
    return asked
