"""The two servers of a comparison, under the same few configurations; how a step is sent."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from bson import json_util
from pymongo.database import Database
from pymongo.errors import WriteError

from tests.differential.normalise import Normaliser
from tests.differential.scenario import ABSENT, Scenario, Step
from tests.providers.cases import INTROSPECTION
from tests.providers.fake import SECRET, SHOP
from tests.providers.keys import BUNDLE, CLIENT

COMMON = {
    "appId": "shop",
    "masterKey": "master",
    "serverURL": "http://localhost:1337/parse",
    "allowClientClassCreation": True,
}
MAILER = object()
"""Stands for the mailer of either server."""
TWIN = object()
"""Stands for the cloud code of either server."""
SENDER = object()
"""Stands for the push adapter of either server."""
TWINS = Path(__file__).parent / "twins"
BADGES = object()
"""Stands for the sign-in adapters of either server: badges, and cards as a second factor."""
FACTORS = object()
"""Stands for more of them: one with steps and challenges, one that is enough alone, and mfa."""
ACCOUNTS = object()
"""Stands for the cloud code about users of either server."""
VALUES = object()
"""Stands for the cloud code about values of either server."""
STAGES = object()
"""Stands for the cloud code of either server that tells what hooks see."""
OWN_RULES = ("verifyUserEmails", "preventLoginWithUnverifiedEmail", "sendUserEmailVerification")
"""Options that may name a function of either server's own."""
MAILING = {
    **COMMON,
    "appName": "The Shop",
    "publicServerURL": "http://shop.test/parse",
    "verifyUserEmails": True,
    "emailAdapter": MAILER,
}
# Requests that count once, and limits that are met at once.
COUNTED = {
    **COMMON,
    "idempotencyOptions": {
        "paths": ["classes/Once", "users", "functions/.*", "jobs/.*", "installations", "role.*"]
    },
    "rateLimit": [
        {
            "requestPath": "/login",
            "requestTimeWindow": 600_000,
            "requestCount": 2,
            "errorResponseMessage": "Too many log-ins.",
            "includeInternalRequests": True,
        },
        {
            "requestPath": "/classes/Limited",
            "requestTimeWindow": 600_000,
            "requestCount": 1,
            "requestMethods": "POST",
            "includeInternalRequests": True,
        },
        {
            "requestPath": "/functions/*path",
            "requestTimeWindow": 600_000,
            "requestCount": 30,
            "includeInternalRequests": True,
            "zone": "global",
        },
        {
            "requestPath": "/sessions/:id",
            "requestTimeWindow": 600_000,
            "requestCount": 0,
            "includeInternalRequests": True,
            "includeMasterKey": True,
        },
        {
            "requestPath": "/users/me",
            "requestTimeWindow": 600_000,
            "requestCount": 1,
            "includeInternalRequests": True,
            "zone": "user",
        },
        {
            "requestPath": "/roles",
            "requestTimeWindow": 600_000,
            "requestCount": 6,
            "includeInternalRequests": True,
            "zone": "session",
        },
    ],
}
# Third parties, as both servers are told of them; Parse Server reads `consumer_key`.
_APP = {"clientId": CLIENT, "clientSecret": SECRET}
_BY_CODE = ("github", "gpgames", "instagram", "line", "linkedin", "microsoft", "qq", "spotify")
SECURE: Mapping[str, Any] = {
    "apple": {"clientId": CLIENT},
    "google": {"clientId": CLIENT},
    "facebook": {"appIds": [CLIENT], "appSecret": SECRET},
    "keycloak": {
        "config": {"auth-server-url": f"https://{SHOP}", "realm": "shop", "client-id": CLIENT}
    },
    "staff": {**INTROSPECTION, "appidField": "client_id", "appIds": [CLIENT]},
    "janraincapture": {"janrain_capture_host": "capture.shop.test"},
    "gcenter": {"bundleId": BUNDLE},
    "twitter": {"consumer_key": CLIENT, "consumer_secret": SECRET},
    **dict.fromkeys((*_BY_CODE, "wechat", "weibo"), _APP),
}
INSECURE: Mapping[str, Any] = {
    name: {"enableInsecureAuth": True} for name in (*_BY_CODE, "wechat", "weibo")
}
CONFIGURATIONS: Mapping[str, Mapping[str, Any]] = {
    "default": COMMON,
    # The same, with a recording of its own.
    "own_names": COMMON,
    # Permission errors in full, and users who can be seen.
    "detailed": {**COMMON, "enableSanitizedErrorResponse": False, "enforcePrivateUsers": False},
    # Cloud code, the same in both languages.
    "cloud": {
        **MAILING,
        "verifyUserEmails": False,
        "enableSanitizedErrorResponse": False,
        "cloud": TWIN,
        "maintenanceKey": "maintenance",
        "liveQuery": {"classNames": ["Live"]},
        "startLiveQueryServer": True,
    },
    # Webhooks: `{receiver}` in a step is where they are sent to.
    "hooks": {
        **COMMON,
        "readOnlyMasterKey": "read-only",
        "maintenanceKey": "maintenance",
        "webhookKey": "webhook",
        "enableSanitizedErrorResponse": False,
    },
    # Accounts by mail; both servers hand their mails to the receiver.
    "mail": {**MAILING, "emailVerifyTokenReuseIfValid": False},
    # The same, with the distance that we keep between mails.
    "apart": MAILING,
    "timed": {
        **MAILING,
        "preventLoginWithUnverifiedEmail": True,
        "emailVerifyTokenValidityDuration": 600,
        "emailVerifyTokenReuseIfValid": True,
        "emailVerifySuccessOnInvalidEmail": False,
        "accountLockout": {"threshold": 2, "duration": 5, "unlockOnPasswordReset": True},
        "passwordPolicy": {
            "resetTokenValidityDuration": 600,
            "resetTokenReuseIfValid": True,
            "resetPasswordSuccessOnInvalidEmail": False,
            "validatorPattern": "^.{6,}$",
            "doNotAllowUsername": True,
            "maxPasswordHistory": 2,
        },
    },
    # Users: what hooks and permissions hide of them, and what providers vouch for.
    "accounts": {
        **COMMON,
        "enableSanitizedErrorResponse": False,
        "cloud": ACCOUNTS,
        "auth": BADGES,
        "maintenanceKey": "maintenance",
    },
    # Third parties, which are made up.
    "providers": {**COMMON, "auth": SECURE},
    "insecure_providers": {
        **COMMON,
        "auth": INSECURE,
        "enableInsecureAuthAdapters": True,
    },
    # Providers of every policy, with steps, challenges and a second factor.
    "factors": {**COMMON, "enableSanitizedErrorResponse": False, "auth": FACTORS},
    # The same, where wrong guesses lock an account and codes last a day.
    "hardened": {
        **COMMON,
        "enableSanitizedErrorResponse": False,
        "auth": FACTORS,
        "accountLockout": {"threshold": 3, "duration": 5},
    },
    # Users have second factors here, of which the server knows nothing.
    "factorless": COMMON,
    # Functions decide who confirms an address; passwords are old at once.
    "strict": {
        **MAILING,
        **{option: f"rules:{option}" for option in OWN_RULES},
        "auth": BADGES,
        "passwordPolicy": {"maxPasswordAge": 1e-7},
    },
    # Pushes, which both servers hand to the receiver.
    "push": {
        **COMMON,
        "readOnlyMasterKey": "read-only",
        "push": {"adapter": SENDER},
        "scheduledPush": True,
    },
    # Client keys demanded; clients may not create classes.
    "keys": {
        **COMMON,
        "allowClientClassCreation": False,
        "clientKey": "client",
        "restAPIKey": "rest",
        "javascriptKey": "javascript",
        "dotNetKey": "dotnet",
        "readOnlyMasterKey": "read-only",
        "maintenanceKey": "maintenance",
        "enableSanitizedErrorResponse": False,
        "allowCustomObjectId": True,
        "defaultLimit": 3,
        "maxLimit": 5,
    },
    # Values of every type in every place, in other orders and forms than our own.
    "values": {
        **COMMON,
        "enableSanitizedErrorResponse": False,
        "maintenanceKey": "maintenance",
        "cloud": VALUES,
    },
    # What client libraries of other languages send.
    "clients": COMMON,
    # The key that reads and writes what is kept of users beside their columns.
    "maintained": {
        **COMMON,
        "enableSanitizedErrorResponse": False,
        "enforcePrivateUsers": False,
        "maintenanceKey": "maintenance",
        "allowCustomObjectId": True,
    },
    # What hooks see, and the classes that are Parse's own.
    "stages": {
        **COMMON,
        "enableSanitizedErrorResponse": False,
        "allowCustomObjectId": True,
        "auth": BADGES,
        "cloud": STAGES,
    },
    # Webhooks that refuse.
    "refusals": {**COMMON, "webhookKey": "webhook", "enableSanitizedErrorResponse": False},
    "operations": COUNTED,
    "limits": COUNTED,  # where nothing has been counted yet
    # Requests may not be elaborate.
    "elaborate": {
        **COMMON,
        "requestComplexity": {
            "includeDepth": 1,
            "includeCount": 2,
            "queryDepth": 2,
            "subqueryDepth": 1,
            "subqueryLimit": 2,
            "batchRequestLimit": 2,
            "allowRegex": False,
        },
    },
    # Few routes are open to clients.
    "allowed": {
        **COMMON,
        "enableSanitizedErrorResponse": False,
        "readOnlyMasterKey": "read-only",
        "maintenanceKey": "maintenance",
        "routeAllowList": ["classes/Open", "batch", "functions/open[0-9]"],
    },
}
PLACEHOLDER = re.compile(r"\{(\w+)\}")
TIMEOUT = httpx.Timeout(30)
WAITING = 30.0  # seconds for what a step waits for


