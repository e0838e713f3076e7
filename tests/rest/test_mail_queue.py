"""Mails wait in the database: through outages, deaths of processes, and asking again and again."""

import asyncio
import re
from collections import Counter

import pytest

from parsepy.app import Application
from parsepy.backend import master_context
from parsepy.mail.base import Mail, MailRefused
from parsepy.operations import accounts
from parsepy.operations.mails import worker
from parsepy.storage import mails
from tests.conftest import Client, MakeApp
from tests.mailbox import adapter, token_in
from tests.rest.mailing import OPTIONS, VERIFY, Shop
from tests.rest.shop import eventually, ok, unique

APART = {**OPTIONS, "mail": {"cooldown": 60}}
RESET, AGAIN = "/requestPasswordReset", "/verificationEmailRequest"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon: minutes are over in a moment."""
    monkeypatch.setattr(worker, "RETRY_AFTER", 0.01)
    monkeypatch.setattr(worker, "LONGEST_WAIT", 0.1)


async def is_delivered(application: Application) -> None:
    """Return when no mail waits any more."""
    storage = application.backend.storage

    async def none_waits() -> bool:
        return await mails.waiting(storage) == 0

    await eventually(none_waits)


async def stop_sending(application: Application) -> None:
    """End the application's background tasks, as a kill does: mails stay where they are."""
    for task in [*application._tasks]:
        task.cancel()
    await asyncio.gather(*application._tasks, return_exceptions=True)


# --- how often ----------------------------------------------------------------------------------


async def test_thirty_requests_send_one_mail_whose_link_stays_valid(app: MakeApp) -> None:
    shop = Shop(await app(**APART))
    ann, address = await shop.sign_up()
    answers = [await shop.client.post(RESET, json={"email": address}) for _ in range(30)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, "{}")}
    token = await shop.token(address)
    await is_delivered(shop.application)
    assert len(shop.mailbox.to(address)) == 1
    assert "is changed" in (await shop.reset(token)).text
    ok(await shop.log_in(ann.name, "a new one"))


async def test_thirty_requests_at_once_send_one_mail(app: MakeApp) -> None:
    shop = Shop(await app(**APART))
    _, address = await shop.sign_up()
    asked = (shop.client.post(RESET, json={"email": address}) for _ in range(30))
    assert {answer.text for answer in await asyncio.gather(*asked)} == {"{}"}
    await shop.token(address)
    await is_delivered(shop.application)
    assert len(shop.mailbox.to(address)) == 1


async def test_each_kind_of_mail_has_its_own_distance(app: MakeApp) -> None:
    shop = Shop(await app(**APART, verifyUserEmails=True))
    _, address = await shop.sign_up()
    for path in (AGAIN, RESET, AGAIN, RESET):
        ok(await shop.client.post(path, json={"email": address}))
    await shop.mail(address, 2)
    await is_delivered(shop.application)
    subjects = [mail.subject for mail in shop.mailbox.to(address)]
    assert subjects == ["Please verify your e-mail for The Shop", "Password Reset for The Shop"]


async def test_another_spelling_is_the_same_address(app: MakeApp) -> None:
    shop = Shop(await app(**APART, convertEmailToLowercase=True))
    _, address = await shop.sign_up()
    for spelt in (address, address.upper(), address.title()):
        ok(await shop.client.post(RESET, json={"email": spelt}))
    await shop.token(address)
    await is_delivered(shop.application)
    assert len(shop.mailbox.sent) == 1


async def test_after_the_distance_another_mail_goes(app: MakeApp) -> None:
    shop = Shop(await app(**{**OPTIONS, "mail": {"cooldown": 0.3}}))
    _, address = await shop.sign_up()
    first = await shop.ask_reset(address)

    async def is_sent_again() -> bool:
        ok(await shop.client.post(RESET, json={"email": address}))
        return len(shop.mailbox.to(address)) > 1

    await eventually(is_sent_again)
    assert await shop.token(address, 2) != first


async def test_who_changes_an_address_to_and_fro_sends_it_few_mails(app: MakeApp) -> None:
    shop = Shop(await app(**{**OPTIONS, "mail": {"cooldown": 1}}, verifyUserEmails=True))
    ann, own = await shop.sign_up()
    victim = f"{unique('victim')}@shop.test"
    for _ in range(10):
        for address in (victim, own):
            ok(await ann.client.put(f"/users/{ann.id}", json={"email": address}))
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": victim}))

    async def is_confirmed() -> bool:
        for mail in shop.mailbox.to(victim)[-1:]:
            await shop.client.get(VERIFY, params={"token": token_in(mail.text)})
        return bool(ok(await ann.client.get("/users/me"))["emailVerified"])

    await eventually(is_confirmed)  # the last one is not lost
    # one went at once, unless the address was another by then, and one after the cool-down
    assert len(shop.mailbox.to(victim)) <= 2


