"""Languages: which ones there are texts in, and which one somebody is to read."""

import re
from collections.abc import Iterable, Iterator

LANGUAGES = ("en", "de", "fr", "es", "pt", "it")
"""The languages of the built-in pages and mails; the first is for all who read none of them."""
_LOCALE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")
_LONGEST = 1000  # characters of a header that are read
_LONGEST_LOCALE = 35


def locale(text: object) -> str | None:
    """Return a locale such as ``de`` or ``pt-BR``; ``None`` for anything else (§16.5)."""
    if not isinstance(text, str) or len(text) > _LONGEST_LOCALE:
        return None
    return text if _LOCALE.fullmatch(text) else None


def column_locale(value: object) -> str | None:
    """Return the locale in a column: also ``pt_BR``, as devices and POSIX write it."""
    return locale(value.partition(".")[0].replace("_", "-")) if isinstance(value, str) else None


def accepted(header: str) -> list[str]:
    """List the locales of an ``Accept-Language`` header (RFC 9110 §12.5.4), best first."""
    weighted: list[tuple[float, str]] = []
    for part in header[:_LONGEST].split(","):
        name, _, parameter = part.partition(";")
        found = locale(name.strip())
        weight = _weight(parameter)
        if found is not None and weight > 0:
            weighted.append((weight, found))
    return [name for _, name in sorted(weighted, key=lambda item: -item[0])]


def _weight(parameter: str) -> float:
    name, _, value = parameter.replace(" ", "").partition("=")
    if name.lower() != "q":
        return 1.0
    return float(value) if re.fullmatch(r"[01](\.\d{0,3})?", value) else 0.0


def candidates(wanted: str) -> Iterator[str]:
    """Yield a locale, then its language alone, in lower case."""
    lowered = wanted.lower()
    yield lowered
    language = lowered.partition("-")[0]
    if language != lowered:
        yield language


def built_in(wanted: Iterable[str]) -> str:
    """Choose the language of built-in texts for who prefers these locales, best first."""
    for name in wanted:
        for candidate in candidates(name):
            if candidate in LANGUAGES:
                return candidate
    return LANGUAGES[0]
