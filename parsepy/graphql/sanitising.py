"""``Sanitiser``: messages without what they would tell a client of the schema.

Whoever may not introspect learns no name that they did not write themselves.
"""

import re
from collections.abc import Callable

Apply = Callable[[re.Match[str], Callable[[str], bool]], str]
Rule = tuple[re.Pattern[str], Apply]

_SUGGESTION = re.compile(r" ?Did you mean(.+?)\?$")
_REQUIRED = re.compile(r'Field "[^"]*" of required type "[^"]*" was not provided\.')
_WORD = re.compile(r"[_A-Za-z0-9]+")
_WRAPPERS = str.maketrans("", "", "[]!")


def _rule(pattern: str, replacement: str) -> Rule:
    """Replace what names a type, the pattern's last group, unless the client has named it."""

    def apply(match: re.Match[str], is_known: Callable[[str], bool]) -> str:
        groups = match.groups()
        return match.group(0) if is_known(groups[-1]) else replacement.format(*groups)

    return re.compile(pattern), apply


def _fragment(match: re.Match[str], is_known: Callable[[str], bool]) -> str:
    parent, fragment = match.groups()
    shown = f'type "{parent}"' if is_known(parent) else "the parent type"
    condition = f'type "{fragment}"' if is_known(fragment) else "the given type"
    return f"objects of {shown} can never be of {condition}."


_RULES: tuple[Rule, ...] = (
    _rule(r'Expected value of type "([^"]+)"', "Expected value of the correct type"),
    _rule(r'Expected type "([^"]+)" to be an object\.', "Expected an object."),
    _rule(r'Expected non-nullable type "([^"]+)" not to be null\.', "Expected a non-null value."),
    _rule(r' is not defined by type "([^"]+)"\.', " is not defined."),
    _rule(
        r' used in position expecting type "([^"]+)"\.',
        " used in position expecting a different type.",
    ),
    _rule(r'Cannot query field ("[^"]*") on type "([^"]+)"\.', "Cannot query field {0}."),
    _rule(
        r'Field ("[^"]*") of type "([^"]+)" must have a selection of subfields\.',
        "Field {0} must have a selection of subfields.",
    ),
    (
        re.compile(r'objects of type "([^"]+)" can never be of type "([^"]+)"\.'),
        _fragment,
    ),
)


class Sanitiser:
    """Rewrites messages for the client who sent a document."""

    def __init__(self, document: str) -> None:
        self._document = document
        self._words: set[str] | None = None

    def _is_known(self, name: str) -> bool:
        if self._words is None:
            self._words = set(_WORD.findall(self._document))
        return name.translate(_WRAPPERS) in self._words

    def __call__(self, message: str) -> str:
        """The message without what the client is not to learn."""
        message = _SUGGESTION.sub("", message)
        message = _REQUIRED.sub("Field of required type was not provided.", message)
        if '"' in message:
            for pattern, apply in _RULES:
                message = pattern.sub(self._applied(apply), message)
        return message

    def _applied(self, apply: Apply) -> Callable[[re.Match[str]], str]:
        return lambda match: apply(match, self._is_known)
