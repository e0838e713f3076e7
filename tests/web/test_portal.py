"""The portal by HTTP: who may see what, what it shows of a schema, and that texts stay texts."""

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from parsepy import prompts
from parsepy.portal.access import COOKIE
from parsepy.portal.pages import SECTIONS
from tests.conftest import APP_ID, MASTER_KEY, Client, MakeApp

AT = "http://testserver"
SCHEMA = Path(__file__).parents[2] / "schema"
TEMPLATES = [str(SCHEMA / "ecommerce.json"), str(SCHEMA / "shopping.json")]
TEMPLATE_CLASSES = {path: json.loads(Path(path).read_text())["classes"] for path in TEMPLATES}
TEMPLATE_NAMES = {one["className"] for path in TEMPLATES for one in TEMPLATE_CLASSES[path]}
DOCS = SCHEMA.parent / "docs"
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
async def shop(app: MakeApp) -> AsyncIterator[Client]:
    """A client of a demo of both templates, where the portal is open."""
    cloud = SCHEMA.parent / "cloud" / "main.py"
    made = await app(demo=True, schema=TEMPLATES, cloud=str(cloud), mountGraphQL=True)
    async with Client(made) as client:
        yield client


@pytest.fixture
async def closed(app: MakeApp) -> AsyncIterator[Client]:
    """A client of a server that is reached from elsewhere, with the portal on."""
    async with Client(await app(portal=True, schema=TEMPLATES, host="0.0.0.0")) as client:
        yield client


# --- what it shows ------------------------------------------------------------------------------


async def test_the_page_has_its_sections_in_their_order(shop: Client) -> None:
    page = await shop.get(f"{AT}/portal")
    assert page.status_code == 200
    found = re.findall(r'<section id="(\w+)">', page.text)
    wanted = [anchor for anchor, _ in SECTIONS]
    assert [anchor for anchor in wanted if anchor in found] == found
    assert set(wanted) == set(found)
    assert (await shop.get(f"{AT}/")).text.count("<section id=") == len(found)


def section_of(page: httpx.Response, name: str) -> str:
    """The text of a section, without its tags."""
    found = re.search(rf'<section id="{name}">(.*?)</section>', page.text, re.DOTALL)
    assert found is not None
    return html.unescape(re.sub(r"<[^>]+>", "", found[1]))


async def test_questions_and_cards_are_those_of_the_shop_where_its_templates_run(
    shop: Client,
) -> None:
    page = await shop.get(f"{AT}/portal")
    titles = re.findall(r"^## (.+)", (DOCS / "faq.md").read_text(), re.MULTILINE)
    assert all(title in section_of(page, "faq") for title in titles)
    assert 'Query("Product")' in section_of(page, "technologies")
    assert "Here there are" not in (await shop.get(f"{AT}/portal/guides/php")).text


async def test_questions_about_classes_that_a_template_lacks_are_left_out(app: MakeApp) -> None:
    async with Client(await app(schema=TEMPLATES[:1], host="127.0.0.1")) as client:
        faq = section_of(await client.get("http://localhost/portal"), "faq")
    assert "How do I prevent duplicate orders?" in faq
    assert "coupons?" not in faq  # of which that template has no class


async def test_questions_and_cards_of_another_app_speak_of_its_classes(
    app: MakeApp, tmp_path: Path
) -> None:
    rights = {"find": {"*": True}, "get": {"*": True}}
    doctor = {
        "className": "Doctor",
        "description": "Who treats patients.",
        "fields": {"name": {"type": "String", "required": True}},
        "classLevelPermissions": rights,
    }
    patient = {"className": "Patient", "classLevelPermissions": {"find": {"role:staff": True}}}
    schema = tmp_path / "clinic.json"
    schema.write_text(json.dumps({"classes": [doctor, patient]}))
    options = {"schema": [str(schema)], "host": "127.0.0.1", "appName": "Clinic"}
    async with Client(await app(**options)) as client:
        page = await client.get("http://localhost/portal")
        guide = await client.get("http://localhost/portal/guides/php")
    assert 'Here there are: <a href="/portal/classes/Doctor">Doctor</a>' in guide.text
    faq, cards = section_of(page, "faq"), section_of(page, "technologies")
    for wanted in (
        "What is Clinic?",
        "Doctor: Who treats patients.",
        "How do I query Doctor objects with Flutter?",
        "ParseObject('Doctor')",
        'await object.save({\n  name: "text",\n}, { sessionToken });',
        "Who may see and change Patient objects?",
    ):
        assert wanted in faq, wanted
    assert 'Query("Doctor")' in cards
    guides = {path.stem for path in (DOCS / "clients").glob("*.md")} - {"README"}
    codes = re.findall(r"First query with [^<]*?<.*?</pre>", page.text, re.DOTALL)
    assert len(codes) == len(guides)
    assert all("octor" in code for code in codes)
    for word in ("Product", "Order", "coupon", "shop"):
        assert word not in faq + cards, word


