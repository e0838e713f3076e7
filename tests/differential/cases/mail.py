"""Accounts by mail: what is mailed, what links do, and who is told what."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.differential.scenario import Scenario, Step, get, post, put, sign_up
from tests.receiver import remembered

TIMED = "timed"
RESET, VERIFY = "/apps/shop/request_password_reset", "/apps/shop/verify_email"
RESEND = "/apps/shop/resend_verification_email"
ASK_RESET, ASK_VERIFY = "/requestPasswordReset", "/verificationEmailRequest"
PARAMS = tuple(
    f"x-parse-page-param-{name}"
    for name in ("appid", "appname", "publicserverurl", "token", "username", "error", "locale")
)
TEXTS: Mapping[str, Any] = {
    "nothing": {},
    "an empty text": {"email": ""},
    "null": {"email": None},
    "an object": {"email": {"$ne": ""}},
    "an array": {"email": ["a@shop.test"]},
    "a number": {"email": 5},
    "false": {"email": False},
    "an unknown address": {"email": "nobody@shop.test"},
    "no address": {"email": "nonsense"},
}
TOKENS: Mapping[str, Any] = {
    "an unknown token": {"token": "unknown"},
    "a token that is an object": {"token": {"$ne": ""}},
    "a token that is an array": {"token": ["a"]},
    "a token that is a number": {"token": 5},
    "an unknown token beside an address": {"token": "unknown", "email": "nobody@shop.test"},
}

MAILBOX = post(
    "/hooks/functions",
    {"functionName": "mailbox", "url": "{receiver}" + remembered("mail")},
    who="master",
    name="the mailbox",
)
CLOSED = put("/hooks/functions/mailbox", {"__op": "Delete"}, who="master", name="no mailbox left")


def mailed(address: str, number: int = 1, *, save: str = "token") -> Step:
    """Look at the nth mail to an address, as soon as it came; its token is kept."""
    return post(
        "/functions/mailbox",
        {"to": address, "number": number},
        save={save: "$.result.token"},
        name=f"mail {number} to {address}",
    )


def page(path: str, query: Mapping[str, Any] | None = None, **more: Any) -> Step:
    """Open a page; its headers are compared."""
    return Step("GET", path, query=query or {}, compare=PARAMS, page=True, bare=True, **more)


def form(path: str, fields: Mapping[str, str], **more: Any) -> Step:
    """Send a form."""
    return _form(path, fields, {}, compare=PARAMS, page=True, **more)


def script(path: str, fields: Mapping[str, str], **more: Any) -> Step:
    """Send a form as a page's script does, which is answered in JSON."""
    return _form(path, fields, {"X-Requested-With": "XMLHttpRequest"}, **more)


def _form(path: str, fields: Mapping[str, str], headers: Mapping[str, str], **more: Any) -> Step:
    text = "&".join(f"{name}={value}" for name, value in fields.items())
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return Step("POST", path, text, headers={**kind, **headers}, bare=True, **more)


def log_in(username: str, password: str = "pass-word", **more: Any) -> Step:
    """Log in."""
    return get("/login", query={"username": username, "password": password}, **more)


def asked(path: str, bodies: Mapping[str, Any]) -> Sequence[Step]:
    """Ask for a mail with each of these."""
    return [post(path, body, name=f"{path} with {name}") for name, body in bodies.items()]


