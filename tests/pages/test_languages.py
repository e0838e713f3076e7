"""Pages and mails speak the language of who reads them; operators have pages of their own."""

import re
from pathlib import Path
from typing import Any

import pytest

from parsepy.config import ConfigError
from parsepy.pages.renderer import FILES
from parsepy.pages.translations import TEXTS
from parsepy.texts.languages import LANGUAGES
from tests.conftest import APP_ID, Client
from tests.pages.conftest import Start
from tests.rest.mailing import PAGES, RESET, VERIFY, Shop
from tests.rest.shop import ok, unique

GERMAN = {"Accept-Language": "de-CH, fr;q=0.5"}


# --- our own pages ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("file", FILES.values())
async def test_every_page_speaks_every_language(file: str, language: str, shop: Shop) -> None:
    page = await shop.client.get(f"/apps/{file}", params={"locale": language})
    assert f'<html lang="{language}">' in page.text
    title = re.search(r"<h1>(.+)</h1>", page.text)
    assert title is not None
    own = {text.replace("'", "&#39;") for text in TEXTS[language].values()}
    assert title[1] in own
    assert "{{" not in page.text


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ({}, "de-CH, fr;q=0.5", "de"),
        ({"locale": "fr"}, "de", "fr"),
        ({"locale": "pt-BR"}, "", "pt"),
        ({"locale": "nl"}, "it;q=0.5, es", "es"),
        ({"locale": "nl"}, "", "en"),
        ({"locale": "../../etc"}, "", "en"),
        ({}, "*", "en"),
    ],
)
async def test_the_link_comes_before_the_browser(
    query: dict[str, str], header: str, language: str, shop: Shop
) -> None:
    headers = {"Accept-Language": header}
    params = {"appId": APP_ID, **query}
    page = await shop.client.get("/apps/choose_password", params=params, headers=headers)
    assert f'<html lang="{language}">' in page.text


async def test_what_is_wrong_is_told_in_the_language_too(shop: Shop) -> None:
    _, address = await shop.sign_up()
    await shop.token(address)
    token = await shop.ask_reset(address)
    form = {"token": token, "new_password": "one", "confirm_new_password": "two", "locale": "de"}
    page = await shop.client.post(RESET, data=form)
    assert "Die beiden Passwörter sind nicht gleich." in page.text
    assert "The two passwords are not the same." not in page.text
    done = await shop.client.post(RESET, data={**form, "confirm_new_password": "one"})
    assert "Ihr Passwort ist geändert" in done.text


# --- mails --------------------------------------------------------------------------------------


async def test_a_mail_speaks_the_language_of_the_browser(shop: Shop) -> None:
    name, address = unique("ann"), f"{unique('ann')}@shop.test"
    body = {"username": name, "password": "correct horse", "email": address}
    ok(await shop.client.post("/users", json=body, headers=GERMAN), 201)
    token = await shop.token(address)
    (mail,) = shop.mailbox.to(address)
    assert mail.subject == "Bitte bestätigen Sie Ihre E-Mail-Adresse für The Shop"
    assert mail.language == "de"
    assert f"verify_email?token={token}&locale=de-CH" in mail.text
    assert mail.html is not None
    assert '<html lang="de">' in mail.html
    ok(await shop.client.post("/requestPasswordReset", json={"email": address}, headers=GERMAN))
    await shop.mail(address, 2)
    assert shop.mailbox.to(address)[1].subject == "Neues Passwort für The Shop"


async def test_the_users_own_language_comes_first(shop: Shop) -> None:
    _, address = await shop.sign_up(locale="pt_BR")
    await shop.token(address)
    ok(await shop.client.post("/requestPasswordReset", json={"email": address}, headers=GERMAN))
    text = await shop.mail(address, 2)
    assert shop.mailbox.to(address)[1].language == "pt"
    assert "&locale=pt-BR" in text


async def test_the_link_s_language_comes_before_the_browser_s(shop: Shop) -> None:
    ann, address = await shop.sign_up()
    await shop.token(address)
    form = {"username": ann.name, "locale": "it"}
    await shop.client.post(f"{PAGES}/resend_verification_email", data=form, headers=GERMAN)
    await shop.mail(address, 2)
    assert [mail.language for mail in shop.mailbox.to(address)] == ["en", "it"]


async def test_who_asks_for_no_language_gets_links_as_ever(shop: Shop) -> None:
    _, address = await shop.sign_up()
    assert "locale" not in await shop.mail(address)


@pytest.mark.parametrize("locale", ["../../de", "de\r\nBcc: x", {"a": 1}, 5, "a" * 500])
async def test_an_odd_language_is_none(locale: Any, start: Start) -> None:
    shop = await start(verifyUserEmails=True, mail={"cooldown": 0, "localeField": "speaks"})
    _, address = await shop.sign_up(speaks=locale)
    assert "locale" not in await shop.mail(address)
    assert shop.mailbox.to(address)[0].language == "en"


async def test_texts_of_the_operators_own(start: Start, tmp_path: Path) -> None:
    (tmp_path / "nl").mkdir()
    text = "Subject: Welkom bij {{appName}}\n\nHoi {{user.city}}!\n\nBevestig:\n{{link}}\n"
    (tmp_path / "nl" / "email_verification.txt").write_text(text)
    mail = {"cooldown": 0, "templatesPath": str(tmp_path), "localeField": "speaks"}
    shop = await start(verifyUserEmails=True, mail={**mail, "fallbackLocale": "nl"})
    _, address = await shop.sign_up(city="<Gent>")
    assert "Hoi <Gent>!" in await shop.mail(address)
    (mail_,) = shop.mailbox.to(address)
    assert (mail_.subject, mail_.language) == ("Welkom bij The Shop", "nl")
    assert "Hoi &lt;Gent&gt;!" in (mail_.html or "")
    _, other = await shop.sign_up(speaks="fr")
    await shop.token(other)
    assert shop.mailbox.to(other)[0].language == "fr"


