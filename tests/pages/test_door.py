"""What stands around the pages as around every door: limits, ids, the log, CORS, failures."""

import logging
from typing import Any

import pytest

from parsepy.operations import accounts
from parsepy.storage import Unavailable
from tests.conftest import APP_ID
from tests.pages.conftest import Start
from tests.rest.mailing import RESET, VERIFY, Shop

CHOOSE = f"/apps/choose_password?appId={APP_ID}"


async def test_every_page_has_an_id_and_may_be_read_from_elsewhere(shop: Shop) -> None:
    first, second = [(await shop.client.get(CHOOSE)).headers for _ in range(2)]
    assert first["x-request-id"] != second["x-request-id"]
    assert first["access-control-allow-origin"] == "*"


async def test_a_page_is_a_line_of_the_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    shop = await start(verbose=True)
    with caplog.at_level(1, logger="parsepy.request"):
        page = await shop.client.get(RESET, params={"token": "secret"})
    lines = [record.getMessage() for record in caplog.records if record.name == "parsepy.request"]
    assert [line for line in lines if page.headers["x-request-id"] in line and RESET in line]
    assert "secret" not in "".join(lines)


async def test_the_figures_know_a_page_by_its_pattern(start: Start) -> None:
    shop = await start(metrics={"enabled": True})
    await shop.client.get(VERIFY, params={"token": "abc"})
    await shop.client.get("/apps/nosuch.html")
    kept = shop.application.backend.metrics
    assert kept is not None
    text = kept.text().decode()
    assert 'route="/apps/:appId/verify_email"' in text
    assert 'route="/apps/*path"' in text
    assert "nosuch" not in text


async def test_pages_count_in_rate_limits(start: Start) -> None:
    limit = {"requestPath": "/apps/*path", "requestTimeWindow": 60_000, "requestCount": 2}
    shop = await start(rateLimit=[{**limit, "includeInternalRequests": True}])
    answers = [await shop.client.get(CHOOSE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["x-ratelimit-remaining"] == "1"
    assert int(answers[2].headers["retry-after"]) > 0
    assert answers[2].headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        f"/parse{RESET}",
        f"/parse{RESET}/",
        f"/parse/apps/{APP_ID}/request%5Fpassword_reset",
        f"/parse/apps/{APP_ID}%2Frequest_password_reset",
        f"/parse%2Fapps/{APP_ID}/request_password_reset",
        f"/%70arse{RESET}",
    ],
)
async def test_no_spelling_of_a_page_leads_around_its_rate_limit(start: Start, path: str) -> None:
    limit = {"requestPath": RESET, "requestTimeWindow": 60_000, "requestCount": 0}
    shop = await start(rateLimit=[{**limit, "includeInternalRequests": True}])
    page = await shop.client.get(f"http://testserver{path}")
    assert page.status_code == 429


async def test_a_slash_may_follow_the_address_of_a_page(shop: Shop) -> None:
    page = await shop.client.get(f"{VERIFY}/", params={"token": "abc"})
    assert page.status_code == 200
    assert "x-parse-page-param-appid" in page.headers


async def test_the_client_of_a_page_is_whom_trusted_proxies_vouch_for(start: Start) -> None:
    limit = {"requestPath": "/apps/*path", "requestTimeWindow": 60_000, "requestCount": 1}
    shop = await start(trustProxy="loopback", rateLimit=[limit])
    for address in ("203.0.113.1", "203.0.113.2"):
        headers = {"X-Forwarded-For": address}
        assert (await shop.client.get(CHOOSE, headers=headers)).status_code == 200
        assert (await shop.client.get(CHOOSE, headers=headers)).status_code == 429


async def test_a_form_has_fifty_fields_at_most(shop: Shop) -> None:
    fields = {f"field{number}": "a" for number in range(49)}
    assert (await shop.client.post(RESET, data={**fields, "token": "a"})).status_code == 303
    refused = await shop.client.post(RESET, data={**fields, "token": "a", "more": "a"})
    assert (refused.status_code, refused.text) == (400, "The form can't be read.")
    query = "&".join(f"field{number}=a" for number in range(51))
    assert (await shop.client.get(f"{RESET}?{query}")).status_code == 400


async def test_a_form_may_be_a_multipart_one_without_files(shop: Shop) -> None:
    parts = {"token": (None, "a"), "new_password": (None, "b")}
    assert (await shop.client.post(RESET, files=parts)).status_code == 200
    files = {"token": ("token.txt", b"a")}
    assert (await shop.client.post(RESET, files=files)).status_code == 400


async def test_a_field_that_comes_twice_is_no_text(shop: Shop) -> None:
    page = await shop.client.get(f"{RESET}?token=a&token=b")
    assert "used already" in page.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_pages_are_got_and_posted_to_only(shop: Shop, method: str) -> None:
    for path in (RESET, "/apps/password_reset.html", "/apps/nosuch"):
        answer = await shop.client.request(method, path)
        assert (answer.status_code, answer.text) == (404, "Not found.")


async def test_a_page_without_its_database_asks_to_come_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*arguments: Any) -> Any:
        raise Unavailable("mongo:27017")

    monkeypatch.setattr(accounts, "verify_email", fail)
    answer = await shop.client.get(VERIFY, params={"token": "abc"})
    assert (answer.status_code, answer.text) == (503, "Please try again later.")


async def test_an_unforeseen_failure_of_a_page_is_logged_with_its_id(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*arguments: Any) -> Any:
        raise KeyError("a secret of the inside")

    monkeypatch.setattr(accounts, "verify_email", fail)
    with caplog.at_level(logging.ERROR):
        answer = await shop.client.get(VERIFY, params={"token": "abc"})
    assert (answer.status_code, answer.text) == (500, "Internal server error.")
    assert answer.headers["x-request-id"] in caplog.text
    assert "a secret of the inside" in caplog.text