RESETS = [
    MAILBOX,
    *asked(ASK_RESET, {**TEXTS, **TOKENS}),
    sign_up("ann", "mail-ann", email="ann@shop.test"),
    post(ASK_RESET, {"email": "ann@shop.test"}),
    mailed("ann@shop.test", 2),
    page(RESET, {"token": "{token}"}),
    page(RESET, {"token": "{token}", "locale": "de-AT"}, name="in a language"),
    page(RESET, {"token": "{token}", "locale": "../x"}, name="in no language"),
    page(RESET),
    page(RESET, {"token": ""}, name="an empty token"),
    page(RESET, {"token": "unknown"}, name="an unknown token"),
    page(f"{RESET}?token={{token}}&token=b", name="two tokens in the link"),
    page(f"{RESET}?token[$ne]=", name="an object in the link"),
    page("/apps/other/request_password_reset", {"token": "{token}"}),
    page("/apps/choose_password", {"appId": "shop", "token": "abc", "username": "ann"}),
    page("/apps/choose_password", {"token": "abc"}, name="choose without an application"),
    page("/apps/choose_password", {"appId": "other"}, name="choose of another application"),
    form(RESET, {}, name="an empty form"),
    form(RESET, {"token": "{token}"}, name="no password"),
    form(RESET, {"new_password": "another"}, name="no token"),
    form(RESET, {"token": "unknown", "new_password": "another"}, name="an unknown token sent"),
    form(RESET, {"token[]": "{token}", "new_password": "x"}, name="a token in an array"),
    form(RESET, {"token[$ne]": "", "new_password": "x"}, name="a token that is an object"),
    form(RESET, {"token": "{token}&token=b", "new_password": "x"}, name="two tokens"),
    script(RESET, {}, name="a script sends nothing"),
    script(RESET, {"token": "{token}"}, name="a script sends no password"),
    script(RESET, {"token[$ne]": "", "new_password": "x"}, name="a script sends an object"),
    script(RESET, {"token": "unknown", "new_password": "x"}, name="a script sends a guess"),
    log_in("mail-ann", name="the old password still"),
    get("/users/me", who="ann", name="the session still"),
    form(RESET, {"token": "{token}", "new_password": "another"}, name="the right form"),
    get("/users/me", who="ann", name="the session no more"),
    log_in("mail-ann", name="the old password no more"),
    log_in("mail-ann", "another", name="the new password"),
    form(RESET, {"token": "{token}", "new_password": "third"}, name="the form again"),
    page(RESET, {"token": "{token}"}, name="the link again"),
    post(ASK_RESET, {"email": "ann@shop.test"}, name="ask again"),
    mailed("ann@shop.test", 3, save="second"),
    script(RESET, {"token": "{second}", "new_password": "third"}, name="a script sends it"),
    script(RESET, {"token": "{second}", "new_password": "third"}, name="a script sends it again"),
    log_in("mail-ann", "third", name="the password by the script"),
    post(ASK_RESET, {"email": "ann@shop.test"}, name="a link that is not used"),
    mailed("ann@shop.test", 4, save="unused"),
    log_in("mail-ann", "third", save={"ann": "$.sessionToken", "ann_id": "$.objectId"}),
    put("/users/{ann_id}", {"password": "fourth"}, who="ann"),
    page(RESET, {"token": "{unused}"}, name="after a change of the password"),
    sign_up("ben", "ben@shop.test"),
    post(ASK_RESET, {"email": "ben@shop.test"}, name="a username that is an address"),
    mailed("ben@shop.test"),
    post(ASK_RESET, {"email": "mail-ann"}, name="a username that is none"),
    page("/apps/no_such_page.html"),
    page("/apps/../package.json"),
    page("/apps/password_reset_success.html"),
    page("/apps/email_verification_link_expired.html", {"locale": "de"}),
    CLOSED,
]

VERIFICATIONS = [
    MAILBOX,
    *asked(ASK_VERIFY, TEXTS),
    sign_up("cleo", "mail-cleo"),
    get("/users/me", who="cleo", name="without an address"),
    sign_up("dora", "mail-dora", email="dora@shop.test"),
    mailed("dora@shop.test"),
    get("/users/me", who="dora", name="before"),
    page(VERIFY),
    page(VERIFY, {"token": ""}, name="an empty token"),
    page(VERIFY, {"token": "unknown"}, name="an unknown token"),
    page("/apps/other/verify_email", {"token": "{token}"}),
    page(VERIFY, {"token": "{token}", "locale": "de"}),
    get("/users/me", who="dora", name="after"),
    page(VERIFY, {"token": "{token}"}, name="the link again"),
    post(ASK_VERIFY, {"email": "dora@shop.test"}, name="ask when confirmed"),
    put("/users/{dora_id}", {"email": "dora2@shop.test"}, who="dora", name="a new address"),
    mailed("dora2@shop.test", save="second"),
    get("/users/me", who="dora", name="a new address is not confirmed"),
    post(ASK_VERIFY, {"email": "dora2@shop.test"}, name="ask again"),
    mailed("dora2@shop.test", 2, save="third"),
    page(VERIFY, {"token": "{second}"}, name="the older link"),
    form(RESEND, {}, name="resend for nobody"),
    form(RESEND, {"username": "mail-dora"}),
    mailed("dora2@shop.test", 3, save="fourth"),
    form(RESEND, {"token": "{fourth}"}, name="resend by a token"),
    mailed("dora2@shop.test", 4, save="fifth"),
    form(RESEND, {"username": "nobody"}, name="resend for an unknown name"),
    form(RESEND, {"token": "unknown"}, name="resend by an unknown token"),
    form("/apps/other/resend_verification_email", {"username": "mail-dora"}),
    page(VERIFY, {"token": "{fifth}"}, name="the latest link"),
    form(RESEND, {"username": "mail-dora"}, name="resend when confirmed"),
    put("/users/{dora_id}", {"emailVerified": True}, who="dora"),
    put("/users/{dora_id}", {"phone": "1"}, who="dora"),
    get("/users/me", who="dora", name="still confirmed"),
    put("/users/{dora_id}", {"email": "dora3@shop.test"}, who="master"),
    mailed("dora3@shop.test", save="sixth"),
    put("/users/{dora_id}", {"emailVerified": True}, who="master"),
    get("/users/{dora_id}", who="master"),
    post(
        "/users",
        {"authData": {"anonymous": {"id": "mail-1"}}, "email": "anonymous@shop.test"},
        name="an anonymous user with an address",
    ),
    mailed("anonymous@shop.test", save="anonymous"),
    CLOSED,
]

