"""The account pages as a browser gets them: forms without scripts, languages, the shop's own."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from parsepy.config import ConfigError
from parsepy.pages.renderer import FILES
from tests.conftest import APP_ID, Client
from tests.pages.conftest import Start
from tests.rest.mailing import PAGES, RESET, VERIFY, Shop

RESEND = f"{PAGES}/resend_verification_email"
SCRIPT = {"X-Requested-With": "XMLHttpRequest"}


async def test_the_form_sends_itself_without_a_script(shop: Shop) -> None:
    ann, address = await shop.sign_up()
    await shop.token(address)
    token = await shop.ask_reset(address)
    page = await shop.client.get(RESET, params={"token": token})
    action = re.search(r'<form method="post" action="http://shop.test/parse([^"]+)"', page.text)
    assert action is not None
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert "<script" not in page.text
    form = {**fields, "new_password": "a new one", "confirm_new_password": "a new one"}
    assert "is changed" in (await shop.client.post(action[1], data=form)).text
    assert (await shop.log_in(ann.name, "a new one")).status_code == 200


async def test_two_different_passwords_are_sent_back(shop: Shop) -> None:
    ann, address = await shop.sign_up()
    await shop.token(address)
    token = await shop.ask_reset(address)
    page = await shop.reset(token, "a new one", confirm_new_password="a new 0ne")
    assert 'role="alert"' in page.text
    assert (await shop.log_in(ann.name)).status_code == 200


async def test_what_is_shown_of_a_request_is_no_html(shop: Shop) -> None:
    attack = '"><script>alert(1)</script>'
    query = {"appId": APP_ID, "token": attack, "username": attack, "locale": attack}
    page = await shop.client.get("/apps/choose_password", params=query)
    assert page.status_code == 200
    assert "<script" not in page.text
    static = await shop.client.get(
        "/apps/password_reset.html", params={**query, "error": "Call us"}
    )
    assert "<script" not in static.text
    assert "Call us" not in static.text, "nobody else writes on our pages"


async def test_a_page_is_kept_and_told_nowhere(shop: Shop) -> None:
    headers = (await shop.client.get("/apps/choose_password", params={"appId": APP_ID})).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_a_frame_of_the_shops_own_may_hold_a_page(start: Start) -> None:
    shop = await start(parseFrameURL="https://shop.test/frame")
    headers = (await shop.client.get("/apps/choose_password", params={"appId": APP_ID})).headers
    assert "frame-ancestors https://shop.test" in headers["content-security-policy"]


@pytest.mark.parametrize("file", FILES.values())
async def test_every_page_is_there_and_readable_by_all(file: str, shop: Shop) -> None:
    page = await shop.client.get(f"/apps/{file}", params={"token": "abc"})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="en">' in page.text
    assert len(re.findall("<h1>", page.text)) == 1
    assert "The Shop</title>" in page.text
    assert "{{" not in page.text
    assert "<!-- " not in page.text
    fields = re.findall(r'<input id="(\w+)"', page.text)
    assert fields == re.findall(r'<label for="(\w+)"', page.text), "each field has its label"


@pytest.mark.parametrize(
    "path",
    [
        "/apps/../config.json",
        "/apps/%2e%2e/%2e%2e/pyproject.toml",
        "/apps/..%2f..%2fpages%2f__init__.py",
        "/apps/layout.html",
        "/apps/nothing.html",
        "/apps/a%00b.html",
        "/apps/a%00b.svg",
        "/apps/out.svg",
        "/apps/round.svg",
        "/apps/de/../../config.json",
        "/apps/..%2fconfig.json",
        "/apps/de%2f..%2f..%2fconfig.json",
        "/apps/%2e%2e%5cconfig.json",
        "/apps/de",
        "/apps/%2fetc%2fpasswd",
        "/apps/",
        "/apps/x",
        "/apps/a/b/c.html",
        f"/apps/{'a' * 5000}.html",
        f"/apps/{'a' * 5000}.svg",
    ],
)
async def test_nothing_outside_of_the_pages_is_served(path: str, own: Shop) -> None:
    answer = await own.client.get(f"http://testserver/parse{path}")
    assert answer.status_code == 404, answer.text


async def test_another_applications_pages_are_refused(shop: Shop) -> None:
    for path in ("/apps/other/verify_email?token=a", "/apps/choose_password?appId=other"):
        answer = await shop.client.get(path)
        assert (answer.status_code, answer.json()) == (403, {"error": "unauthorized"})


async def test_no_credentials_are_asked_for(shop: Shop) -> None:
    stranger = Client(shop.application)
    del stranger.headers["X-Parse-Application-Id"]
    assert (await stranger.get(RESET, params={"token": "a"})).status_code == 200


async def test_looking_at_a_link_does_not_use_it_up(shop: Shop) -> None:
    ann, address = await shop.sign_up()
    token = await shop.token(address)
    assert (await shop.client.head(VERIFY, params={"token": token})).status_code == 200
    me = (await ann.client.get("/users/me")).json()
    assert me["emailVerified"] is False


async def test_a_script_is_answered_in_json(shop: Shop) -> None:
    _, address = await shop.sign_up()
    await shop.token(address)
    token = await shop.ask_reset(address)
    body = {"token": token, "new_password": "a new one"}
    answer = await shop.client.post(RESET, json=body, headers=SCRIPT)
    assert (answer.status_code, answer.json()) == (200, "Password successfully reset")
    answer = await shop.client.post(RESET, json=body, headers=SCRIPT)
    message = "Failed to reset password: username / email / token is invalid"
    assert (answer.status_code, answer.json()) == (400, {"code": -1, "error": message})


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [({}, -1, "Missing token"), ({"token": "abc"}, 201, "Missing password")],
)
async def test_a_script_is_told_what_it_forgot(
    body: Any, code: int, message: str, shop: Shop
) -> None:
    answer = await shop.client.post(RESET, json=body, headers=SCRIPT)
    assert answer.json() == {"code": code, "error": message}


async def test_a_link_is_asked_for_again_on_a_page(shop: Shop) -> None:
    ann, address = await shop.sign_up()
    first = await shop.token(address)
    for form in ({"username": ann.name}, {"token": first}):
        answer = await shop.client.post(RESEND, data=form)
        assert answer.status_code == 303
        assert "email_verification_send_success.html" in answer.headers["location"]
    assert await shop.token(address, 2) != first


async def test_a_page_does_not_tell_which_usernames_exist(shop: Shop, start: Start) -> None:
    ann, _ = await shop.sign_up()
    known = await shop.client.post(RESEND, data={"username": ann.name})
    unknown = await shop.client.post(RESEND, data={"username": "nobody"})
    assert known.headers["location"] == unknown.headers["location"]
    telling = {"verifyUserEmails": True, "emailVerifySuccessOnInvalidEmail": False}
    other = await start(**telling)
    answer = await other.client.post(RESEND, data={"username": "nobody"})
    assert "email_verification_send_fail.html" in answer.headers["location"]


@pytest.mark.parametrize("username", [{"$ne": ""}, ["a"], 5, None])
async def test_only_a_text_is_a_username(username: Any, shop: Shop) -> None:
    _, address = await shop.sign_up()
    await shop.token(address)
    answer = await shop.client.post(RESEND, json={"username": username})
    assert "email_verification_link_invalid.html" in answer.headers["location"]
    assert len(shop.mailbox.to(address)) == 1


async def test_pages_say_in_headers_what_they_are_about(shop: Shop) -> None:
    query = {"appId": APP_ID, "token": "a\r\nb", "username": "Bär", "locale": "de-AT"}
    page = await shop.client.get("/apps/choose_password", params=query)
    found = {
        name.removeprefix("x-parse-page-param-"): value
        for name, value in page.headers.items()
        if name.startswith("x-parse-page-param-")
    }
    assert found == {
        "appid": APP_ID,
        "appname": "The Shop",
        "publicserverurl": "http://shop.test/parse",
        "token": "ab",
        "username": "B%C3%A4r",
        "locale": "de-AT",
    }


async def test_an_application_without_a_name_has_no_pages(start: Start) -> None:
    shop = await start(appName=None)
    answer = await shop.client.get(RESET, params={"token": "a"})
    assert (answer.status_code, answer.text) == (404, "Not found.")


async def test_a_form_that_is_too_large_is_refused(shop: Shop) -> None:
    answer = await shop.client.post(RESET, data={"token": "a" * 100_000})
    assert answer.status_code == 400
    answer = await shop.client.post(RESET, content=b"{" * 50_000)
    assert answer.status_code == 400


# --- the option pages -----------------------------------------------------------------------------


async def test_the_endpoint_has_another_name(start: Start) -> None:
    shop = await start(pages={"pagesEndpoint": "accounts"})
    _, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    link = f"http://shop.test/parse/accounts/{APP_ID}/request_password_reset?token={token}"
    assert link in await shop.mail(address)
    page = await shop.client.get(link.replace("http://shop.test/parse", ""))
    assert f'action="http://shop.test/parse/accounts/{APP_ID}/' in page.text
    assert (await shop.client.get(RESET)).status_code == 404


async def test_a_page_elsewhere_gets_the_parameters(start: Start) -> None:
    urls = {"passwordReset": "https://shop.test/reset?theme=dark", "passwordResetSuccess": "/here"}
    shop = await start(pages={"customUrls": urls})
    _, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    answer = await shop.client.get(RESET, params={"token": token})
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["location"])
    assert (parts.netloc, parts.path) == ("shop.test", "/reset")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (query["theme"], query["token"], query["appName"]) == ("dark", token, "The Shop")
    assert "is changed" in (await shop.reset(token)).text, "a path is no address"


async def test_all_pages_are_redirects_where_the_shop_wants_it(start: Start) -> None:
    shop = await start(pages={"forceRedirect": True})
    _, address = await shop.sign_up()
    token = await shop.ask_reset(address)
    to_form = await shop.client.get(RESET, params={"token": token})
    assert to_form.status_code == 303
    form = await shop.client.get(to_form.headers["location"].replace("http://shop.test/parse", ""))
    assert f'value="{token}"' in form.text
    wrong = await shop.reset(token, "one", confirm_new_password="two")
    page = await shop.client.get(wrong.headers["location"].replace("http://shop.test/parse", ""))
    assert "not the same" in page.text
    done = await shop.reset(token)
    assert "password_reset_success.html" in done.headers["location"]


async def test_a_picture_is_asked_for_without_being_sent_again(own: Shop) -> None:
    logo = await own.client.get("/apps/logo.svg")
    seen = {"If-None-Match": logo.headers["etag"]}
    again = await own.client.get("/apps/logo.svg", headers=seen)
    assert (again.status_code, again.content) == (304, b"")
    other = await own.client.get("/apps/logo.svg", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.text) == (200, "<svg/>")
    head = await own.client.head("/apps/logo.svg")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len("<svg/>"))
    assert (await own.client.post("/apps/logo.svg")).status_code == 404


async def test_the_shops_own_pages_come_first(own: Shop) -> None:
    query = {"appId": APP_ID, "token": "abc", "username": "<i>"}
    page = await own.client.get("/apps/choose_password", params=query)
    assert page.text == "The Shop|abc|Hello at The Shop|summer|&lt;i&gt;|yes"
    assert "content-security-policy" not in page.headers
    logo = await own.client.get("/apps/logo.svg")
    assert (logo.text, logo.headers["content-type"]) == ("<svg/>", "image/svg+xml")
    assert (await own.client.get("/apps/de/../logo.svg")).text == "<svg/>"
    assert "used" in (await own.client.get("/apps/password_reset_link_invalid.html")).text


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de-AT", "de-AT|Hallo &lt;b&gt;bei&lt;/b&gt; The Shop"),
        ("de-CH", "de|Hallo &lt;b&gt;bei&lt;/b&gt; The Shop"),
        ("de", "de|Hallo &lt;b&gt;bei&lt;/b&gt; The Shop"),
        ("fr", "The Shop||Hello at The Shop|summer||"),
        ("../de", "The Shop||Hello at The Shop|summer||"),
        (None, "The Shop||Hello at The Shop|summer||"),
    ],
)
async def test_a_page_speaks_the_language_that_is_asked_for(
    locale: str | None, text: str, own: Shop
) -> None:
    header = {"x-parse-page-param-locale": locale} if locale else {}
    page = await own.client.get("/apps/choose_password", params={"appId": APP_ID}, headers=header)
    assert page.text == text


async def test_translations_that_can_not_be_read_stop_the_start(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "texts.json").write_text("[]")
    for file in ("missing.json", "texts.json"):
        pages = {"localizationJsonPath": str(tmp_path / file)}
        with pytest.raises(ConfigError, match="localizationJsonPath"):
            await start(pages=pages)