def options_of(configuration: str, mailer: Path, given: Mapping[str, str]) -> dict[str, Any]:
    """The options of a configuration for one side, whose mailer hands mails to its receiver."""
    options = dict(CONFIGURATIONS[configuration])
    if options.get("emailAdapter") is MAILER:
        to = {"url": f"{given['receiver']}/mail"}
        options["emailAdapter"] = {"module": str(mailer), "options": to}
        if mailer.suffix == ".py" and configuration != "apart":
            options["mail"] = {"cooldown": 0}  # ours alone: the scenarios ask again at once
    if options.get("push") == {"adapter": SENDER}:
        sender = mailer.with_name(f"sender{mailer.suffix}")
        to = {"url": f"{given['receiver']}/push"}
        options["push"] = {"adapter": {"module": str(sender), "options": to}}
    if options.get("cloud") is TWIN:
        options["cloud"] = str(TWINS / f"main{mailer.suffix}")
    if options.get("cloud") is ACCOUNTS:
        options["cloud"] = str(TWINS / f"accounts{mailer.suffix}")
    if options.get("cloud") is VALUES:
        options["cloud"] = str(TWINS / f"values{mailer.suffix}")
    if options.get("cloud") is STAGES:
        options["cloud"] = str(TWINS / f"stages{mailer.suffix}")
    auth = options.get("auth")
    if auth is BADGES or auth is FACTORS:
        names = ["badge", "card", *(() if auth is BADGES else ("key", "steps"))]
        names += ["crash"] if configuration == "hardened" else []
        files = {name: str(TWINS / f"{name}{mailer.suffix}") for name in names}
        options["auth"] = {name: {"module": file} for name, file in files.items()}
    if auth is FACTORS:
        period = 86_400 if configuration == "hardened" else 600
        options["auth"]["mfa"] = second_factor(mailer.suffix, period=period)
    for option in OWN_RULES:
        if isinstance(options.get(option), str):
            options[option] = f"{TWINS / f'rules{mailer.suffix}'}:{option}"
    return options