async def test_an_apps_own_questions_stand_in_its_portal_file(app: MakeApp, tmp_path: Path) -> None:
    schema = tmp_path / "clinic.json"
    schema.write_text(json.dumps({"classes": [{"className": "Doctor"}]}))
    (tmp_path / "portal.md").write_text(
        "# Clinic\n\n## FAQ\n\n### Who treats me?\n\nA `Doctor`.\n\n"
        "### Who pays?\n\n`GET /classes/Insurance`\n"
    )
    async with Client(await app(schema=[str(schema)], host="127.0.0.1")) as client:
        page = await client.get("http://localhost/portal")
    faq = section_of(page, "faq")
    assert "Who treats me?" in faq
    assert "Who pays?" not in faq
    assert 'id="takeaways"' not in page.text


async def test_every_class_and_field_is_in_the_dictionary_with_its_description(
    shop: Client,
) -> None:
    text = html.unescape((await shop.get(f"{AT}/portal")).text)
    for path in TEMPLATES:
        for entry in TEMPLATE_CLASSES[path]:
            assert f'id="class-{entry["className"]}"' in text
            for name, column in entry["fields"].items():
                if name != "password":
                    assert f"<code>{name}</code>" in text
                    assert column.get("description", "") in text
    assert 'href="/portal#class-SKU">SKU</a> or <a href="/portal#class-Product">' in text
    assert "Anyone may read. The roles admin, seller and staff may write." in text


async def test_the_diagram_draws_what_arrays_hold(shop: Client) -> None:
    text = html.unescape((await shop.get(f"{AT}/portal")).text)
    assert "SKU }o--|| Product : product" in text
    assert "Order }o--o{ SKU : products" in text


async def test_the_flow_is_the_apps_own_and_without_one_the_general(
    shop: Client, app: MakeApp
) -> None:
    assert "Browse the catalogue" in (await shop.get(f"{AT}/portal")).text
    async with Client(await app(demo=True)) as other:
        await other.post("/classes/Note", json={"title": "a"})
        text = (await other.get(f"{AT}/portal")).text
        assert "List Note" in text
        assert "Browse the catalogue" not in text


async def test_the_schema_of_the_portal_loads_again(
    shop: Client, app: MakeApp, tmp_path: Path
) -> None:
    schema = (await shop.get(f"{AT}/portal/schema.json")).json()
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(schema))
    async with Client(await app(demo=True, schema=[str(file)])) as again:
        assert (await again.get(f"{AT}/portal/schema.json")).json() == schema


async def test_the_page_of_a_class_has_code_in_every_technology(shop: Client) -> None:
    text = html.unescape((await shop.get(f"{AT}/portal/classes/Product")).text)
    assert 'new Parse.Query("Product").limit(10).find()' in text
    assert "products(first: 10)" in text
    assert "http://testserver/parse/classes/Product?limit=10" in text
    for name in ("Flutter", "Swift", "Kotlin", "PHP", "C#"):
        assert f"<h3>{name}</h3>" in text
    for name in ("classes/Nothing", "nothing", "nothing/at/all"):
        page = await shop.get(f"{AT}/portal/{name}")
        assert page.status_code == 404
        assert "Back to the portal" in page.text


async def test_every_link_of_every_page_leads_somewhere(shop: Client) -> None:
    seen: dict[str, str] = {}
    waiting = [("/portal", "")]
    while waiting:
        path, source = waiting.pop()
        if path not in seen:
            answer = await shop.get(f"{AT}{path}")
            assert answer.status_code == 200, f"{path}, from {source}"
            seen[path] = answer.text
            found = re.findall(r'<a [^>]*href="([^"]*)"', answer.text)
            for link in map(html.unescape, found):
                target, _, anchor = link.partition("#")
                if target.startswith("http"):
                    continue
                assert not target or target.startswith("/"), f"{link} of {path}"
                place = target or path
                waiting.append((place, path))
                if anchor and place == path:
                    assert f'id="{anchor}"' in answer.text, f"{link} of {path}"
    assert {"/portal/manual/differences", "/portal/guides/flutter"} <= seen.keys()


