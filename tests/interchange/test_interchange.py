"""A database written by Parse Server opens in parsepy unchanged, and the other way round."""

import json
from typing import Any

import pytest

from tests.interchange.conftest import Exchange
from tests.interchange.documents import (
    Documents,
    Indexes,
    documents,
    password_hashes,
    without_indexes,
)
from tests.interchange.known import (
    HASH_PREFIX,
    MEANINGLESS,
    ONLY_THEIRS,
    OTHER_ANSWERS,
    OTHER_VALUES,
    OWN_INDEXES,
)
from tests.interchange.reads import Answers, differences
from tests.interchange.servers import OURS, PEER, Server
from tests.interchange.shop import MASTER, PASSWORDS, op

pytestmark = [pytest.mark.node, pytest.mark.slow]

COLLECTIONS = (
    *("Bare", "Figures", "Learned", "Order", "Place", "Product", "Purged"),
    *("_Idempotency", "_Installation", "_Role", "_SCHEMA", "_Session", "_User"),
    *("_Join:fans:Learned", "_Join:goods:Place", "_Join:history:Order", "_Join:similar:Product"),
    *("_Join:users:_Role", "_Join:roles:_Role"),
)
BOTH = pytest.mark.parametrize("direction", ["theirs", "ours"])


@pytest.fixture
def made(direction: str, request: pytest.FixtureRequest) -> Exchange:
    """The exchange in the direction that the test is run for."""
    exchange: Exchange = request.getfixturevalue(direction)
    return exchange


@pytest.fixture
def by_them(theirs: Exchange) -> Documents:
    """What Parse Server wrote."""
    return without_indexes(documents(theirs.written, theirs.names))


@pytest.fixture
def by_us(ours: Exchange) -> Documents:
    """What parsepy wrote."""
    return without_indexes(documents(ours.written, ours.names))


def equal(first: Any, second: Any) -> None:
    """Fail, naming each place in a line of its own, unless both are equal."""
    found = list(differences(first, second))
    if found:
        pytest.fail(f"{len(found)} differences:\n" + "\n".join(found), pytrace=False)


def without_own_indexes(answers: Answers) -> Answers:
    """`answers` in which no schema lists an index that only parsepy makes."""
    kept: Answers = json.loads(json.dumps(answers))
    for answer in kept.values():
        for schema in (answer["body"], *answer["body"].get("results", ())):
            listed = schema.get("indexes")
            if isinstance(listed, dict):
                for index in OWN_INDEXES.get(str(schema.get("className")), ()):
                    listed.pop(index, None)
    return kept


def takes(documents: Documents, path: tuple[str, ...]) -> Any:
    """Take what lies at `path` out of `documents`."""
    place: Any = documents
    for key in path[:-1]:
        place = place[int(key)] if isinstance(place, list) else place[key]
    return place.pop(path[-1])


def comparable(found: Indexes) -> Indexes:
    """Indexes without the options that mean nothing and without those only parsepy makes."""
    return {
        name: {
            index: {key: value for key, value in spec.items() if key not in MEANINGLESS}
            for index, spec in specs.items()
            if index not in OWN_INDEXES.get(name, ())
        }
        for name, specs in found.items()
    }


class TestReading:
    def test_parsepy_answers_every_read_of_their_database_as_parse_server_does(
        self, theirs: Exchange
    ) -> None:
        mine = without_own_indexes(theirs.other_answers)
        other = without_own_indexes(theirs.answers)
        for name in OTHER_ANSWERS if OURS != PEER else ():
            assert mine.pop(name) != other.pop(name)
        equal(mine, other)

    def test_parse_server_answers_every_read_of_our_database_as_parsepy_does(
        self, ours: Exchange
    ) -> None:
        equal(ours.answers, ours.other_answers)

    def test_a_restart_changes_no_answer_of_parsepy(self, ours: Exchange) -> None:
        # Schemas list the indexes as they were at the start; and Parse Server (when it is in our
        # place) knows a deleted user for some seconds.
        left_out = [name for name in ours.answers if name.startswith("schema")]
        left_out += [name for name in ours.answers if "zoe" in name and OURS == PEER]
        before, after = dict(ours.answers_at_once), dict(ours.answers)
        for name in left_out:
            del before[name], after[name]
        equal(before, after)

    @BOTH
    def test_the_reads_meet_much_and_no_server_fails(self, made: Exchange) -> None:
        statuses = [answer["status"] for answer in made.answers.values()]
        assert len(statuses) > 400
        assert statuses.count(200) > 300
        assert max(statuses) < 500

    @BOTH
    def test_opening_and_reading_a_database_changes_no_document(self, made: Exchange) -> None:
        before = without_indexes(documents(made.written, made.names))
        after = without_indexes(documents(made.read, made.names))
        equal(before, after)