async def test_an_unknown_address_costs_the_database_the_same(app: MakeApp) -> None:
    application = await app(**APART, verifyUserEmails=True, metrics={"enabled": True})
    shop = Shop(application)
    _, address = await shop.sign_up()
    await is_delivered(application)
    await stop_sending(application)
    await shop.client.post(RESET, json={"email": "warm@shop.test"})

    async def commands(path: str, email: str) -> Counter[str]:
        before = counted(application)
        ok(await shop.client.post(path, json={"email": email}))
        return counted(application) - before

    for path in (RESET, AGAIN):
        for _ in range(2):  # the second time within the distance
            known = await commands(path, address)
            assert known == await commands(path, "nobody@shop.test")
            assert known["update"] == 1
            assert sum(known.values()) > 1


def counted(application: Application) -> Counter[str]:
    """The commands that MongoDB was sent, by name."""
    metrics = application.backend.metrics
    assert metrics is not None
    found = re.findall(
        r'parsepy_mongodb_seconds_count\{command="(\w+)",outcome="\w+"\} (\d+)',
        metrics.text().decode(),
    )
    return Counter({name: int(number) for name, number in found})


async def test_who_was_asked_about_before_signing_up_gets_mails_at_once(app: MakeApp) -> None:
    shop = Shop(await app(**APART, verifyUserEmails=True))
    address = f"{unique('ann')}@shop.test"
    for path in (AGAIN, RESET):
        ok(await shop.client.post(path, json={"email": address}))
    await shop.sign_up(email=address)
    await shop.token(address)
    for _ in range(3):
        ok(await shop.client.post(RESET, json={"email": address}))
    await shop.token(address, 2)
    await is_delivered(shop.application)
    assert len(shop.mailbox.to(address)) == 2


async def test_what_is_kept_of_an_address_that_nobody_has_tells_nothing(app: MakeApp) -> None:
    application = await app(**APART)
    ok(await Client(application).post(RESET, json={"email": "nobody@shop.test"}))
    rows = application.backend.storage.connection.collection(mails.COLLECTION)
    (row,) = await rows.find({}).to_list(None)
    assert "nobody" not in str(row)


# --- outages ------------------------------------------------------------------------------------


async def test_mails_come_when_the_outage_is_over(app: MakeApp) -> None:
    shop = Shop(await app(**OPTIONS, verifyUserEmails=True))
    shop.mailbox.fails = True
    addresses = [(await shop.sign_up())[1] for _ in range(10)]

    async def has_failed() -> bool:
        return shop.application.backend.mail_figures.failed > 20

    await eventually(has_failed)
    told = ok(await shop.client.get("/health"))
    assert told["status"] == "ok"
    assert re.fullmatch(r"mails can't be sent; \d+ wait", told["mail"])
    shop.mailbox.fails = False
    await is_delivered(shop.application)
    assert Counter(mail.to for mail in shop.mailbox.sent) == Counter(addresses)
    assert "mail" not in ok(await shop.client.get("/health"))


async def test_the_link_of_a_late_mail_is_valid(app: MakeApp) -> None:
    shop = Shop(await app(**OPTIONS))
    ann, address = await shop.sign_up()
    shop.mailbox.fails = True
    ok(await shop.client.post(RESET, json={"email": address}))

    async def has_failed() -> bool:
        return shop.application.backend.mail_figures.failed > 3

    await eventually(has_failed)
    shop.mailbox.fails = False
    assert "is changed" in (await shop.reset(await shop.token(address))).text
    ok(await shop.log_in(ann.name, "a new one"))


async def test_a_mail_is_given_up_in_the_end(
    app: MakeApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "MOST_ATTEMPTS", 3)
    shop = Shop(await app(**OPTIONS))
    _, address = await shop.sign_up()
    shop.mailbox.fails = True
    ok(await shop.client.post(RESET, json={"email": address}))
    await is_delivered(shop.application)
    figures = shop.application.backend.mail_figures
    assert (figures.failed, figures.given_up, figures.sent) == (3, 1, 0)
    assert "a mail is given up (passwordReset)" in caplog.text
    assert address not in caplog.text


async def test_a_refused_mail_is_not_tried_again(app: MakeApp) -> None:
    application = await app(**OPTIONS)
    tried = []

    class Refusing:
        async def send_mail(self, mail: Mail) -> None:
            tried.append(mail.to)
            raise MailRefused("no such box")

    shop = Shop(application)
    _, address = await shop.sign_up()
    application.backend.mailer = Refusing()
    ok(await shop.client.post(RESET, json={"email": address}))
    await is_delivered(application)
    assert tried == [address]


