"""``MailTemplates``: the texts of mails by language, built in and of the operator's folder.

A template is a text whose first line is ``Subject: …``, with ``{{name}}`` placeholders; beside it
may lie an HTML file of the same name. Without one, the HTML of the mail is made from the text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any, NamedTuple

from parsepy.texts import languages, placeholders

_COMMON = frozenset(("appName", "publicServerUrl", "username", "email", "locale"))
_LINK = frozenset(("link",))
_NEW = frozenset(("newEmail",))
TEMPLATES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "email_verification": (_LINK, frozenset()),
    "password_reset": (_LINK, frozenset()),
    "email_change": (_LINK, frozenset()),
    "email_change_requested": (_NEW, frozenset()),
    "email_changed": (frozenset(), _NEW),
    "password_changed": (frozenset(), frozenset()),
    "second_factor_changed": (frozenset(), frozenset(("isSetUp",))),
    "sign_in_code": (frozenset(("code",)), frozenset(("minutes",))),
}
"""Every mail by the name of its files: the placeholders that it must have, and may have beside
those that all have."""
_BUILT_IN = Path(__file__).parent / "templates"
_SUBJECT = re.compile(r"subject:[ \t]*(\S.*)", re.IGNORECASE)
_COLUMN = re.compile(r"user\.\w+")
_LARGEST = 200_000  # bytes of a file
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_P = '<p style="margin:0 0 16px">{}</p>'
_BUTTON = (
    '<p style="margin:24px 0"><a href="{link}" style="display:inline-block;padding:12px 20px;'
    "border-radius:8px;background:#1d5fd1;color:#ffffff;font-weight:600;text-decoration:none"
    '">{label}</a></p>\n<p style="margin:0 0 16px;font-size:13px;color:#5a6475">{link}</p>'
)
_CODE = (
    '<p style="margin:24px 0;font:700 30px/1.2 ui-monospace,monospace;letter-spacing:6px">{}</p>'
)


class MailTemplateError(ValueError):
    """Templates of mails that can't be used; a line for each reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class MailTemplate(NamedTuple):
    """One mail in one language; ``html`` None: it is made from the text."""

    subject: str
    text: str
    html: str | None = None


class WrittenMail(NamedTuple):
    """A mail with its placeholders filled, and the language that it is in."""

    language: str
    subject: str
    text: str
    html: str


class MailTemplates:
    """The templates of all mails."""

    def __init__(self, folder: Path | None = None, fallback: str = languages.LANGUAGES[0]) -> None:
        """Read all templates; raises ``MailTemplateError`` for what is wrong in the folder."""
        self._layout, self._built_in = _built_in()
        self._fallback = fallback.lower()
        self._own: dict[tuple[str, str], MailTemplate] = {}
        if folder is not None:
            problems: list[str] = []
            self._own = dict(_read(folder, problems))
            if problems:
                raise MailTemplateError(problems)

    def find(self, name: str, wanted: Iterable[str]) -> tuple[str, MailTemplate]:
        """Find the template of a mail for who prefers these locales; and its language.

        The operator's own come first; one that lies in no language's folder is for all others.
        """
        order = [part for locale in wanted for part in languages.candidates(locale)]
        order += languages.candidates(self._fallback)
        for language in order:
            own = self._own.get((language, name))
            if own is not None:
                return language, own
            if language in languages.LANGUAGES and ("", name) not in self._own:
                return language, self._built_in[language, name]
        for_all = self._own.get(("", name))
        language = languages.LANGUAGES[0]
        if for_all is not None:
            return self._fallback, for_all
        return language, self._built_in[language, name]

    def write(self, name: str, wanted: Iterable[str], values: Mapping[str, Any]) -> WrittenMail:
        """Write a mail; what is filled in is plain text and stays on its line."""
        language, template = self.find(name, wanted)
        plain = {key: one_line(value) for key, value in values.items()}
        plain["locale"] = language
        subject = one_line(placeholders.render(template.subject, plain, escapes=False)) or ""
        text = placeholders.render(template.text, plain, escapes=False)
        if template.html is not None:
            html = placeholders.render(template.html, plain)
        else:
            content = "\n".join(_paragraphs(template.text, plain))
            html = self._layout.substitute(
                language=language,
                subject=escape(subject),
                app=escape(plain.get("appName") or ""),
                content=content,
            )
        return WrittenMail(language, subject, text, html)