IN_TIME = [
    MAILBOX,
    *asked(ASK_RESET, {**TEXTS, **TOKENS}),
    *asked(ASK_VERIFY, TEXTS),
    post(
        "/users",
        {"username": "mail-emma", "password": "pass-word", "email": "emma@shop.test"},
        save={"emma_id": "$.objectId"},
        name="sign up",
    ),
    mailed("emma@shop.test"),
    log_in("mail-emma", name="not confirmed yet"),
    get("/verifyPassword", query={"username": "mail-emma", "password": "pass-word"}),
    post(ASK_VERIFY, {"email": "emma@shop.test"}, name="ask again"),
    mailed("emma@shop.test", 2, save="again"),
    page(VERIFY, {"token": "unknown"}),
    page(VERIFY, {"token": "{again}"}, name="confirm"),
    page(VERIFY, {"token": "{token}"}, name="confirm again"),
    post(ASK_VERIFY, {"email": "emma@shop.test"}, name="ask when confirmed"),
    form(RESEND, {"username": "mail-emma"}, name="resend when confirmed"),
    form(RESEND, {"username": "nobody"}, name="resend for nobody"),
    log_in("mail-emma", name="confirmed"),
    post(ASK_RESET, {"email": "emma@shop.test"}),
    mailed("emma@shop.test", 3, save="reset"),
    post(ASK_RESET, {"email": "emma@shop.test"}, name="ask for the same link"),
    mailed("emma@shop.test", 4, save="same"),
    post(ASK_RESET, {"token": "{reset}"}, name="a link that is valid asks for another"),
    form(RESET, {"token": "{same}", "new_password": "short"}, name="too short"),
    form(RESET, {"token": "{same}", "new_password": "is mail-emma"}, name="holds the username"),
    form(RESET, {"token": "{same}", "new_password": "pass-word"}, name="the old one"),
    script(RESET, {"token": "{same}", "new_password": "short"}, name="a script: too short"),
    log_in("mail-emma", "wrong", name="one failure"),
    log_in("mail-emma", "wrong", name="two failures"),
    log_in("mail-emma", name="locked"),
    form(RESET, {"token": "{reset}", "new_password": "pass-another"}, name="the right form"),
    log_in("mail-emma", "pass-another", name="unlocked"),
]

TWICE = [
    MAILBOX,
    sign_up("fay", "mail-fay", email="fay@shop.test"),
    mailed("fay@shop.test"),
    post(ASK_VERIFY, {"email": "fay@shop.test"}, name="ask at once"),
    post(ASK_VERIFY, {"email": "nobody@shop.test"}, name="ask for nobody"),
    page(VERIFY, {"token": "{token}"}, name="the first link"),
    get("/users/me", who="fay", name="by the first link"),
    CLOSED,
]

SCENARIOS = [
    Scenario("passwords by mail", RESETS, "mail"),
    Scenario("addresses confirmed by mail", VERIFICATIONS, "mail"),
    Scenario("mails that follow each other", TWICE, "apart"),
    Scenario("mail with its time and its policies", IN_TIME, TIMED),
]