async def test_an_old_mail_is_not_sent(app: MakeApp) -> None:
    application = await app(**OPTIONS)
    shop = Shop(application)
    _, address = await shop.sign_up()
    shop.mailbox.fails = True
    ok(await shop.client.post(RESET, json={"email": address}))
    rows = application.backend.storage.connection.collection(mails.COLLECTION)
    await rows.update_one({}, [{"$set": {"begun": {"$subtract": ["$begun", 86_401_000]}}}])
    shop.mailbox.fails = False

    async def is_given_up() -> bool:
        return application.backend.mail_figures.given_up == 1

    await eventually(is_given_up)
    assert shop.mailbox.to(address) == []


async def test_metrics_tell_of_mails(app: MakeApp) -> None:
    application = await app(**OPTIONS, metrics={"enabled": True})
    shop = Shop(application)
    _, address = await shop.sign_up()
    await shop.ask_reset(address)
    await is_delivered(application)
    assert application.backend.metrics is not None
    text = application.backend.metrics.text().decode()
    assert "parsepy_mails_sent_total 1.0" in text
    assert "parsepy_mails_given_up_total 0.0" in text


# --- processes ----------------------------------------------------------------------------------


async def test_another_process_sends_what_one_has_left(app: MakeApp) -> None:
    first = await app(**OPTIONS, verifyUserEmails=True)
    await stop_sending(first)  # before the first mail
    addresses = [(await Shop(first).sign_up())[1] for _ in range(5)]
    second = Shop(await app(**OPTIONS, databaseURI=first.backend.config.database_uri))
    for address in addresses:
        await second.token(address)
    await is_delivered(first)
    assert len(second.mailbox.sent) == 5


async def test_a_mail_that_its_process_left_half_done_is_sent_again(app: MakeApp) -> None:
    first = await app(**OPTIONS)
    await stop_sending(first)
    shop = Shop(first)
    ann, address = await shop.sign_up()
    ok(await shop.client.post(RESET, json={"email": address}))
    storage = first.backend.storage
    taken = await mails.take(storage, "a dead process", 0.5)
    assert taken is not None
    assert await mails.take(storage, "another", 10) is None, "it has an owner"
    second = Shop(await app(**OPTIONS, databaseURI=first.backend.config.database_uri))
    assert "is changed" in (await second.reset(await second.token(address))).text
    ok(await second.log_in(ann.name, "a new one"))


async def test_of_several_processes_one_sends_a_mail(app: MakeApp) -> None:
    first = await app(**OPTIONS, verifyUserEmails=True)
    uri = first.backend.config.database_uri
    others = [await app(**OPTIONS, verifyUserEmails=True, databaseURI=uri) for _ in "ab"]
    shops = [Shop(application) for application in (first, *others)]
    addresses = [(await shop.sign_up())[1] for shop in shops for _ in range(10)]
    await is_delivered(first)
    sent = Counter(mail.to for shop in shops for mail in shop.mailbox.sent)
    assert sent == Counter(addresses)


async def test_what_was_asked_for_while_it_was_sent_goes_after_the_distance(app: MakeApp) -> None:
    application = await app(**{**OPTIONS, "mail": {"cooldown": 0.5}}, verifyUserEmails=True)
    opens = asyncio.Event()

    class Slow(adapter):
        async def send_mail(self, mail: Mail) -> None:
            self.sent.append(mail)
            await opens.wait()

    box = application.backend.mailer = Slow()
    shop = Shop(application)
    ann, own = await shop.sign_up()
    await shop.mail(own)
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": f"{unique('x')}@shop.test"}))
    ok(await ann.client.put(f"/users/{ann.id}", json={"email": own}))
    opens.set()
    token = await shop.token(own, 2)
    await shop.client.get(VERIFY, params={"token": token})
    assert ok(await ann.client.get("/users/me"))["emailVerified"] is True
    assert len(box.to(own)) == 2


async def test_an_adapter_in_memory_sends_too(app: MakeApp) -> None:
    pytest.importorskip("mongomock_motor")
    shop = Shop(await app(**APART, databaseURI="memory:", verifyUserEmails=True))
    _, address = await shop.sign_up()
    await shop.token(address)
    for _ in range(3):
        ok(await shop.client.post(RESET, json={"email": address}))
    await shop.token(address, 2)
    await is_delivered(shop.application)
    assert len(shop.mailbox.to(address)) == 2


async def test_a_mail_of_cloud_code_goes_the_same_way(app: MakeApp) -> None:
    application = await app(**APART)
    shop = Shop(application)
    _, address = await shop.sign_up()
    context = master_context(application.backend)
    for _ in range(3):
        await accounts.request_password_reset(context, {"email": address})
    async with application.backend.storage.transaction():
        await accounts.request_password_reset(context, {"email": address})
    await shop.token(address)
    await is_delivered(application)
    assert len(shop.mailbox.to(address)) == 1
