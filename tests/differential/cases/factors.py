"""Providers with a validator for each step, policies, challenges, and the second factor."""

from typing import Any

from tests.differential.cases.accounts import badge, card
from tests.differential.scenario import Scenario, Step, get, post, put, sign_up


def data(**providers: Any) -> dict[str, Any]:
    return {"authData": providers}


def credentials(name: str, **providers: Any) -> dict[str, Any]:
    """The body of a log-in."""
    return {"username": name, "password": "pass-word", **(data(**providers) if providers else {})}


def kept(who: str, label: str) -> Step:
    """What is stored of a user."""
    return get(f"/users/{{{who}_id}}", who="master", name=f"what is kept {label}")


IDA = {"id": "ida", "pin": "right"}
STEPS = [
    post("/users", data(steps={"id": "ida", "pin": "wrong"}), name="sign up, wrong PIN"),
    post(
        "/users",
        data(steps=IDA),
        name="sign up",
        save={"ida": "$.sessionToken", "ida_id": "$.objectId"},
    ),
    kept("ida", "of a sign-up"),
    get("/users/me", who="ida", name="what is shown"),
    get("/users", who="ida", name="what a query shows"),
    get("/users", who="master", name="what a query shows the master key"),
    post("/users", data(steps={"id": "ida", "pin": "wrong"}), name="log in, wrong PIN"),
    post("/users", data(steps={"id": "ida"}), name="log in by the id alone"),
    put("/users/{ida_id}", data(steps={**IDA, "more": 1}), who="ida", name="change"),
    put("/users/{ida_id}", data(steps={"id": "ida", "more": 2}), who="ida", name="change, no PIN"),
    put("/users/{ida_id}", data(steps={**IDA, "more": 3}), who="master", name="change as master"),
    put("/users/{ida_id}", data(steps={"id": "ida"}), who="ida", name="echo of a part"),
    kept("ida", "after changes"),
    put("/users/{ida_id}", badge("ida", pin="right"), who="ida", name="link another"),
    put("/users/{ida_id}", data(steps=None), who="ida", name="unlink"),
    kept("ida", "after unlinking"),
    put("/users/{ida_id}", data(steps=IDA), who="master", name="link as master"),
    sign_up("jon", "fac-jon"),
    put("/users/{jon_id}", data(steps=IDA), who="jon", name="another's identity"),
    put(
        "/users/{jon_id}",
        data(steps={"id": "ida", "pin": "wrong"}),
        who="jon",
        name="another's identity, not proven",
    ),
    post("/login", credentials("fac-jon", steps={"id": "jon", "pin": "right"}), name="at /login"),
    post(
        "/login", credentials("fac-jon", steps={"id": "jon", "pin": "no"}), name="wrong at /login"
    ),
    kept("jon", "after /login"),
]

POLICIES = [
    sign_up("kim", "fac-kim"),
    put(
        "/users/{kim_id}",
        data(
            **card("kim", pin="right"),
            key={"id": "kim", "pin": "right"},
            **badge("kim", pin="right")["authData"],
        ),
        who="kim",
        name="link all",
    ),
    post("/login", credentials("fac-kim"), name="by password"),
    post("/login", credentials("fac-kim", key={"id": "kim", "pin": "right"}), name="and the key"),
    post("/login", credentials("fac-kim", key={"id": "kim", "pin": "no"}), name="and a wrong key"),
    post("/users", data(key={"id": "kim", "pin": "no"}), name="by a wrong key"),
    post("/users", badge("kim", pin="right"), name="by badge"),
    post(
        "/login",
        credentials("fac-kim", **badge("kim", pin="right")["authData"]),
        name="by password and badge",
    ),
]


def challenge(body: Any, name: str, **more: Any) -> Step:
    return post("/challenge", body, name=name, **more)


