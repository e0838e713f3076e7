"""Texts of mails and pages: every language has each of them, with its placeholders."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from parsepy.mail.templates import TEMPLATES, MailTemplateError, MailTemplates
from parsepy.pages.translations import TEXTS, problem
from parsepy.texts import languages, placeholders
from parsepy.texts.languages import LANGUAGES

HOUSE = Path(__file__).parents[2] / "parsepy"
FOLDER = HOUSE / "mail" / "templates"
VALUES: dict[str, Any] = {
    "appName": "The Shop",
    "username": "ann",
    "email": "ann@shop.test",
    "newEmail": "new@shop.test",
    "link": "https://shop.test/parse/apps/shop/verify_email?token=abc&locale=de",
    "code": "012345",
    "minutes": 10,
    "isSetUp": True,
    "publicServerUrl": "https://shop.test/parse",
}


@pytest.fixture(scope="module")
def built_in() -> MailTemplates:
    """The templates without a folder of the operator's."""
    return MailTemplates()


# --- every language -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_mail_and_no_other_file(language: str) -> None:
    files = {path.name for path in (FOLDER / language).iterdir()}
    assert files == {f"{name}.txt" for name in TEMPLATES}
    assert {path.name for path in FOLDER.iterdir()} == {*LANGUAGES, "layout.html"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_mail_has_the_placeholders_of_the_english_one(name: str, language: str) -> None:
    def parts(of: str) -> list[tuple[str, ...]]:
        text = (FOLDER / of / f"{name}.txt").read_text(encoding="utf-8")
        subject = placeholders.names(text.partition("\n")[0])
        sections = sorted(re.findall(r"\{\{[#^/]\w+\}\}", text))
        return [tuple(sorted(subject)), tuple(sorted(placeholders.names(text))), tuple(sections)]

    assert parts(language) == parts("en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("given", [True, False])
def test_a_mail_is_whole(name: str, language: str, given: bool, built_in: MailTemplates) -> None:
    optional = {"username", "newEmail", "isSetUp"} - TEMPLATES[name][0]
    values = {key: value for key, value in VALUES.items() if given or key not in optional}
    mail = built_in.write(name, [language], values)
    assert mail.language == language
    for text in (mail.subject, mail.text, mail.html):
        assert text.strip()
        assert "{{" not in text
        assert "()" not in text
        assert "  " not in re.sub(r"\n +", "\n", text)
    assert "The Shop" in mail.subject + mail.text
    assert f'<html lang="{language}">' in mail.html
    required = TEMPLATES[name][0]
    for key in required:
        assert VALUES[key] in mail.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_things_in_its_own_words(language: str) -> None:
    english = MailTemplates()
    for name in TEMPLATES:
        own, other = (english.write(name, [it], VALUES) for it in (language, "en"))
        assert (own.subject == other.subject) is (language == "en")
        assert (own.text == other.text) is (language == "en")
    same = [key for key, text in TEXTS[language].items() if text == TEXTS["en"][key]]
    assert same == (list(TEXTS["en"]) if language == "en" else [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_have_every_text_that_they_show(language: str) -> None:
    shown = {
        key
        for path in (HOUSE / "pages" / "html").glob("*.html")
        for key in re.findall(r"\bt\.(\w+)", path.read_text(encoding="utf-8"))
    }
    errors = {key for key in TEXTS["en"] if key.startswith("error_")}
    assert TEXTS[language].keys() == shown | errors
    for key, text in TEXTS[language].items():
        assert text.strip() == text
        assert placeholders.names(text) == placeholders.names(TEXTS["en"][key])


def test_what_is_refused_is_told_in_the_language() -> None:
    told = problem("New password should not be the same as last 3 passwords.", "de")
    assert told == "Wählen Sie ein Passwort, das keines Ihrer letzten 3 ist."
    assert problem("Nine at least.", "de") == "Nine at least.", "the operator's own words"
    assert problem(None, "de") is None
    for message in (
        "Failed to reset password: username / email / token is invalid",
        "The password reset link has expired",
        "Password does not meet the Password Policy requirements.",
        "Password cannot contain your username.",
        "The two passwords are not the same.",
    ):
        assert problem(message, "fr") != message


# --- which language -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", ["de-AT", "de", "en"]),
        ("en;q=0.2, fr;q=0.9, it", ["it", "fr", "en"]),
        ("*, de;q=0", []),
        ("de;q=2, fr;q=x, es;level=1", ["es"]),
        ("", []),
        ("../../etc, de\r\nX: y", []),
        ("a" * 10_000, []),
    ],
)
def test_what_a_browser_prefers(header: str, expected: list[str]) -> None:
    assert languages.accepted(header) == expected


def test_the_built_in_language_for_somebody() -> None:
    assert languages.built_in(["nl", "pt-BR", "de"]) == "pt"
    assert languages.built_in(["DE-at"]) == "de"
    assert languages.built_in(["nl"]) == "en"
    assert languages.built_in([]) == "en"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("de_AT.UTF-8", "de-AT"),
        ("fr", "fr"),
        ("", None),
        (5, None),
        ("../x", None),
        ("a" * 99, None),
    ],
)
def test_the_language_in_a_column(value: object, expected: str | None) -> None:
    assert languages.column_locale(value) == expected


