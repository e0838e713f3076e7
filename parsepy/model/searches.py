"""``RememberedSearch``: whether a pattern is found in texts that come again and again."""

import re

_MOST = 1000
_LONGEST = 64


class RememberedSearch(dict[str, bool]):
    """Whether a pattern is found in a text, such as the name of a column.

    ``search[text]`` searches only what it has not seen: it remembers a thousand short texts.
    """

    def __init__(self, pattern: re.Pattern[str]) -> None:
        super().__init__()
        self._search = pattern.search

    def __missing__(self, text: str) -> bool:
        """Search a text."""
        found = self._search(text) is not None
        if len(text) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[text] = found
        return found