async def test_guides_bear_the_address_and_id_of_this_server(shop: Client) -> None:
    text = html.unescape((await shop.get(f"{AT}/portal/guides/javascript")).text)
    assert 'Parse.serverURL = "http://testserver/parse"' in text
    assert "localhost:1337" not in text
    assert (await shop.get(f"{AT}/portal/guides/..%2f..%2fREADME")).status_code == 404


async def test_the_prompt_can_be_taken_along(shop: Client) -> None:
    answer = await shop.get(f"{AT}/portal/prompt.txt")
    assert "attachment" in answer.headers["content-disposition"]
    assert "Product: name (String, required)" in answer.text
    assert (
        "- FlashSale: Anyone may read. The roles admin, seller and staff may write." in answer.text
    )
    assert re.search(r"- aroundSave of Order: \w+", answer.text)
    assert "- function adjustStock(" in answer.text
    # and `parsepy new` makes the same classes of it, and reads no rule into what is said besides
    made = prompts.read(answer.text)
    assert {one.name for one in made.classes} == TEMPLATE_NAMES
    assert made.hidden == ()
    assert {one.who for one in made.statements} <= {"*", "users", "staff", "admin", "seller"}


async def test_agents_and_the_dashboard_are_set_up_by_lines_to_copy(shop: Client) -> None:
    text = html.unescape((await shop.get(f"{AT}/portal")).text)
    assert "claude mcp add parsepy -- parsepy mcp" in text
    assert '"mcpServers"' in text
    assert "--masterKey YOUR_MASTER_KEY --serverURL http://testserver/parse" in text
    assert re.search(r"MongoDB \d+\.\d+\.\d+", text)


async def test_the_overview_is_light(shop: Client) -> None:
    sizes = []
    for path in (
        "/portal",
        "/portal/static/tokens.css",
        "/portal/static/portal.css",
        "/portal/static/portal.js",
        "/portal/static/theme.js",
    ):
        request = shop.build_request("GET", f"{AT}{path}", headers={"Accept-Encoding": "gzip"})
        answer = await shop.send(request, stream=True)
        sizes.append(len(b"".join([piece async for piece in answer.aiter_raw()])))
    assert sum(sizes) < 30_000, sizes


async def test_an_empty_app_has_a_portal_that_says_what_to_do(app: MakeApp) -> None:
    async with Client(await app(demo=True)) as client:
        text = (await client.get(f"{AT}/portal")).text
        assert "There are no classes yet." in text


async def test_sixty_classes_are_shown(app: MakeApp, tmp_path: Path) -> None:
    classes = [
        {
            "className": f"Class{number}",
            "fields": {f"field{n}": {"type": "String"} for n in range(12)}
            | (
                {"before": {"type": "Pointer", "targetClass": f"Class{number - 1}"}}
                if number
                else {}
            ),
        }
        for number in range(60)
    ]
    file = tmp_path / "many.json"
    file.write_text(json.dumps({"classes": classes}))
    async with Client(await app(demo=True, schema=[str(file)])) as client:
        page = await client.get(f"{AT}/portal")
        assert page.text.count('<article class="class"') == 61  # and users
        validate((await client.get(f"{AT}/openapi.json")).json())


# --- OpenAPI ------------------------------------------------------------------------------------


def validate(document: Any) -> None:
    """Hold a document to the specification."""
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


async def test_the_openapi_document_is_valid_and_has_every_class_and_function(
    shop: Client,
) -> None:
    document = (await shop.get(f"{AT}/openapi.json")).json()
    validate(document)
    paths = document["paths"]
    assert {"get", "post"} == set(paths["/classes/Product"])
    assert {"get", "put", "delete"} == set(paths["/classes/Product/{objectId}"])
    assert {"/login", "/batch", "/files/{name}", "/functions/salesReport"} <= set(paths)
    product = document["components"]["schemas"]["Product"]
    assert product["required"] == ["name", "price"]
    assert product["properties"]["name"]["description"] == "What shoppers see and search for."
    items = document["components"]["schemas"]["Cart"]["properties"]["items"]
    assert [one["title"] for one in items["items"]["oneOf"]] == [
        "Pointer to SKU",
        "Pointer to Product",
    ]
    assert document["servers"] == [{"url": "http://testserver/parse"}]


async def test_the_graphql_schema_is_told_to_who_sees_the_portal(shop: Client) -> None:
    told = await shop.get(f"{AT}/portal/schema.graphql")
    assert told.headers["content-disposition"] == 'attachment; filename="schema.graphql"'
    assert "type SKU implements" in told.text


