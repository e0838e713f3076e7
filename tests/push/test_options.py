"""The option `push`: what it must hold, and which sender it makes of it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import build
from parsepy.config import Config, ConfigError
from parsepy.push import Senders, open_senders
from parsepy.push.apns import PRODUCTION, SANDBOX, APNs
from parsepy.push.base import PushConfigError
from tests.conftest import Client, MakeApp
from tests.push import fakes, recorder
from tests.push.conftest import PushShop
from tests.rest.shop import ok

TOKEN = {"key": fakes.pem(fakes.APNS_KEY), "keyId": "K", "teamId": "T"}
ACCOUNT = {
    "project_id": "p",
    "client_email": "a@example.org",
    "private_key": fakes.pem(fakes.ACCOUNT_KEY),
}


def problem(options: dict[str, Any]) -> str:
    """What is wrong with these options of `push`."""
    with pytest.raises(PushConfigError) as refused:
        open_senders(options, Path())
    return str(refused.value)


@pytest.mark.parametrize("named", [{}, {"ios": {}}, {"ios": [], "android": None}, {"web": {}}])
def test_what_is_named_empty_needs_no_extra(
    named: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("h2", "jwt"):
        monkeypatch.setitem(sys.modules, module, None)
    open_senders(named, Path())
    with pytest.raises(ImportError):
        open_senders({"ios": {"token": TOKEN}}, Path())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"pager": {}}, "pager: Push to pager is not supported"),
        ({"web": {"vapid": {}}}, "web: there is no sender for it: name one in push.adapter"),
        (
            {"android": {"apiKey": "old"}},
            "android: Firebase service account is required for Android/FCM push notifications",
        ),
        ({"android": {"firebaseServiceAccount": {}}}, "project_id: required (text)"),
        ({"ios": "key.p8"}, "ios: expected an object, or a list of objects"),
        ({"ios": {"cert": "c.pem"}}, "certificates are not supported"),
        ({"ios": {"token": {"key": "k"}}}, "ios.token.keyId: required (text)"),
        ({"ios": {"token": {**TOKEN, "key": "none.p8"}}}, "ios.token.key: can't be read"),
        (
            {"ios": {"token": {**TOKEN, "key": "-----BEGIN PRIVATE KEY-----"}}},
            "ios.token.key: can't sign with it",
        ),
        (
            {"android": {"firebaseServiceAccount": {**ACCOUNT, "private_key": "no"}}},
            "android.firebaseServiceAccount: can't sign with private_key",
        ),
    ],
)
def test_what_is_wrong_is_told_by_its_place(options: dict[str, Any], text: str) -> None:
    assert text in problem(options)


@pytest.mark.parametrize(
    ("push", "text"),
    [
        ({"pager": {}}, "push.pager: Push to pager is not supported"),
        ({"adapter": "no_such_module"}, "push.adapter: no_such_module can't be imported"),
        ({"adapter": "tests.rest.shop"}, "push.adapter: tests.rest.shop offers no class"),
        ({"queueOptions": {"batchSize": 0}}, "push.queueOptions.batchSize: expected"),
    ],
)
def test_a_server_does_not_start_with_wrong_options(push: dict[str, Any], text: str) -> None:
    options = {"appId": "a", "masterKey": "m", "databaseURI": "mongodb://x/y", "push": push}
    with pytest.raises(ConfigError) as refused:
        build(Config.from_options(options))
    assert text in "\n".join(refused.value.problems)


def test_keys_may_be_files(tmp_path: Path) -> None:
    (tmp_path / "key.p8").write_text(TOKEN["key"])
    (tmp_path / "account.json").write_text(json.dumps(ACCOUNT))
    made = open_senders(
        {
            "ios": {"token": {**TOKEN, "key": "key.p8"}},
            "tvos": {"firebaseServiceAccount": "account.json"},
            "android": {"firebaseServiceAccount": "account.json"},
        },
        tmp_path,
    )
    assert isinstance(made, Senders)
    assert set(made._by_type) == {"ios", "tvos", "android"}


def test_a_device_is_served_by_the_providers_of_its_app() -> None:
    made = APNs(
        [
            {"token": TOKEN, "topic": "one"},
            {"token": TOKEN, "topic": "two", "production": True},
            {"token": TOKEN, "topic": "one", "production": True},
        ],
        Path(),
        "ios",
    )
    assert [provider.url for provider in made._serving("one")] == [PRODUCTION, SANDBOX]
    assert [provider.topic for provider in made._serving("two")] == ["two"]
    assert made._serving("three") == []
    assert {provider.topic for provider in made._serving(None)} == {"two"}


async def test_the_sandbox_is_asked_when_production_does_not_know_a_token(
    app: MakeApp, apns: fakes.APNs, fcm: fakes.FCM, sandbox: fakes.APNs
) -> None:
    production = fakes.push_options(apns, fcm)["ios"]
    testing = {**production, "production": False, "baseURL": sandbox.url}
    shop = PushShop(Client(await app(push={"ios": [testing, production]}), master=True))
    customer, developer = (await shop.device())["deviceToken"], (await shop.device())["deviceToken"]
    apns.bad.add(developer)
    assert (await shop.ended(await shop.push()))["numSent"] == 2
    assert (apns.counts(), sandbox.counts()) == ({customer: 1}, {developer: 1})


async def test_a_device_of_an_app_that_no_provider_serves_fails(
    app: MakeApp, apns: fakes.APNs, fcm: fakes.FCM
) -> None:
    options = fakes.push_options(apns, fcm)["ios"]
    shop = PushShop(Client(await app(push={"ios": options}), master=True))
    await shop.device(appIdentifier=None)  # counts as the first app's
    await shop.device(appIdentifier="unknown")
    status = await shop.ended(await shop.push())
    assert (status["numSent"], status["numFailed"]) == (1, 1)


async def test_batches_are_as_large_as_the_option_says(
    app: MakeApp, apns: fakes.APNs, fcm: fakes.FCM
) -> None:
    options = fakes.push_options(apns, fcm)
    application = await app(push={**options, "queueOptions": {"batchSize": 7}})
    shop = PushShop(Client(application, master=True))
    await shop.devices("ios", 30)
    assert (await shop.ended(await shop.push()))["numSent"] == 30
    assert set(apns.counts().values()) == {1}


async def test_a_sender_of_ones_own_and_the_database_in_this_process(app: MakeApp) -> None:
    application = await app(databaseURI="memory:", push={"adapter": recorder.__file__})
    shop = PushShop(Client(application, master=True))
    device = await shop.device("toaster", badge=1)
    status = await shop.ended(await shop.push({"alert": "Done", "badge": "Increment"}))
    assert status["sentPerType"] == {"toaster": 1}
    sender: Any = application.backend.push
    assert (await sender.next()).data == {"alert": "Done", "badge": 2}
    assert (await shop.installation(device))["badge"] == 2


async def test_a_sender_that_raises_fails_its_message_alone(
    app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await app(push={"adapter": recorder.__file__})
    shop = PushShop(Client(application, master=True))
    await shop.device()
    monkeypatch.setattr(application.backend.push, "send", lambda message: 1 / 0)
    status = await shop.ended(await shop.push())
    assert (status["status"], status["numFailed"]) == ("succeeded", 1)


async def test_the_queue_is_no_class(app: MakeApp) -> None:
    application = await app(
        push={"adapter": recorder.__file__, "queueOptions": {"disablePushWorker": True}}
    )
    shop = PushShop(Client(application, master=True))
    await shop.push()
    assert ok(await shop.master.get("/classes/_PushQueue"))["results"] == []
    names = [row["className"] for row in ok(await shop.master.get("/schemas"))["results"]]
    assert "_PushQueue" not in names