def second_factor(suffix: str, **more: Any) -> dict[str, Any]:
    """The options of `mfa` for one side, by the suffix of its language; messages go nowhere."""
    sender = TWINS / f"sms{suffix}"
    sends = {"module": str(sender)} if suffix == ".js" else {"sendSMS": f"{sender}:send"}
    return {"options": ["TOTP", "SMS"], **sends, **more}


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """Return `value` with every `{name}` in its strings and keys replaced; unknown names raise."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda found: known[found[1]], value)
    if isinstance(value, Mapping):
        return {filled(key, known): filled(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [filled(item, known) for item in value]
    return value


def picked(body: Any, path: str) -> str:
    """Return what `path` (`$.a.0.b`) points at in `body`, which must be a string."""
    for part in path.removeprefix("$.").split("."):
        body = body[int(part)] if isinstance(body, list) else body[part]
    if not isinstance(body, str):
        raise TypeError(f"{path} is {body!r}, not a string")
    return body


def found(response: httpx.Response, path: str, value: str) -> bool:
    """Is this what `path` points at in the answer?"""
    try:
        return picked(response.json(), path) == value
    except (ValueError, LookupError, TypeError):
        return False


@dataclass(slots=True)
class Side:
    """One server under one configuration: where it is mounted, and a client that reaches it."""

    label: str
    configuration: str
    mount: str
    client: httpx.AsyncClient
    given: Mapping[str, str] = field(default_factory=dict)
    """Values that steps may name, each side with its own."""
    database: Database[dict[str, Any]] | None = None
    """Where its objects are, for the steps that look behind the API."""

    async def run(self, scenario: Scenario) -> list[Any]:
        """Send every step in order and return the normalised answers."""
        spelled = json.dumps(
            [
                [s.path, None if s.body is ABSENT else repr(s.body), repr(s.query)]
                for s in scenario.steps
            ]
        )
        places = {value: f"<{name}>" for name, value in self.given.items()}
        play = Play(self, Normaliser(spelled, {self.mount: "<mount>", **places}), dict(self.given))
        return [await play.step(step) for step in scenario.steps]


@dataclass(slots=True)
class Play:
    """One run of one scenario: the values saved so far and the names given to random strings."""

    side: Side
    normaliser: Normaliser
    saved: dict[str, str] = field(default_factory=dict)

    async def step(self, step: Step) -> Any:
        """Send `step` and return its normalised answer; shows which value to save is missing."""
        if step.method in ("STORE", "STORED"):
            return await asyncio.to_thread(self._behind, step)
        response = await self._sent(step)
        ordered = step.ordered or "order" in step.query or step.method != "GET"
        shown = self.normaliser.answer(response, step.compare, sort=not ordered)
        if step.page:
            del shown["body"]  # each server has pages of its own
        for name, path in step.save.items():
            try:
                self.saved[name] = picked(response.json(), path)
            except (ValueError, LookupError, TypeError):
                self.saved[name] = f"missing-{name}"
                shown[f"save {name}"] = "missing"
        return shown

    def _behind(self, step: Step) -> Any:
        """Do what a step asks of the database itself."""
        assert self.side.database is not None
        collection = self.side.database[step.path.rpartition("/")[2]]
        if step.method == "STORE":
            document = json_util.loads(json.dumps(filled(step.body, self.saved)))
            try:
                collection.insert_one(document)
            except WriteError:  # an index of the column does not take it
                return {"status": "refused"}
            return {"status": "stored"}
        texts = [
            json_util.dumps({key: document[key] for key in sorted(document) if key[:1] != "_"})
            for document in collection.find()
        ]
        return {"status": "stored", "body": sorted(map(self.normaliser.text, texts))}

    async def _sent(self, step: Step) -> httpx.Response:
        """The answer; of a step that waits for something, the one in which it has happened."""
        try:
            async with asyncio.timeout(WAITING):
                while True:
                    response = await self.side.client.send(self._request(step))
                    if all(found(response, *pair) for pair in step.until.items()):
                        return response
                    await asyncio.sleep(0.05)
        except Exception as error:
            error.add_note(f"{self.side.label} gave no answer to {step}")
            raise

    def _request(self, step: Step) -> httpx.Request:
        headers = {} if step.bare else self._credentials(step.who)
        content: bytes | None = None
        if step.body is not ABSENT:
            headers["Content-Type"] = "application/json"
            content = self._content(step.body)
        headers.update(filled(step.headers, self.saved))
        url = self.side.mount + filled(step.path, self.saved)
        if step.query:
            query = filled(step.query, self.saved)
            url += "?" + urlencode(
                {k: v if isinstance(v, str) else json.dumps(v) for k, v in query.items()}
            )
        return self.side.client.build_request(
            step.method, url, headers=headers, content=content, timeout=TIMEOUT
        )

    def _credentials(self, who: str | None) -> dict[str, str]:
        headers = {"X-Parse-Application-Id": "shop"}
        if self.side.configuration == "keys":
            headers["X-Parse-REST-API-Key"] = "rest"
        if who == "master":
            headers["X-Parse-Master-Key"] = "master"
        elif who == "readonly":
            headers["X-Parse-Master-Key"] = "read-only"
        elif who == "maintenance":
            headers["X-Parse-Maintenance-Key"] = "maintenance"
        elif who is not None:
            headers["X-Parse-Session-Token"] = self.saved[who]
        return headers

    def _content(self, body: Any) -> bytes:
        if isinstance(body, bytes):
            return body
        if isinstance(body, str):
            # Text is sent as it stands: such bodies are malformed on purpose.
            return PLACEHOLDER.sub(lambda found: self.saved.get(found[1], found[0]), body).encode()
        return json.dumps(filled(body, self.saved)).encode()