async def test_descriptions_are_in_the_graphql_schema_too(shop: Client) -> None:
    query = '{ __type(name: "SKU") { description fields { name description } } }'
    answer = await shop.post(
        f"{AT}/graphql", json={"query": query}, headers={"X-Parse-Master-Key": MASTER_KEY}
    )
    found = answer.json()["data"]["__type"]
    assert found["description"] == "A variation of a product, with its stock."
    texts = {field["name"]: field["description"] for field in found["fields"]}
    assert texts["stock"] == "Pieces that can still be ordered; never below zero."
    assert texts["objectId"] != ""


# --- who may see it -----------------------------------------------------------------------------


async def test_the_portal_is_off_where_nobody_asked_for_it(client: Client) -> None:
    for path in ("/portal", "/openapi.json", "/portal/static/portal.css", "/"):
        assert (await client.get(f"{AT}{path}")).json()["error"] == f"Cannot GET {path}"


@pytest.mark.parametrize(
    "path",
    [
        "/portal",
        "/openapi.json",
        "/portal/schema.json",
        "/portal/classes/Product",
        "/portal/prompt.txt",
        "/portal/reference",
        "/",
        "/portal/guides/rest",
    ],
)
async def test_elsewhere_nobody_and_no_mere_user_sees_anything(closed: Client, path: str) -> None:
    token = await signed_up(closed, "ann")
    for headers in (
        {},
        {"X-Parse-Session-Token": token},
        {"Cookie": f"{COOKIE}={token}"},
        {"X-Parse-Master-Key": "wrong"},
    ):
        answer = await closed.get(f"{AT}{path}", headers=headers)
        assert answer.status_code == 403
        assert "Product" not in answer.text
        page = await closed.get(f"{AT}{path}", headers={**headers, **NAVIGATION})
        assert (page.status_code, page.headers["location"]) == (303, "/portal/sign-in")


PAGES = (
    *("/", "/portal", "/portal/", "/portal/classes/Product", "/portal/guides/rest"),
    *(
        "/portal/schema.graphql",
        "/portal/manual/portal",
        "/portal/schema.json",
        "/portal/prompt.txt",
        "/portal/graphiql",
        "/portal/reference",
    ),
    "/openapi.json",
)
READ_ONLY_KEY = "the-read-only-key"
NO_PORTAL, ONLY_ADMINS, ALL = (), ("admin", "master", "read-only"), ("nobody", "user", "wrong key")
PLACES: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "elsewhere, not asked for": ({"host": "0.0.0.0"}, AT, NO_PORTAL),
    "elsewhere": ({"host": "0.0.0.0", "portal": True}, AT, ONLY_ADMINS),
    "this machine": ({"host": "127.0.0.1"}, "http://localhost", (*ALL, *ONLY_ADMINS)),
    "this machine, by another name": ({"host": "127.0.0.1"}, AT, ONLY_ADMINS),
    "this machine, switched off": (
        {"host": "127.0.0.1", "portal": False},
        "http://localhost",
        NO_PORTAL,
    ),
    "a demo": ({"demo": True, "host": "0.0.0.0"}, AT, (*ALL, *ONLY_ADMINS)),
}
"""Places: options, address, and who sees the portal there."""


@pytest.mark.parametrize("place", PLACES)
async def test_who_sees_what_by_place_and_role(place: str, app: MakeApp) -> None:
    options, at, seen_by = PLACES[place]
    secret = "postgres://user:a-password@db"
    kept = {"readOnlyMasterKey": READ_ONLY_KEY, "webhookKey": "a-webhook-key"}
    options = {"schema": TEMPLATES, "mountGraphQL": True, **kept, **options}
    async with Client(await app(**options)) as client:
        master = {"X-Parse-Master-Key": MASTER_KEY}
        await client.post("/classes/Product", json={"name": secret, "price": 1}, headers=master)
        await admin(client)
        callers = {
            "nobody": {},
            "user": {"X-Parse-Session-Token": await signed_up(client, "bob")},
            "wrong key": {"X-Parse-Master-Key": "wrong"},
            "admin": {"X-Parse-Session-Token": await logged_in(client, "ann")},
            "master": master,
            "read-only": {"X-Parse-Master-Key": READ_ONLY_KEY},
        }
        for caller, headers in callers.items():
            is_admin = caller in ONLY_ADMINS
            for path in PAGES:
                answer = await client.get(f"{at}{path}", headers=headers)
                where = f"{caller} at {path}"
                if seen_by == NO_PORTAL:
                    assert answer.json()["error"] == f"Cannot GET {path}", where
                    continue
                assert answer.status_code == (200 if caller in seen_by else 403), where
                assert ("Product" in answer.text) <= (caller in seen_by), where
                # nobody's objects, keys and tokens, whoever asks
                tokens = [
                    one["X-Parse-Session-Token"] for one in (callers["user"], callers["admin"])
                ]
                for hidden in (secret, MASTER_KEY, READ_ONLY_KEY, "a-webhook-key", *tokens):
                    assert hidden not in answer.text, where
                if path == "/portal" and caller in seen_by:
                    assert ("Weak settings" in answer.text) is is_admin, where
                    counts = is_admin or place == "a demo"
                    assert ("1 object<" in answer.text) is counts, where


