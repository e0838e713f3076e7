"""What plans do that the recorded examples do not show."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from parsepy.app import Application
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp
from tests.graphql.conftest import GRAPHQL, ask, codes, data

CREATE = "mutation($f: CreateBookFieldsInput) { createBook(input: {fields: $f}) { book { %s } } }"


@pytest.fixture
async def library(application: Application, master: Client) -> Client:
    """A client of a server with books and their authors."""
    author = {"name": {"type": "String"}}
    book = {
        "title": {"type": "String", "required": True},
        "pages": {"type": "Number"},
        "tags": {"type": "Array"},
        "data": {"type": "Object"},
        "author": {"type": "Pointer", "targetClass": "Author"},
        "readers": {"type": "Relation", "targetClass": "Author"},
    }
    for name, fields in (("Author", author), ("Book", book)):
        (await master.post(f"/schemas/{name}", json={"fields": fields})).raise_for_status()
    return master


async def new_book(client: Client, **fields: Any) -> str:
    """The objectId of a new book."""
    made = await data(client, CREATE % "objectId", f=fields)
    object_id: str = made["createBook"]["book"]["objectId"]
    return object_id


async def test_documents_that_differ_in_literals_get_their_own_answers(library: Client) -> None:
    for number in range(5):
        await new_book(library, title=f"book {number}", pages=number)
    for number in range(5):
        found = await data(
            library, f'{{ books(where: {{title: {{equalTo: "book {number}"}}}}) {{ count }} }}'
        )
        assert found == {"books": {"count": 1}}
        found = await data(
            library,
            f"{{ books(first: {number}, order: [pages_ASC]) {{ edges {{ node {{ pages }} }} }} }}",
        )
        assert [edge["node"]["pages"] for edge in found["books"]["edges"]] == list(range(number))


async def test_a_literal_that_its_place_does_not_take_is_refused_as_without_a_plan(
    library: Client,
) -> None:
    assert "errors" not in await ask(library, "{ books(first: 7) { count } }")
    refused = await ask(library, "{ books(first: 3000000000) { count } }")
    assert refused["errors"][0]["message"] == (
        "Int cannot represent non 32-bit signed integer value: 3000000000"
    )


async def test_literals_in_json_scalars_are_lifted_too(library: Client) -> None:
    text = 'mutation { createBook(input: {fields: {title: "a", data: {n: %d, l: [%d, "x"]}}}) '
    for number in (1, 2):
        made = await data(library, text % (number, number) + "{ book { data } } }")
        assert made["createBook"]["book"]["data"] == {"n": number, "l": [number, "x"]}


async def test_no_mutation_runs_twice_where_the_answer_has_errors(library: Client) -> None:
    answered = await ask(
        library,
        'mutation { a: createBook(input: {fields: {title: "once"}}) { book { objectId } } '
        'b: deleteBook(input: {id: "nosuch"}) { book { objectId } } '
        'c: createBook(input: {fields: {title: "once", tags: [null]}}) '
        "{ book { tags { __typename } } } }",
    )
    assert answered["data"]["b"] is None
    assert answered["data"]["c"] == {"book": {"tags": [None]}}
    assert [error["path"] for error in answered["errors"]] == [["b"], ["c", "book", "tags", 0]]
    found = await data(library, '{ books(where: {title: {equalTo: "once"}}) { count } }')
    assert found == {"books": {"count": 2}}


async def test_mutations_run_in_their_order(library: Client) -> None:
    book = await new_book(library, title="a", pages=1)
    answered = await data(
        library,
        "mutation($id: ID!) { "
        "one: updateBook(input: {id: $id, fields: {pages: 2}}) { book { pages } } "
        "two: updateBook(input: {id: $id, fields: {pages: 3}}) { book { pages } } "
        "three: deleteBook(input: {id: $id}) { book { pages } } }",
        id=book,
    )
    assert answered == {
        "one": {"book": {"pages": 2}},
        "two": {"book": {"pages": 3}},
        "three": {"book": {"pages": 3}},
    }


async def test_relations_of_every_object_of_a_page_are_read(library: Client) -> None:
    for number in range(3):
        readers = {"createAndAdd": [{"name": f"r{number}{n}"} for n in range(number)]}
        await new_book(library, title=f"b{number}", readers=readers or None)
    found = await data(
        library,
        "{ books(order: [title_ASC]) { edges { node { title "
        "readers(order: [name_ASC]) { count edges { node { name } } } } } } }",
    )
    shown = [
        (
            edge["node"]["readers"]["count"],
            [inner["node"]["name"] for inner in edge["node"]["readers"]["edges"]],
        )
        for edge in found["books"]["edges"]
    ]
    assert shown == [(0, []), (1, ["r10"]), (2, ["r20", "r21"])]


async def test_skip_and_include_follow_the_variables_of_each_request(library: Client) -> None:
    await new_book(library, title="a", pages=1)
    query = (
        "query($p: Boolean!) { books { edges { node { title @skip(if: $p) "
        "pages @include(if: $p) } } } }"
    )
    for flag, shown in ((True, {"pages": 1}), (False, {"title": "a"}), (True, {"pages": 1})):
        found = await data(library, query, p=flag)
        assert found["books"]["edges"] == [{"node": shown}]


async def test_the_right_objects_are_created_and_linked(library: Client) -> None:
    made = await data(
        library,
        CREATE % "author { id name } title",
        f={"title": "a", "author": {"createAndLink": {"name": "ann"}}},
    )
    author = made["createBook"]["book"]["author"]
    assert author["name"] == "ann"
    again = await data(
        library, CREATE % "author { name }", f={"title": "b", "author": {"link": author["id"]}}
    )
    assert again["createBook"]["book"]["author"] == {"name": "ann"}
    found = await data(
        library,
        '{ books(where: {author: {have: {name: {equalTo: "ann"}}}}) { count } authors { count } }',
    )
    assert found == {"books": {"count": 2}, "authors": {"count": 1}}


async def test_who_may_not_read_a_class_by_rest_may_not_by_graphql(
    library: Client, client: Client
) -> None:
    await new_book(library, title="a")
    permissions: dict[str, Any] = {
        "find": {},
        "count": {},
        "get": {},
        "create": {},
        "update": {},
        "delete": {},
    }
    body = {"classLevelPermissions": permissions}
    (await library.put("/schemas/Book", json=body)).raise_for_status()
    assert await codes(client, "{ books { count } }") == [119]
    assert await codes(client, "{ books { edges { node { title } } } }") == [119]
    assert await codes(client, CREATE % "title", f={"title": "b"}) == [119]
    assert (await client.get("/classes/Book")).status_code == 400


async def test_types_are_shown_to_the_master_key_alone(library: Client, client: Client) -> None:
    for query in (
        '{ __type(name: "Book") { name } }',
        "{ __schema { types { name } } }",
        "query { a: __schema { ...F } } fragment F on __Schema { types { name } }",
    ):
        assert "errors" not in await ask(library, query)
        response = await client.post(GRAPHQL, json={"query": query})
        assert response.status_code == 403


async def test_introspection_beside_other_fields_is_answered(library: Client) -> None:
    await new_book(library, title="a")
    found = await data(library, '{ books { count } __type(name: "Author") { name } }')
    assert found == {"books": {"count": 1}, "__type": {"name": "Author"}}


async def test_a_document_may_come_as_application_graphql(library: Client) -> None:
    headers = {"Content-Type": "application/graphql"}
    response = await library.post(GRAPHQL, content=b"{ health }", headers=headers)
    assert response.json() == {"data": {"health": True}}


async def test_a_form_of_another_origin_is_refused(library: Client) -> None:
    credentials = base64.b64encode(f"{APP_ID}:{MASTER_KEY}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "text/plain"}
    async with Client(library.application) as stranger:
        del stranger.headers["X-Parse-Application-Id"]
        response = await stranger.post(GRAPHQL, content=b"{}", headers=headers)
    assert response.status_code == 400
    assert "Cross-Site Request Forgery" in response.json()["errors"][0]["message"]


async def test_a_persisted_document_with_a_wrong_hash_is_refused(library: Client) -> None:
    given = {"version": 1, "sha256Hash": "0" * 64}
    body = {"query": "{ health }", "extensions": {"persistedQuery": given}}
    response = await library.post(GRAPHQL, json=body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == "provided sha does not match query"


async def test_an_invalid_document_is_not_persisted(library: Client) -> None:
    text = "{ nothing }"
    given = {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}
    body: dict[str, Any] = {"query": text, "extensions": {"persistedQuery": given}}
    assert (await library.post(GRAPHQL, json=body)).status_code == 400
    del body["query"]
    response = await library.post(GRAPHQL, json=body)
    assert response.json()["errors"][0]["message"] == "PersistedQueryNotFound"


def form(operations: dict[str, Any], places: dict[str, list[str]], **files: bytes) -> Any:
    """The parts of a multipart request."""
    parts: list[tuple[str, Any]] = [
        ("operations", (None, json.dumps(operations))),
        ("map", (None, json.dumps(places))),
    ]
    return [*parts, *((name, ("a.txt", data, "text/plain")) for name, data in files.items())]


async def test_a_file_that_comes_with_a_mutation_is_stored(library: Client) -> None:
    query = "mutation($f: Upload!) { createFile(input: {upload: $f}) { fileInfo { name url } } }"
    operations = {"query": query, "variables": {"f": None}}
    parts = form(operations, {"one": ["variables.f"]}, one=b"some text")
    answered = (await library.post(GRAPHQL, files=parts)).json()
    info = answered["data"]["createFile"]["fileInfo"]
    assert info["name"].endswith("_a.txt")
    assert (await library.get(info["url"])).content == b"some text"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parts: parts[:1],
        lambda parts: parts[1:],
        lambda parts: [parts[1], parts[0]],
        lambda parts: [("operations", (None, "{")), *parts[1:]],
        lambda parts: [("operations", (None, "1")), *parts[1:]],
        lambda parts: [parts[0], ("map", (None, '{"a": "b"}'))],
        lambda parts: [parts[0], ("map", (None, '{"a": [1]}'))],
        lambda parts: [parts[0], ("map", (None, "[]"))],
        lambda parts: [("x", ("a.txt", b"early", "text/plain")), *parts],
    ],
)
async def test_a_broken_form_is_refused(spoil: Callable[[Any], Any], library: Client) -> None:
    parts = spoil(form({"query": "{ health }"}, {"0": ["variables.f"]}))
    response = await library.post(GRAPHQL, files=parts)
    assert response.status_code == 400
    assert "Bad Request" in response.text


async def test_without_the_option_there_is_no_graphql(app: MakeApp) -> None:
    application = await app()
    async with Client(application) as client:
        assert (await client.post(GRAPHQL, json={"query": "{ health }"})).status_code == 404


async def test_the_path_is_the_options(app: MakeApp) -> None:
    application = await app(mountGraphQL=True, graphQLPath="/api/query")
    async with Client(application) as client:
        url = GRAPHQL.removesuffix("/graphql") + "/api/query"
        response = await client.post(url, json={"query": "{ health }"})
        assert response.json() == {"data": {"health": True}}
        assert (await client.post(GRAPHQL, json={"query": "{ health }"})).status_code == 404


async def test_a_function_that_fails_is_told_with_its_code(library: Client) -> None:
    query = "mutation { callCloudCode(input: {functionName: failPlain}) { result } }"
    assert await codes(library, query) == [141]


async def test_custom_fields_of_objects_are_resolved(app: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    file.write_text(
        "from parsepy import Cloud\n"
        '@Cloud.function("shout")\n'
        "async def shout(request):\n"
        '    return request.params["text"].upper()\n',
        encoding="utf-8",
    )
    sdl = 'extend type User { loud(text: String!): String @resolve(to: "shout") }'
    application = await app(mountGraphQL=True, cloud=str(file), graphQLSchema=sdl)
    async with Client(application, master=True) as master:
        await data(
            master,
            'mutation { createUser(input: {fields: {username: "a", password: "b"}}) '
            "{ clientMutationId } }",
        )
        found = await data(master, '{ users { edges { node { username loud(text: "hey") } } } }')
    assert found == {"users": {"edges": [{"node": {"username": "a", "loud": "HEY"}}]}}


async def test_errors_of_a_relation_carry_no_code_of_parse(library: Client) -> None:
    await new_book(library, title="a")
    answered = await ask(
        library, "{ books { edges { node { title readers(first: -1) { count } } } } }"
    )
    assert answered["data"] == {"books": {"edges": [{"node": None}]}}
    (error,) = answered["errors"]
    assert error["message"] == "First should be a positive number"
    assert error["path"] == ["books", "edges", 0, "node", "readers"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}


@pytest.fixture
async def haunted(application: Application, master: Client) -> Client:
    """A client of a server with a class that refers to one which the interface lacks."""
    fields = {
        "title": {"type": "String"},
        "ghosts": {"type": "Relation", "targetClass": "Ghost"},
        "ghost": {"type": "Pointer", "targetClass": "Ghost"},
    }
    (await master.post("/schemas/House", json={"fields": fields})).raise_for_status()
    return master


HAUNT = "mutation($f: CreateHouseFieldsInput) { createHouse(input: {fields: $f}) { house { id } } }"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"a": 1}, 1),
        ({"createAndAdd": [{"name": "boo"}]}, 1),
        ({"createAndAdd": 5}, 1),
        ({"add": [5]}, 1),
        ([1], 1),
        ({}, 106),
    ],
)
async def test_a_relation_to_a_hidden_class_takes_nothing_but_ids(
    haunted: Client, value: Any, code: int
) -> None:
    assert await codes(haunted, HAUNT, f={"ghosts": value}) == [code]
    await data(haunted, HAUNT, f={"ghosts": {"add": ["ghost1"]}})


@pytest.mark.parametrize("value", [{"createAndLink": {"name": "boo"}}, {"link": 5}])
async def test_a_pointer_to_a_hidden_class_creates_nothing_there(
    haunted: Client, value: Any
) -> None:
    assert await codes(haunted, HAUNT, f={"ghost": value}) == [1]
    await data(haunted, HAUNT, f={"ghost": {"link": "ghost1"}})
    await data(haunted, HAUNT, f={"ghost": ["which names nothing"]})


async def test_a_relation_to_a_hidden_class_is_no_page(haunted: Client) -> None:
    await data(haunted, HAUNT, f={"ghosts": {"add": ["ghost1"]}})
    answered = await ask(haunted, "{ houses { edges { node { ghosts } } } }")
    [error] = answered["errors"]
    assert error["message"] == "Cannot read properties of undefined (reading 'fields')"


async def test_a_pointer_that_leads_nowhere_is_null_in_the_answer_of_its_creation(
    library: Client,
) -> None:
    given = {"title": "a", "author": {"link": "nosuch1234"}}
    made = await data(library, CREATE % "title author { name createdAt }", f=given)
    assert made["createBook"]["book"] == {"title": "a", "author": None}


async def test_a_value_that_is_no_enum_is_shown_as_javascript_shows_it(library: Client) -> None:
    query = "query($o: [BookOrder!]) { books(order: $o) { count } }"
    answered = await ask(library, query, o={"nope": 1})
    assert answered["errors"][0]["message"] == (
        'Variable "$o" got invalid value { nope: 1 }; '
        'Enum "BookOrder" cannot represent non-string value: { nope: 1 }.'
    )