class TestWriting:
    def test_both_make_the_same_collections(self, by_us: Documents, by_them: Documents) -> None:
        assert sorted(by_us) == sorted(by_them) == sorted(COLLECTIONS)

    @pytest.mark.parametrize("collection", COLLECTIONS)
    def test_both_write_the_same_documents_to_the_last_type(
        self, collection: str, by_us: Documents, by_them: Documents
    ) -> None:
        if OURS != PEER:
            for path, (mine, other, _) in OTHER_VALUES.items():
                if path[0] == collection:
                    assert takes(by_us, path) == mine
                    assert takes(by_them, path) == other
            for path in ONLY_THEIRS:
                if path[0] == collection:
                    assert takes(by_them, path)
        equal(by_us[collection], by_them[collection])

    @BOTH
    def test_passwords_are_hashed_with_bcrypt_of_cost_10(self, made: Exchange) -> None:
        hashes = password_hashes(made.written)
        assert hashes.keys() >= {"Anna", "bert", "cora", "Vera", "wim"}
        assert set(hashes.values()) == {f"{HASH_PREFIX[made.writer.kind]} 10"}

    def test_parsepy_makes_all_indexes_that_parse_server_makes_and_those_listed(
        self, ours: Exchange, theirs: Exchange
    ) -> None:
        equal(comparable(ours.made_indexes), comparable(theirs.made_indexes))
        if OURS != PEER:
            for name, listed in OWN_INDEXES.items():
                assert ours.made_indexes[name].keys() >= set(listed), name

    @BOTH
    def test_opening_a_database_keeps_its_indexes(self, made: Exchange) -> None:
        for collection, before in made.made_indexes.items():
            after = made.kept_indexes[collection]
            equal({name: after.get(name) for name in before}, before)
        added = {
            collection: specs.keys() - made.made_indexes.get(collection, {}).keys()
            for collection, specs in made.kept_indexes.items()
        }
        allowed = {} if made.other.kind == PEER else OWN_INDEXES
        for collection, names in added.items():
            assert names <= set(allowed.get(collection, ())), collection


class TestAccounts:
    @BOTH
    @pytest.mark.parametrize("person", ["anna", "bert", "cora", "visitor"])
    async def test_who_signed_up_at_one_logs_in_at_the_other(
        self, made: Exchange, person: str
    ) -> None:
        username = {"anna": "Anna", "visitor": "Vera"}.get(person, person)
        answer = await log_in(made.other, username, PASSWORDS[person])
        assert answer["objectId"] == made.shop.ids[person]
        refused = await made.other.send(
            "POST", "/login", {"username": username, "password": "wrong"}
        )
        assert refused.json() == {"code": 101, "error": "Invalid username/password."}
        # And the new session is known to the first.
        me = await made.writer.done("GET", "/users/me", who=answer["sessionToken"])
        assert me["objectId"] == made.shop.ids[person]

    @BOTH
    async def test_a_newcomer_at_the_other_logs_in_at_the_first(self, made: Exchange) -> None:
        password = "dora's secret, which is very much longer than the 72 bytes that bcrypt looks at"
        newcomer = {"username": "dora", "password": password, "email": "dora@shop.test"}
        signed_up = await made.other.done("POST", "/users", newcomer)
        answer = await log_in(made.writer, "dora", password)
        assert answer["objectId"] == signed_up["objectId"]
        for server in (made.writer, made.other):
            taken = await server.send("POST", "/users", {"username": "DORA", "password": "x"})
            assert taken.json()["code"] == 202

    @BOTH
    async def test_an_anonymous_guest_of_one_comes_back_at_the_other(self, made: Exchange) -> None:
        body = {"authData": {"anonymous": {"id": "0c5c-anonymous"}}}
        answer = await made.other.done("POST", "/users", body)
        assert answer["objectId"] == made.shop.ids["guest"]

    @BOTH
    async def test_a_log_out_at_one_ends_the_session_at_the_other(self, made: Exchange) -> None:
        answer = await log_in(made.writer, "cora", PASSWORDS["cora"])
        await made.writer.done("POST", "/logout", {}, who=answer["sessionToken"])
        refused = await made.other.send("GET", "/users/me", who=answer["sessionToken"])
        assert refused.json() == {"code": 209, "error": "Invalid session token"}


