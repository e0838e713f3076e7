"""The grammar by which Parse's .NET SDK reads JSON: narrower than JSON itself."""

import re
from collections.abc import Callable

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_TEXT = re.compile(r'"(?:[^\\"]|\\(?:[\\"/bfnrt]|u[0-9a-fA-F]{4}))*"')
_SPACE = re.compile(r"[ \r\t\n]*")


def readable(text: str) -> bool:
    """Whether the SDK can read a body: one object or array, and nothing after it."""
    reader = _Reader(text.strip())
    return (reader.object() or reader.array()) and reader.at == len(reader.text)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def object(self) -> bool:
        return self._sign("{") and self._several(self._member) and self._sign("}")

    def array(self) -> bool:
        return self._sign("[") and self._several(self._value) and self._sign("]")

    def _several(self, one: Callable[[], bool]) -> bool:
        while one() and self._sign(","):
            pass
        return True

    def _member(self) -> bool:
        return self._token(_TEXT) and self._sign(":") and self._value()

    def _value(self) -> bool:
        return (
            any(self._word(word) for word in ("false", "null", "true"))
            or self.object()
            or self.array()
            or self._token(_NUMBER)
            or self._token(_TEXT)
        )

    def _sign(self, sign: str) -> bool:
        start = self._after_space(self.at)
        if not self.text.startswith(sign, start):
            return False
        self.at = self._after_space(start + 1)
        return True

    def _word(self, word: str) -> bool:
        start = self._after_space(self.at)
        # A word at the very end of the text is not seen.
        if not self.text.startswith(word, start) or start + len(word) >= len(self.text):
            return False
        self.at = start + len(word)
        return True

    def _token(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found is not None

    def _after_space(self, place: int) -> int:
        found = _SPACE.match(self.text, place)
        return found.end() if found else place