async def logged_in(client: Client, name: str) -> str:
    """A new session of a user."""
    body = {"username": name, "password": "a good password"}
    token: str = (await client.post("/login", json=body)).json()["sessionToken"]
    return token


async def signed_up(client: Client, name: str) -> str:
    """The session of a new user."""
    body = {"username": name, "password": "a good password", "email": f"{name}@example.com"}
    token: str = (await client.post("/users", json=body)).json()["sessionToken"]
    return token


async def admin(client: Client) -> None:
    """Make a user ann, and her a member of the role admin."""
    from parsepy.operations import bootstrap

    await signed_up(client, "ann")
    await bootstrap.grant(client.application.backend, "ann", "admin")


async def test_an_admin_signs_in_by_the_form_and_out_again(closed: Client) -> None:
    await admin(closed)
    form = {"username": "ann", "password": "a good password"}
    answer = await closed.post(f"{AT}/portal/sign-in", data=form, headers=NAVIGATION)
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    page = await closed.get(f"{AT}/portal", headers=NAVIGATION)
    assert "ann" in page.text
    assert "Weak settings" in page.text
    kept = closed.cookies[COOKIE]
    out = await closed.post(f"{AT}/portal/sign-out", headers=NAVIGATION)
    assert out.status_code == 303
    # the session has ended, not only the cookie
    again = await closed.get(f"{AT}/portal", headers={"Cookie": f"{COOKIE}={kept}"})
    assert again.status_code == 403


async def test_the_master_key_opens_it_and_is_not_in_the_cookie(closed: Client) -> None:
    form = {"masterKey": MASTER_KEY}
    answer = await closed.post(f"{AT}/portal/sign-in", data=form, headers=NAVIGATION)
    assert answer.status_code == 303
    assert MASTER_KEY not in answer.headers["set-cookie"]
    page = await closed.get(f"{AT}/portal", headers=NAVIGATION)
    assert page.status_code == 200
    assert MASTER_KEY not in page.text
    by_header = await closed.get(f"{AT}/openapi.json", headers={"X-Parse-Master-Key": MASTER_KEY})
    assert by_header.status_code == 200


async def test_the_master_key_counts_from_its_addresses_only(app: MakeApp) -> None:
    options = {"portal": True, "host": "0.0.0.0", "masterKeyIps": ["10.0.0.0/8"]}
    async with Client(await app(**options)) as client:
        form = {"masterKey": MASTER_KEY}
        answer = await client.post(f"{AT}/portal/sign-in", data=form, headers=NAVIGATION)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "form",
    [
        {"masterKey": "wrong"},
        {"username": "ann", "password": "wrong"},
        {"username": "bob", "password": "a good password"},
        {"username": "", "password": ""},
        {},
    ],
)
async def test_who_is_no_admin_gets_no_cookie(closed: Client, form: Any) -> None:
    await admin(closed)
    await signed_up(closed, "bob")
    answer = await closed.post(f"{AT}/portal/sign-in", data=form, headers=NAVIGATION)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://stranger.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/portal/sign-in", "/portal/sign-out"])
