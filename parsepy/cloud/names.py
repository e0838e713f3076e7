"""What a name is called in Python that an author knows from Parse's JavaScript."""

import re
from collections.abc import Callable

_KEYWORD = re.compile(r"unexpected keyword argument '(\w+)'")
_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'$")
_CAPITAL = re.compile(r"[A-Z]")


def snake_case(name: str) -> str:
    """The name as Python writes it: ``equalTo`` becomes ``equal_to``."""
    return _CAPITAL.sub(lambda capital: f"_{capital[0].lower()}", name)


def hint_of(name: str, has: Callable[[str], bool]) -> str:
    """``; in Python it is …`` for a name from JavaScript that there is by another; else nothing."""
    snake = snake_case(name)
    meant = snake if snake != name and has(snake) else f"{name}_" if has(f"{name}_") else None
    return f"; in Python it is {meant}" if meant else ""


def explain(error: BaseException, classes: Callable[[str], bool]) -> None:
    """Add to an error's text what an argument's or a field's name should have been.

    ``classes`` says whether a Python class of that name is one of Parse objects.
    """
    if not isinstance(error, TypeError | AttributeError) or len(error.args) != 1:
        return
    text = str(error)
    if isinstance(error, TypeError) and (found := _KEYWORD.search(text)):
        snake = snake_case(found[1])
        if snake != found[1] and "; in Python" not in text:
            error.args = (f"{text}; in Python it is {snake}",)
    elif (found := _ATTRIBUTE.search(text)) and classes(found[1]):
        error.args = (f"{text}{field_hint(found[2])}",)


def field_hint(name: str) -> str:
    """How the field is read and set that was written as an attribute."""
    return f'; a field is read by .get("{name}") and set by ["{name}"] = …'