@cache
def _built_in() -> tuple[Template, Mapping[tuple[str, str], MailTemplate]]:
    """Read our own layout and templates, once."""
    layout = Template((_BUILT_IN / "layout.html").read_text(encoding="utf-8"))
    return layout, MappingProxyType(dict(_read(_BUILT_IN, [])))


def one_line(value: Any) -> str | None:
    """Write a value without line breaks and control characters; None and False: there is none."""
    if value is None or value is False:
        return None
    return _BREAKS.sub(" ", str(value)).strip()


def _paragraphs(text: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Make HTML of a text: a link under its label becomes a button, a code is written large."""
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.strip().splitlines()
        if lines[-1].strip() == "{{link}}":
            link = escape(str(values.get("link") or ""))
            label = placeholders.render(" ".join(lines[:-1]), values).rstrip(" :\u00a0\u202f")
            yield _BUTTON.format(link=link, label=label or link)
        elif lines == ["{{code}}"]:
            yield _CODE.format(escape(str(values.get("code") or "")))
        else:
            # the text first, so that a value can't end a paragraph
            filled = placeholders.render(escape("\n".join(lines), quote=False), values)
            yield _P.format(filled.replace("\n", "<br>\n"))


def _read(folder: Path, problems: list[str]) -> Iterator[tuple[tuple[str, str], MailTemplate]]:
    """Read the templates of a folder and of its languages' folders; add what is wrong."""
    try:
        places = [("", folder)] + [
            (path.name.lower(), path)
            for path in sorted(folder.iterdir())
            if path.is_dir() and languages.locale(path.name)
        ]
        for language, place in places:
            for path in sorted(place.iterdir()):
                found = _template(path, problems)
                if found is not None:
                    yield (language, path.stem), found
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{folder}: {error}")


def _template(path: Path, problems: list[str]) -> MailTemplate | None:
    """Read one template by its text file; None for a file that is none."""
    if path.suffix not in (".txt", ".html") or path.name == "layout.html":
        return None
    if path.stem not in TEMPLATES:
        problems.append(f"{path}: there is no such mail; there are {', '.join(TEMPLATES)}")
        return None
    if path.suffix == ".html":
        if not path.with_suffix(".txt").is_file():
            problems.append(f"{path}: needs {path.stem}.txt beside it, for who reads no HTML")
        return None
    head, _, text = _content(path).partition("\n")
    subject = _SUBJECT.fullmatch(head.strip())
    if subject is None:
        problems.append(f"{path}: the first line must be `Subject: ...`")
        return None
    beside = path.with_suffix(".html")
    html = _content(beside) if beside.is_file() else None
    required, optional = TEMPLATES[path.stem]
    for file, content in ((path, text), (beside, html)):
        missing = required - placeholders.names(content) if content is not None else ()
        problems += [f"{file}: lacks {{{{{name}}}}}" for name in sorted(missing)]
    names = placeholders.names(subject[1] + text + (html or ""))
    for name in sorted(names - required - optional - _COMMON):
        if not _COLUMN.fullmatch(name):
            problems.append(f"{path}: this mail has no {{{{{name}}}}}")
    return MailTemplate(subject[1], f"{text.strip()}\n", html)


def _content(path: Path) -> str:
    if path.stat().st_size > _LARGEST:
        raise OSError(f"{path.name} is larger than {_LARGEST} bytes")
    return path.read_text(encoding="utf-8").lstrip("\ufeff")