async def test_forms_of_other_pages_are_refused(
    closed: Client, path: str, headers: dict[str, str]
) -> None:
    form = {"masterKey": MASTER_KEY}
    answer = await closed.post(f"{AT}{path}", data=form, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_forged_cookie_and_a_form_that_is_too_large_open_nothing(closed: Client) -> None:
    import jwt

    forged = jwt.encode({"kind": "master", "exp": 9_999_999_999}, "x" * 32, algorithm="HS256")
    for cookie in (forged, "nonsense", "a.b.c"):
        answer = await closed.get(f"{AT}/portal", headers={"Cookie": f"{COOKIE}={cookie}"})
        assert answer.status_code == 403
    large = await closed.post(f"{AT}/portal/sign-in", content=b"a" * 20_000)
    assert large.status_code == 413


async def test_on_loopback_it_is_open_to_this_machine_by_its_own_name(app: MakeApp) -> None:
    async with Client(await app(host="127.0.0.1")) as client:
        near = await client.get("http://localhost/portal")
        assert near.status_code == 200
        assert "Weak settings" not in near.text  # for that one signs in
        for headers in (
            {"Host": "stranger.example"},  # a name that leads here
            {"Host": "localhost", "X-Forwarded-For": "203.0.113.5"},  # through a proxy
        ):
            assert (await client.get(f"{AT}/portal", headers=headers)).status_code == 403


async def test_sign_ins_count_in_the_limit_of_log_ins(app: MakeApp) -> None:
    limit = {
        "requestPath": "/login",
        "requestCount": 2,
        "requestTimeWindow": 60_000,
        "includeInternalRequests": True,
    }
    async with Client(await app(portal=True, host="0.0.0.0", rateLimit=[limit])) as client:
        answers = [
            await client.post(f"{AT}/portal/sign-in", data={"masterKey": "x"}) for _ in range(3)
        ]
        assert [answer.status_code for answer in answers] == [403, 403, 429]


async def test_counts_are_for_admins_and_demos(closed: Client, shop: Client) -> None:
    assert "objects, for admins" not in (await shop.get(f"{AT}/portal")).text
    local = await closed.get(f"{AT}/portal", headers={"X-Parse-Master-Key": MASTER_KEY})
    assert "0 objects" in local.text


async def test_the_demos_user_is_signed_in_by_a_click_and_nowhere_else(
    shop: Client, closed: Client
) -> None:
    answer = await shop.post(f"{AT}/portal/demo-session", headers=NAVIGATION)
    token = answer.json()["sessionToken"]
    again = (await shop.post(f"{AT}/portal/demo-session", headers=NAVIGATION)).json()
    assert again["username"] == "demo"
    me = await shop.get("/users/me", headers={"X-Parse-Session-Token": token})
    assert me.json()["username"] == "demo"
    stranger = {"Origin": "https://stranger.example"}
    assert (await shop.post(f"{AT}/portal/demo-session", headers=stranger)).status_code == 403
    master = {"X-Parse-Master-Key": MASTER_KEY}
    assert (await closed.post(f"{AT}/portal/demo-session", headers=master)).status_code == 403


# --- texts stay texts ---------------------------------------------------------------------------


async def test_descriptions_functions_and_names_of_an_app_run_nothing(
    app: MakeApp, tmp_path: Path
) -> None:
    field = {"type": "String", "description": EVIL, "defaultValue": EVIL}
    schema = {"classes": [{"className": "Note", "description": EVIL, "fields": {"title": field}}]}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    (tmp_path / "portal.md").write_text(
        f"# {EVIL}\n\n{EVIL}\n\n[a](javascript:alert(3))\n\n"
        f"## {EVIL}\n\n{EVIL}\n\n## Integration flow\n\n"
        f'1. {EVIL}: `POST /classes/Note {{"a": "{EVIL}"}}`\n'
    )
    cloud = tmp_path / "main.py"
    cloud.write_text(
        "from parsepy import Cloud\n\n\n@Cloud.function('evil')\n"
        f"async def evil(request):\n    {EVIL!r}\n\n\n@Cloud.before_save('Note')\n"
        f"async def hook(request):\n    {EVIL!r}\n"
    )
    made = await app(
        demo=True, schema=[str(tmp_path / "schema.json")], cloud=str(cloud), appName=EVIL
    )
    async with Client(made) as client:
        for path in ("/portal", "/portal/classes/Note"):
            page = await client.get(f"{AT}{path}")
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert "<img" not in page.text
            assert 'href="javascript' not in page.text
            policy = page.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "script-src 'self';" in policy
        answer = await client.get(f"{AT}/openapi.json")
        assert answer.headers["content-type"] == "application/json"


async def test_an_application_id_and_a_host_are_texts_too(app: MakeApp) -> None:
    async with Client(await app(demo=True, appId=APP_ID)) as client:
        page = await client.get(
            f"{AT}/portal", headers={"Host": "a.example;script-src 'unsafe-inline' *"}
        )
        assert "unsafe-inline" not in page.headers["content-security-policy"]