async def test_texts_that_can_not_be_used_stop_the_start(start: Start, tmp_path: Path) -> None:
    (tmp_path / "password_reset.txt").write_text("Hello {{link}}")
    with pytest.raises(ConfigError, match=r"mail\.templatesPath: .*Subject"):
        await start(mail={"templatesPath": str(tmp_path)})


@pytest.mark.parametrize(
    "name",
    [
        "buy http://evil.test now",
        "www.evil.test",
        "see evil.test ",
        "evil.test/now",
        "a\nb",
        "x" * 101,
    ],
)
async def test_a_name_that_advertises_is_not_mailed(name: str, shop: Shop) -> None:
    _, address = await shop.sign_up(username=name + unique("n"))
    await shop.token(address)
    ok(await shop.client.post("/requestPasswordReset", json={"email": address}))
    text = await shop.mail(address, 2)
    assert "evil" not in text
    assert "()" not in text
    assert "xxxx" not in text


# --- the operator's own routes and placeholders ---------------------------------------------------

FUNCTIONS = """
async def city(request):
    if request.params["city"] == "nowhere":
        return None
    if request.params["city"] == "broken":
        raise RuntimeError("secret of ours")
    return {
        "file": "city.html",
        "query": {"city": request.params["city"], "who": request.query.get("who"), "n": 5},
    }


def signed(request):
    city = request.form.get("city", "")
    return {"file": "city.html", "query": {"city": city, "who": request.method}}


async def outside(request):
    return {"file": "../../config.json"}


async def placeholders(values):
    return {"season": f"summer at {values['appName']}", "city": "not from here"}
"""


@pytest.fixture(scope="module")
async def routed(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with routes of its own."""
    folder = tmp_path_factory.mktemp("routed")
    (folder / "pages.py").write_text(FUNCTIONS)
    (folder / "config.json").write_text("secret")
    (folder / "public" / "de").mkdir(parents=True)
    page = "{{city}}|{{who}}|{{n}}|{{season}}|{{appName}}|{{locale}}"
    (folder / "public" / "city.html").write_text(page)
    (folder / "public" / "de" / "city.html").write_text("Stadt {{city}}")
    handler = f"{folder / 'pages.py'}:"
    return await start(
        pages={
            "pagesPath": str(folder / "public"),
            "enableLocalization": True,
            "placeholders": f"{handler}placeholders",
            "customRoutes": [
                {"method": "GET", "path": "cities/:city", "handler": f"{handler}city"},
                {"method": "POST", "path": "cities", "handler": f"{handler}signed"},
                {"method": "GET", "path": "outside", "handler": f"{handler}outside"},
                {"method": "GET", "path": "verify_email", "handler": f"{handler}outside"},
            ],
        }
    )


async def test_a_route_of_the_operators_own_shows_a_page(routed: Shop) -> None:
    page = await routed.client.get(f"{PAGES}/cities/Gent", params={"who": "<b>"})
    assert page.status_code == 200
    # Parse: the values of placeholders come before those of the page
    assert page.text == "not from here|&lt;b&gt;|5|summer at The Shop|The Shop|"
    assert page.headers["x-parse-page-param-city"] == "Gent"
    assert page.headers["x-parse-page-param-n"] == "5"
    german = await routed.client.get(f"{PAGES}/cities/Gent", params={"locale": "de"})
    assert german.text == "Stadt not from here"


async def test_what_is_posted_to_it_is_answered_with_the_page(routed: Shop) -> None:
    page = await routed.client.post(f"{PAGES}/cities", data={"city": "Gent"})
    assert (page.status_code, page.headers["x-parse-page-param-city"]) == (200, "Gent")
    assert "|POST|" in page.text


@pytest.mark.parametrize("path", ["cities/nowhere", "outside", "cities", "elsewhere"])
async def test_a_page_that_is_not_there_is_not_found(path: str, routed: Shop) -> None:
    answer = await routed.client.get(f"{PAGES}/{path}")
    assert (answer.status_code, answer.text) == (404, "Not found.")


async def test_our_own_routes_come_first(routed: Shop) -> None:
    answer = await routed.client.get(VERIFY, params={"token": "x"})
    assert answer.status_code == 200
    assert "secret" not in answer.text


async def test_a_function_that_fails_tells_nothing(routed: Shop) -> None:
    answer = await routed.client.get(f"{PAGES}/cities/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_of_another_application_a_route_is_refused(routed: Shop) -> None:
    answer = await Client(routed.application).get("/apps/other/cities/Gent")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "route",
    [
        {"method": "PATCH", "path": "a", "handler": "tests.mailbox:adapter"},
        {"method": "GET", "path": "../a", "handler": "tests.mailbox:adapter"},
        {"method": "GET", "path": "a"},
        {"method": "GET", "path": "a", "handler": "no_such_module:page"},
        {"method": "GET", "path": "a", "handler": "tests.mailbox:missing"},
    ],
)
async def test_a_route_that_can_not_work_stops_the_start(route: Any, start: Start) -> None:
    with pytest.raises(ConfigError, match=r"pages\.customRoutes"):
        await start(pages={"customRoutes": [route]})
