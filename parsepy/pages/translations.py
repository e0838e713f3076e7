"""The texts of our own pages by language, and what a refused password is told in them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from parsepy.texts import languages, placeholders

_FOLDER = Path(__file__).parent / "texts"
TEXTS: Mapping[str, Mapping[str, str]] = {
    language: json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    for language in languages.LANGUAGES
}
DIFFERENT = "The two passwords are not the same."
_ERRORS = (
    (re.compile(re.escape(DIFFERENT)), "error_different"),
    (re.compile(r"Failed to reset password: .*"), "error_token"),
    (re.compile(r"The password reset link has expired"), "error_expired"),
    (re.compile(r"Password does not meet the Password Policy requirements\."), "error_policy"),
    (re.compile(r"Password cannot contain your username\."), "error_username"),
    (re.compile(r"New password should not be the same as last (\d+) passwords\."), "error_history"),
)


def problem(error: str | None, language: str) -> str | None:
    """What our own page shows of an error; the operator's own wording stays as it is."""
    if not error:
        return None
    for pattern, key in _ERRORS:
        found = pattern.fullmatch(error)
        if found is not None:
            number = found[1] if pattern.groups else None
            text = TEXTS[language][key]
            return placeholders.render(text, {"number": number}, escapes=False)
    return error