class TestTogether:
    @BOTH
    async def test_each_changes_what_the_other_wrote(self, made: Exchange) -> None:
        path = f"/classes/Order/{made.shop.ids['of anna']}"
        chair = made.shop.to("Product", "chair")
        related = {"object": made.shop.to("Order", "of anna"), "key": "history"}
        for server, other in ((made.other, made.writer), (made.writer, made.other)):
            before = await server.done("GET", path, who=MASTER)
            changed = await server.done(
                "PUT",
                path,
                {
                    "total": op("Increment", amount=0.5),
                    "main": chair,
                    "status": f"seen by {server.kind}",
                    "products": op("AddUnique", objects=[chair]),
                    "history": op("AddRelation", objects=[chair]),
                },
                who=made.shop.tokens["anna"],
            )
            assert changed["total"] == before["total"] + 0.5
            seen = await other.done("GET", path, who=made.shop.tokens["anna"])
            assert seen == await server.done("GET", path, who=made.shop.tokens["anna"])
            assert seen["status"] == f"seen by {server.kind}"
            history = await other.done(
                "GET", "/classes/Product", query={"where": {"$relatedTo": related}}, who=MASTER
            )
            assert sorted(row["name"] for row in history["results"]) == [
                "Chair",
                "Lämpchen 🪔",
                "Mug",
            ]

    @BOTH
    async def test_a_role_given_at_one_counts_at_the_other(self, made: Exchange) -> None:
        path = f"/classes/Order/{made.shop.ids['for staff']}"
        newcomer = {"username": f"eve of {made.other.kind}", "password": "eve's secret"}
        eve = await made.other.done("POST", "/users", newcomer)
        assert (await made.other.send("GET", path, who=eve["sessionToken"])).status_code == 404
        body = {
            "users": op(
                "AddRelation", objects=[made.shop.user("cora") | {"objectId": eve["objectId"]}]
            )
        }
        await made.other.done("PUT", f"/roles/{made.shop.ids['Admins']}", body, who=MASTER)
        for server in (made.writer, made.other):
            seen = await server.done("GET", path, who=eve["sessionToken"])
            assert seen["status"] == "for staff"


class TestTheTestItself:
    def test_it_sees_another_type_of_the_same_value(self, theirs: Exchange) -> None:
        stored = loose_copy(theirs.written)
        product = next(row for row in stored["Product"] if row["name"] == "Mug")
        assert product["price"] == 12
        product["price"] = 12.0
        found = list(
            differences(documents(stored, theirs.names), documents(theirs.written, theirs.names))
        )
        assert found == ['Product / string <id of mug> / price: "double 12.0" is not "int32 12"']

    def test_it_sees_another_spelling_of_the_same_number(self, theirs: Exchange) -> None:
        name = "Product mug as anna"
        answer = json.loads(json.dumps(theirs.answers[name]))
        assert answer["body"]["price"] == "<number 12>"
        answer["body"]["price"] = "<number 12.0>"
        assert list(differences(answer, theirs.answers[name]))


def loose_copy(stored: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """A copy of `stored` whose documents can be changed at the top."""
    return {name: [dict(row) for row in rows] for name, rows in stored.items()}


async def log_in(server: Server, username: str, password: str) -> dict[str, Any]:
    """Log in, and return the answer."""
    credentials = {"username": username, "password": password}
    answer: dict[str, Any] = await server.done("POST", "/login", credentials)
    return answer