ASK = {"challengeData": {"steps": {"ask": "sms"}}}
LEA = {"id": "lea", "pin": "right"}
CHALLENGES = [
    sign_up("lea", "fac-lea", email="lea@shop.test"),
    put("/users/{lea_id}", data(steps=LEA), who="lea", name="link"),
    challenge({}, "nothing"),
    challenge({"challengeData": None}, "null"),
    challenge({"challengeData": {}}, "empty"),
    challenge({"challengeData": "sms"}, "a text"),
    challenge({"challengeData": 7}, "a number"),
    challenge({"challengeData": []}, "a list"),
    challenge(ASK, "nobody"),
    challenge({"challengeData": {"badge": {}}}, "of a provider without challenges"),
    challenge({"challengeData": {"nowhere": {}}}, "of no provider"),
    challenge({"challengeData": {"steps": {"silent": True}}}, "answered by nothing"),
    challenge({"challengeData": {"steps": {"refuse": True}}}, "refused"),
    challenge({**ASK, "username": "fac-lea"}, "a name without a password"),
    challenge({**ASK, "email": "lea@shop.test"}, "an address without a password"),
    challenge({**ASK, **credentials("fac-lea")}, "name and password"),
    challenge({**ASK, **credentials("fac-lea"), "password": "wrong"}, "a wrong password"),
    challenge({**ASK, **credentials("fac-nobody")}, "an unknown name"),
    challenge({**ASK, "password": "pass-word"}, "a password alone"),
    challenge({"username": "fac-lea", "password": "wrong"}, "a wrong password, nothing asked"),
    challenge({**ASK, **credentials("fac-lea", steps=LEA)}, "password and authData"),
    challenge({**ASK, **data(steps=LEA)}, "authData"),
    challenge({**ASK, **data(steps={"id": "lea", "pin": "no"})}, "authData, not proven"),
    challenge({**ASK, **data(steps={"id": "nobody", "pin": "right"})}, "authData of nobody"),
    challenge({**ASK, **data(steps={"pin": "right"})}, "authData without id"),
    challenge({**ASK, **data(steps=LEA, badge={"id": "x"})}, "two ids"),
    challenge({**ASK, **data(steps=LEA, badge={"pin": "x"})}, "one id, and more"),
    challenge({**ASK, **data(steps=LEA, badge=None)}, "one id, and null"),
    challenge({**ASK, **data(steps="x")}, "authData of a text"),
    challenge({**ASK, **data(steps=[])}, "authData of a list"),
    challenge({**ASK, "authData": "x"}, "authData that is a text"),
    challenge({**ASK, "authData": {}}, "authData that is empty"),
    challenge({**ASK, **data(nowhere={"id": "x"})}, "authData of no provider"),
]

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RAW = {"secret": SECRET, "recovery": ["first-code", "second-code"]}
NUMBER, PENDING = "+41440000001", "+41440000003"
MFA = [
    sign_up("mia", "fac-mia"),
    *(
        put("/users/{mia_id}", data(mfa=given), who="mia", name=f"set up with {label}")
        for label, given in {
            "nothing": {},
            "a secret alone": {"secret": SECRET},
            "a code alone": {"token": "000000"},
            "a short secret": {"secret": "SHORT", "token": "000000"},
            "a wrong code": {"secret": SECRET, "token": "00000"},
        }.items()
    ),
    put("/users/{mia_id}", data(mfa=RAW), who="master", name="set up by the master key"),
    put("/users/{mia_id}", data(mfa={"mobile": PENDING}), who="master", name="a number at first"),
    put("/users/{mia_id}", data(mfa=RAW), who="master", name="what the master key likes"),
    get("/users/{mia_id}", who="mia", name="what she sees"),
    kept("mia", "at first"),
    post("/login", credentials("fac-mia"), name="by password"),
    post("/login", credentials("fac-mia", mfa=None), name="null"),
    post("/login", credentials("fac-mia", mfa={}), name="nothing"),
    post("/login", credentials("fac-mia", mfa={"token": "00000"}), name="a wrong code"),
    post("/login", credentials("fac-mia", mfa={"token": 123456}), name="a number"),
    post("/login", credentials("fac-mia", mfa={"token": ["first-code"]}), name="a list"),
    post("/login", credentials("fac-mia", mfa={"token": "first-code"}), name="a recovery code"),
    post("/login", credentials("fac-mia", mfa={"token": "first-code"}), name="the same again"),
    kept("mia", "after a recovery code"),
    put("/users/{mia_id}", data(mfa={"secret": SECRET}), who="mia", name="change without old"),
    put(
        "/users/{mia_id}",
        data(mfa={"old": "wrong", "secret": "A" * 32, "token": "000000"}),
        who="mia",
        name="change with a wrong old",
    ),
    put("/users/{mia_id}", data(mfa={"mobile": NUMBER}), who="mia", name="a number besides"),
    put("/users/{mia_id}", data(mfa=None), who="master", name="taken away by the master key"),
    post("/login", credentials("fac-mia"), name="by password at last"),
]

SMS = [
    sign_up("noa", "fac-noa"),
    put("/users/{noa_id}", data(mfa={"mobile": "call me"}), who="noa", name="no number"),
    put("/users/{noa_id}", data(mfa={"mobile": NUMBER}), who="noa", name="a number"),
    get(
        "/users/{noa_id}",
        who="master",
        name="what is kept of it",
        page=True,  # the code is another one each time
        save={"code": f"$.authData.mfa.pending.{NUMBER}.token"},
    ),
    get("/users/{noa_id}", who="noa", name="what she sees of it"),
    post("/login", credentials("fac-noa"), name="by password, while it is pending"),
    put(
        "/users/{noa_id}",
        data(mfa={"mobile": "+41440000002", "token": "1"}),
        who="noa",
        name="another number",
    ),
    put("/users/{noa_id}", data(mfa={"mobile": NUMBER, "token": "1"}), who="noa", name="no code"),
    put(
        "/users/{noa_id}",
        data(mfa={"mobile": NUMBER, "token": "{code}"}),
        who="noa",
        name="the code",
    ),
    kept("noa", "once it is confirmed"),
    get("/users/{noa_id}", who="noa", name="what she sees at last"),
    post("/login", credentials("fac-noa"), name="by password"),
    post("/login", credentials("fac-noa", mfa={"token": "1"}), name="with no code sent"),
]

SCENARIOS = [
    Scenario("providers with steps", STEPS, "factors"),
    Scenario("providers of every policy", POLICIES, "factors"),
    Scenario("challenges", CHALLENGES, "factors"),
    Scenario("a second factor by app", MFA, "factors"),
    Scenario("a second factor by message", SMS, "factors"),
]