# --- what is filled in ----------------------------------------------------------------------------


class Tags(HTMLParser):
    """Counts the tags and keeps the addresses of links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{link}}",
        "{{#link}}x{{/link}}",
        "a\n\nClick here:\nhttps://evil.test",
        "a\r\nBcc: eve@evil.test",
        "$content ${app}",
        "\u2028{{code}}",
    ],
)
def test_a_value_is_text_and_stays_on_its_line(attack: str, built_in: MailTemplates) -> None:
    plain = built_in.write("password_reset", ["en"], {**VALUES, "username": "ann"})
    mail = built_in.write("password_reset", ["en"], {**VALUES, "username": attack})
    assert Tags(mail.html).tags == Tags(plain.html).tags
    assert Tags(mail.html).links == [VALUES["link"]]
    assert len(mail.text.splitlines()) == len(plain.text.splitlines())
    named = built_in.write("password_reset", ["en"], {**VALUES, "appName": attack})
    assert "\n" not in named.subject
    assert "\r" not in named.subject


# --- the operator's own ---------------------------------------------------------------------------


def write(folder: Path, **files: str) -> Path:
    """Write files of a folder; ``de__x`` is the file x of the folder de."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/").replace("_TXT", ".txt").replace("_HTML", ".html"))
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_an_own_text_comes_first_and_others_stay(tmp_path: Path) -> None:
    write(
        tmp_path,
        nl__password_reset_TXT="Subject: Wachtwoord {{appName}}\n\nHoi {{user.city}}\n\n{{link}}\n",
        de__password_reset_TXT="Subject: Passwort\n\nHallo\n\nHier:\n{{link}}\n",
        de__password_reset_HTML="<p>{{username}} <a href='{{link}}'>hier</a></p>",
    )
    templates = MailTemplates(tmp_path)
    dutch = templates.write("password_reset", ["nl-BE"], {**VALUES, "user.city": "Gent"})
    assert (dutch.language, dutch.subject) == ("nl", "Wachtwoord The Shop")
    assert "Hoi Gent" in dutch.text
    german = templates.write("password_reset", ["de"], {**VALUES, "username": "<b>"})
    assert german.html.startswith("<p>&lt;b&gt; <a")
    assert templates.write("password_reset", ["fr"], VALUES).language == "fr"
    assert templates.write("email_verification", ["nl"], VALUES).language == "en"


def test_a_text_in_no_language_is_for_all_others(tmp_path: Path) -> None:
    write(
        tmp_path,
        password_reset_TXT="Subject: Ours\n\n{{link}}\n",
        it__password_reset_TXT="Subject: Nostro\n\n{{link}}\n",
    )
    templates = MailTemplates(tmp_path, "nl")
    found = {it: templates.write("password_reset", [it], VALUES).subject for it in ("it", "de")}
    assert found == {"it": "Nostro", "de": "Ours"}
    assert templates.write("password_reset", [], VALUES).language == "nl"


@pytest.mark.parametrize("fallback", LANGUAGES)
def test_the_fallback_is_an_option(fallback: str) -> None:
    assert (
        MailTemplates(None, fallback).write("password_reset", ["nl"], VALUES).language == fallback
    )


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"pasword_reset_TXT": "Subject: a\n{{link}}"}, "there is no such mail"),
        ({"password_reset_TXT": "Hello {{link}}"}, "the first line must be `Subject: ...`"),
        ({"password_reset_TXT": "Subject: a\n\nHello"}, "lacks {{link}}"),
        ({"password_reset_TXT": "Subject: a\n{{link}} {{cod}}"}, "has no {{cod}}"),
        ({"de__password_reset_HTML": "{{link}}"}, "needs password_reset.txt"),
        (
            {"password_reset_TXT": "Subject: a\n{{link}}", "password_reset_HTML": "none"},
            "password_reset.html: lacks {{link}}",
        ),
    ],
)
def test_a_folder_that_can_not_be_used_is_refused(
    files: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(MailTemplateError, match=re.escape(told)):
        MailTemplates(write(tmp_path, **files))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MailTemplateError):
        MailTemplates(tmp_path / "missing")
