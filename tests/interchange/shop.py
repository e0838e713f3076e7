"""The shop that is written through one server's API: every data type, accounts, roles, schemas."""

from dataclasses import dataclass, field
from typing import Any

from tests.interchange.servers import Server

MASTER = "master"
PHONE = "0f1e2d3c-phone"
TABLET = "0f1e2d3c-tablet"
PASSWORDS = {
    "anna": "anna's secret",
    "bert": "bert's new sécret",
    "cora": "cora's secret",
    "visitor": "Vera's",
}

NUMBERS = {
    "zero": 0,
    "negative": -7,
    "five_point_zero": 5.0,
    "negative_zero": -0.0,
    "fraction": 19.99,
    "tiny": 1e-7,
    "largest_int32": 2147483647,
    "smallest_int32": -2147483648,
    "over_int32": 2147483648,
    "under_int32": -2147483649,
    "long": 12345678901,
    "largest_exact": 9007199254740991,
    "integral_double": 4e9,
    "huge": 1e21,
}
DATES = {
    "usual": "2024-02-29T12:30:45.678Z",
    "no_milliseconds": "2024-02-29T12:30:45Z",
    "day_only": "2020-01-02",
    "before_1970": "1901-02-03T04:05:06.007Z",
    "last": "9999-12-31T23:59:59.999Z",
    "offset": "2024-07-01T12:00:00.000+02:00",
}


def date(iso: str) -> dict[str, str]:
    return {"__type": "Date", "iso": iso}


def pointer(class_name: str, object_id: str) -> dict[str, str]:
    return {"__type": "Pointer", "className": class_name, "objectId": object_id}


def geo(latitude: float, longitude: float) -> dict[str, Any]:
    return {"__type": "GeoPoint", "latitude": latitude, "longitude": longitude}


def file(name: str) -> dict[str, str]:
    return {"__type": "File", "name": name, "url": f"http://elsewhere.test/files/{name}"}


def polygon(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"__type": "Polygon", "coordinates": [list(corner) for corner in corners]}


def op(name: str, **details: Any) -> dict[str, Any]:
    return {"__op": name, **details}


PRODUCT_SCHEMA: dict[str, Any] = {
    "className": "Product",
    "fields": {
        "name": {"type": "String", "required": True},
        "price": {"type": "Number", "required": True, "defaultValue": 0.5},
        "stock": {"type": "Number", "defaultValue": 100},
        "visible": {"type": "Boolean", "defaultValue": True},
        "tags": {"type": "Array", "defaultValue": ["new", 1, {"deep": None}]},
        "attributes": {"type": "Object", "defaultValue": {"colour": "red", "sizes": [1, 2.5]}},
        "launched": {"type": "Date", "defaultValue": date("2024-01-02T03:04:05.006Z")},
        "owner": {"type": "Pointer", "targetClass": "_User"},
        "cost": {"type": "Number"},
        "similar": {"type": "Relation", "targetClass": "Product"},
        "obsolete": {"type": "String", "required": False},
    },
    "classLevelPermissions": {
        "find": {"*": True},
        "get": {"*": True},
        "count": {"requiresAuthentication": True},
        "create": {"requiresAuthentication": True},
        "update": {"role:Staff": True, "pointerFields": ["owner"]},
        "delete": {"role:Admins": True},
        "addField": {},
        "protectedFields": {"*": ["cost"], "userField:owner": [], "role:Staff": []},
    },
    "indexes": {"by_price": {"price": 1, "name": -1}, "by_owner": {"_p_owner": 1}},
}
PLACE_SCHEMA: dict[str, Any] = {
    "className": "Place",
    "fields": {
        "text": {"type": "String"},
        "number": {"type": "Number"},
        "flag": {"type": "Boolean"},
        "moment": {"type": "Date"},
        "things": {"type": "Object"},
        "list": {"type": "Array"},
        "where": {"type": "GeoPoint"},
        "area": {"type": "Polygon"},
        "raw": {"type": "Bytes"},
        "picture": {"type": "File"},
        "keeper": {"type": "Pointer", "targetClass": "_User"},
        "goods": {"type": "Relation", "targetClass": "Product"},
    },
}


@dataclass(slots=True)
class Shop:
    """What a server was made to write: the ids and session tokens it gave, by our names."""

    server: Server
    ids: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    # Other random strings that a server chose, by our names.
    chosen: dict[str, str] = field(default_factory=dict)

    async def create(self, name: str, path: str, body: Any, **more: Any) -> None:
        answer = await self.server.done("POST", path, body, **more)
        self.ids[name] = answer["objectId"]

    async def sign_up(self, name: str, body: Any, **more: Any) -> None:
        answer = await self.server.done("POST", "/users", body, **more)
        self.ids[name], self.tokens[name] = answer["objectId"], answer["sessionToken"]
        if "username" in answer:
            self.chosen[f"username of {name}"] = answer["username"]

    def to(self, class_name: str, name: str) -> dict[str, str]:
        return pointer(class_name, self.ids[name])

    def user(self, name: str) -> dict[str, str]:
        return self.to("_User", name)


async def write(server: Server) -> Shop:
    """Fill the server's empty database; the same requests in the same order, whoever serves."""
    shop = Shop(server)
    for chapter in (schemas, accounts, roles, products, every_type, orders, changes, sessions):
        await chapter(shop)
    return shop


async def schemas(shop: Shop) -> None:
    """Classes made by the schema API."""
    done = shop.server.done
    await done("POST", "/schemas/Product", PRODUCT_SCHEMA, who=MASTER)
    await done("POST", "/schemas", PLACE_SCHEMA, who=MASTER)
    await done("POST", "/schemas/Bare", {"className": "Bare"}, who=MASTER)
    await done(
        "PUT",
        "/schemas/Bare",
        {"fields": {"fans": {"type": "Relation", "targetClass": "_User"}, "old": {"type": "Date"}}},
        who=MASTER,
    )
    await done("POST", "/schemas/Forgotten", {"fields": {"a": {"type": "String"}}}, who=MASTER)
    await done("DELETE", "/schemas/Forgotten", who=MASTER)


async def accounts(shop: Shop) -> None:
    """People: with e-mail and own columns, anonymous, made by the master key, with an own ACL."""
    await shop.sign_up(
        "anna",
        {
            "username": "Anna",
            "password": PASSWORDS["anna"],
            "email": "Anna@shop.test",
            "address": {"street": "Main St 1", "since": date("2019-05-06T07:08:09.010Z")},
            "role": "owner",
            "points": 12,
        },
        installation=PHONE,
    )
    await shop.sign_up("bert", {"username": "bert", "password": "bert's old secret"})
    await shop.sign_up("guest", {"authData": {"anonymous": {"id": "0c5c-anonymous"}}})
    await shop.create(
        "cora",
        "/users",
        {
            "username": "cora",
            "password": PASSWORDS["cora"],
            "email": "cora@shop.test",
            "ACL": {"*": {"read": True}},
        },
        who=MASTER,
    )


async def roles(shop: Shop) -> None:
    """Anna is an administrator; administrators are staff; Bert is staff."""
    await shop.create(
        "Admins",
        "/roles",
        {
            "name": "Admins",
            "ACL": {"*": {"read": True}, "role:Admins": {"read": True, "write": True}},
            "users": op("AddRelation", objects=[shop.user("anna")]),
        },
        who=MASTER,
    )
    await shop.create(
        "Staff",
        "/roles",
        {
            "name": "Staff",
            "ACL": {},
            "users": op("AddRelation", objects=[shop.user("bert"), shop.user("cora")]),
            "roles": op("AddRelation", objects=[shop.to("_Role", "Admins")]),
        },
        who=MASTER,
    )
    await shop.server.done(
        "PUT",
        f"/roles/{shop.ids['Staff']}",
        {"users": op("RemoveRelation", objects=[shop.user("cora")])},
        who=MASTER,
    )


async def products(shop: Shop) -> None:
    """Objects of a class that has defaults, required columns and class-level permissions."""
    anna, bert = shop.tokens["anna"], shop.tokens["bert"]
    await shop.create("mug", "/classes/Product", {"name": "Mug", "price": 12}, who=anna)
    await shop.create(
        "lamp",
        "/classes/Product",
        {
            "name": "Lämpchen 🪔",
            "price": 49.9,
            "stock": 3,
            "visible": False,
            "tags": [],
            "attributes": {},
            "owner": shop.user("bert"),
            "cost": 21,
            "ACL": {
                "*": {"read": True},
                shop.ids["bert"]: {"read": True, "write": True},
                "role:Staff": {"write": True},
            },
        },
        who=bert,
    )
    await shop.create(
        "chair",
        "/classes/Product",
        {"name": "Chair", "price": 80, "obsolete": "soon", "owner": shop.user("anna"), "cost": 30},
        who=anna,
    )


async def every_type(shop: Shop) -> None:
    """Each data type at the top of an object and inside objects and arrays."""
    nested = {
        "text": "deep",
        "moment": date(DATES["usual"]),
        "product": shop.to("Product", "mug"),
        "where": geo(1.5, -2),
        "picture": file("deep.png"),
        "area": polygon((0, 0), (0, 1), (1, 1)),
        "numbers": NUMBERS,
        "nothing": None,
        "flag": False,
        "list": [date(DATES["before_1970"]), [1, [2.5, [None]]], {"when": date(DATES["last"])}],
        "größe 尺寸": {"": "empty key", "type": "Polygon", "_id": "no id", "length": 3},
    }
    await shop.create(
        "market",
        "/classes/Place",
        {
            "text": 'Märkt\n\t"quoted" \u2028 2024-01-01T00:00:00.000Z $where 🛒',
            "number": 42,
            "flag": True,
            "moment": date(DATES["usual"]),
            "things": nested,
            "list": ["a", 1, 2.5, True, None, [], {}, *nested.values()],
            "where": geo(52.520008, 13.404954),
            "area": polygon((0, 0), (0, 10.5), (10.5, 10), (10, 0)),
            "raw": {"__type": "Bytes", "base64": "AAECAwT/"},
            "picture": file("0123456789abcdef_market place (1).png"),
            "keeper": shop.user("bert"),
            "goods": op("AddRelation", objects=[shop.to("Product", "mug")]),
        },
    )
    await shop.create("empty", "/classes/Place", {})
    # Parse Server cannot read a polygon that is null: it answers 500.
    nothing: dict[str, Any] = dict.fromkeys(PLACE_SCHEMA["fields"].keys() - {"area"})
    await shop.create("nothing", "/classes/Place", nothing)
    await shop.create(
        "edges",
        "/classes/Place",
        {
            "text": "",
            "number": -0.5,
            "things": {},
            "list": [],
            "where": geo(-90, 180),
            # Closed already, so nothing is to be added.
            "area": polygon((0, 0), (0, 1), (1, 1), (0, 0)),
            "raw": {"__type": "Bytes", "base64": "aGVsbG8gd29ybGQ="},
            "picture": {"__type": "File", "name": "plain.txt"},
            "keeper": pointer("_User", "nobodyHere"),
        },
    )
    # Classes and columns learned from what is saved.
    await shop.create("numbers", "/classes/Figures", {"kind": "numbers", **NUMBERS})
    await shop.create(
        "dates", "/classes/Figures", {"kind": "dates", **{k: date(v) for k, v in DATES.items()}}
    )
    await shop.create(
        "mixed",
        "/classes/Learned",
        {
            "text": "learned",
            "yes": True,
            "amount": 7,
            "since": date("2001-02-03T04:05:06.070Z"),
            "options": {"a": {"b": {"c": 1}}},
            "queue": [1, "2", shop.to("Product", "lamp")],
            "spot": geo(10, 20),
            "zone": polygon((0, 0), (0, 5), (5, 5)),
            "blob": {"__type": "Bytes", "base64": "3q2+7w=="},
            "manual": file("manual.pdf"),
            "product": shop.to("Product", "chair"),
            "fans": op("AddRelation", objects=[shop.user("anna"), shop.user("bert")]),
            "unknown": None,
            "under_score_": "x",
            "count": op("Increment", amount=3),
            "added": op("Add", objects=["x", "x"]),
            "unique": op("AddUnique", objects=[1, 2]),
        },
    )


async def orders(shop: Shop) -> None:
    """Orders of people, with every kind of ACL, pointers to include, and relations."""
    anna, bert = shop.tokens["anna"], shop.tokens["bert"]
    mug, lamp = shop.to("Product", "mug"), shop.to("Product", "lamp")
    own = {shop.ids["anna"]: {"read": True, "write": True}}
    await shop.create(
        "of anna",
        "/classes/Order",
        {
            "customer": shop.user("anna"),
            "products": [mug, lamp, pointer("Product", "goneForEver")],
            "lines": [{"product": mug, "count": 2}, {"product": lamp, "count": 1}],
            "main": lamp,
            "total": 73.9,
            "status": "open",
            "history": op("AddRelation", objects=[mug, lamp]),
            "ACL": own,
        },
        who=anna,
    )
    for name, acl in {
        "public": {"*": {"read": True, "write": True}},
        "master only": {},
        "for staff": {"role:Staff": {"read": True}, shop.ids["bert"]: {"write": True}},
        "with false flags": {
            "*": {"read": False},
            shop.ids["bert"]: {"read": True, "write": False},
        },
    }.items():
        await shop.create(
            name,
            "/classes/Order",
            {"customer": shop.user("bert"), "main": mug, "total": 12, "status": name, "ACL": acl},
            who=bert,
        )
    await shop.create("without ACL", "/classes/Order", {"main": None, "total": 0}, who=bert)
    doomed = {"status": "doomed", "history": op("AddRelation", objects=[mug])}
    await shop.create("doomed", "/classes/Order", doomed)
    await shop.server.done("DELETE", f"/classes/Order/{shop.ids['doomed']}")


async def changes(shop: Shop) -> None:
    """Updates: each operation, dotted keys, ACLs, schemas, batches."""
    done, anna, bert = shop.server.done, shop.tokens["anna"], shop.tokens["bert"]
    await done(
        "PUT",
        f"/classes/Learned/{shop.ids['mixed']}",
        {
            "text": op("Delete"),
            "amount": op("Increment", amount=-2),
            "queue": op("Remove", objects=["2"]),
            "added": op("Add", objects=[date(DATES["usual"]), {"a": 1.5}]),
            "unique": op("AddUnique", objects=[2, 3, shop.to("Product", "mug")]),
            "options.a.d": "dotted",
            "options.a.b.c": op("Increment", amount=1),
            "options.when": date(DATES["offset"]),
            "since": date("2002-02-03T04:05:06.070Z"),
            "spot": geo(-10.25, 20),
            "product": op("Delete"),
            "fans": op(
                "Batch",
                ops=[
                    op("AddRelation", objects=[shop.user("cora"), shop.user("anna")]),
                    op("RemoveRelation", objects=[shop.user("bert")]),
                ],
            ),
        },
    )
    figures = f"/classes/Figures/{shop.ids['numbers']}"
    await done("PUT", figures, {"zero": op("Increment", amount=0.25)})
    await done("PUT", figures, {"largest_int32": op("Increment", amount=1)})
    await done("PUT", figures, {"made": op("Increment", amount=5)})
    await done("PUT", figures, {"integral_double": op("Increment", amount=1)})
    lamp = f"/classes/Product/{shop.ids['lamp']}"
    await done("PUT", lamp, {"stock": op("Increment", amount=-1)}, who=anna)
    await done(
        "PUT",
        lamp,
        {"similar": op("AddRelation", objects=[shop.to("Product", "mug")]), "launched": None},
        who=bert,
    )
    await done(
        "PUT",
        f"/classes/Order/{shop.ids['public']}",
        {"ACL": {shop.ids["anna"]: {"read": True}}, "main": shop.to("Product", "chair")},
    )
    nobody = {"main": None, "total": None, "customer": None, "status": op("Delete")}
    await done("PUT", f"/classes/Order/{shop.ids['with false flags']}", nobody, who=MASTER)
    await done("PUT", f"/classes/Order/{shop.ids['without ACL']}", {"ACL": op("Delete")})
    await shop.create(
        "liked",
        "/classes/Bare",
        {"old": date("2020-01-02"), "fans": op("AddRelation", objects=[shop.user("anna")])},
    )
    await done(
        "PUT",
        "/schemas/Bare",
        {"fields": {"fans": op("Delete"), "old": op("Delete"), "area": {"type": "Polygon"}}},
        who=MASTER,
    )
    await shop.create("gone", "/classes/Purged", {"n": 1})
    await done("DELETE", "/purge/Purged", who=MASTER)
    await done(
        "PUT",
        "/schemas/Purged",
        {"classLevelPermissions": {}, "fields": {"m": {"type": "Number", "defaultValue": 0}}},
        who=MASTER,
    )
    await done(
        "PUT",
        "/schemas/Product",
        {
            "className": "Product",
            "fields": {
                "obsolete": op("Delete"),
                "weight": {"type": "Number", "required": False, "defaultValue": 1.25},
                "stock": {"type": "Number", "required": True},
                "maker": {"type": "Pointer", "targetClass": "Maker"},
            },
            "indexes": {"by_owner": op("Delete"), "by_stock": {"stock": -1}},
        },
        who=MASTER,
    )
    await done(
        "PUT",
        "/schemas/Place",
        {
            "className": "Place",
            "classLevelPermissions": {
                "get": {"*": True},
                "find": {"requiresAuthentication": True, shop.ids["anna"]: True},
                "readUserFields": ["keeper"],
                "ACL": {"*": {"read": True}, "currentUser": {"read": True, "write": True}},
            },
            "indexes": {"by_text": {"text": 1}},
        },
        who=MASTER,
    )
    batch = [
        {
            "method": "POST",
            "path": "/parse/classes/Bare",
            "body": {"n": 1, "when": date("2020-01-02")},
        },
        {"method": "PUT", "path": f"/parse{lamp}", "body": {"price": 49.5}},
    ]
    answers = await done("POST", "/batch", {"requests": batch}, who=bert)
    shop.ids["in a batch"] = answers[0]["success"]["objectId"]


async def sessions(shop: Shop) -> None:
    """Sessions of every origin, installations, and changed accounts."""
    done, anna = shop.server.done, shop.tokens["anna"]
    credentials = {"username": "Anna", "password": PASSWORDS["anna"]}
    login = await done("POST", "/login", credentials, installation=TABLET)
    shop.tokens["anna's tablet"] = login["sessionToken"]
    login = await done("POST", "/login", {**credentials, "email": "Anna@shop.test"})
    shop.tokens["logged out"] = login["sessionToken"]
    await done("POST", "/logout", {}, who=shop.tokens["logged out"])
    login = await done("POST", "/loginAs", {"userId": shop.ids["bert"]}, who=MASTER)
    shop.tokens["revoked"] = login["sessionToken"]
    bert = await done(
        "PUT",
        f"/users/{shop.ids['bert']}",
        {"password": PASSWORDS["bert"], "email": "bert@shop.test", "points": 1.5},
        who=shop.tokens["bert"],
    )
    shop.tokens["bert"] = bert["sessionToken"]
    login = await done("POST", "/loginAs", {"userId": shop.ids["cora"]}, who=MASTER)
    shop.tokens["cora"] = login["sessionToken"]
    login = await done("POST", "/login", credentials, who=MASTER)
    shop.tokens["anna, logged in by master"] = login["sessionToken"]
    await leaving_and_upgrading(shop)
    restricted = await done("POST", "/sessions", {"purpose": "printing"}, who=anna)
    shop.ids["restricted session"] = restricted["objectId"]
    shop.tokens["restricted session"] = restricted["sessionToken"]
    await shop.create(
        "phone",
        "/installations",
        {
            "deviceType": "ios",
            "installationId": PHONE,
            "deviceToken": "AB" * 32,
            "channels": ["offers", "news"],
            "badge": 0,
            "timeZone": "Europe/Berlin",
            "appVersion": "1.0",
            "user": shop.user("anna"),
        },
        who=anna,
    )
    await done(
        "PUT",
        f"/installations/{shop.ids['phone']}",
        {"channels": op("AddUnique", objects=["lamps"]), "badge": op("Increment", amount=1)},
        who=anna,
    )
    await shop.create("tablet", "/installations", {"deviceType": "android"}, installation=TABLET)
    await shop.create("radio", "/installations", {"deviceType": "other", "deviceToken": "radio"})
    # A device that had no installation yet: the old row is updated.
    named = {"deviceType": "other", "deviceToken": "radio", "installationId": "Old-Radio"}
    await done("POST", "/installations", named)
    # The same device under a new installation: the old row goes.
    moved = {**named, "installationId": "New-Radio"}
    await shop.create("new radio", "/installations", moved)
    # The same installation once more: it is updated.
    again = {"deviceType": "other", "installationId": "new-radio", "badge": 2}
    await done("POST", "/installations", again)
    await done(
        "PUT",
        f"/sessions/{shop.ids['restricted session']}",
        {"purpose": "scanning", "copies": 2},
        who=anna,
    )


async def leaving_and_upgrading(shop: Shop) -> None:
    """Somebody closes her account; a guest chooses a name; one who drops an anonymous login."""
    done = shop.server.done
    await shop.sign_up(
        "zoe", {"username": "zoe", "password": "zoe's secret", "email": "zoe@shop.test"}
    )
    staff = {"users": op("AddRelation", objects=[shop.user("zoe")])}
    await done("PUT", f"/roles/{shop.ids['Staff']}", staff, who=MASTER)
    await done("DELETE", f"/users/{shop.ids['zoe']}", who=shop.tokens["zoe"])
    await shop.sign_up("visitor", {"authData": {"anonymous": {"id": "11ee-anonymous"}}})
    await done(
        "PUT",
        f"/users/{shop.ids['visitor']}",
        {"username": "Vera", "password": PASSWORDS["visitor"], "email": "vera@shop.test"},
        who=shop.tokens["visitor"],
    )
    login = await done("POST", "/login", {"username": "Vera", "password": PASSWORDS["visitor"]})
    shop.tokens["visitor with a name"] = login["sessionToken"]
    named = {
        "username": "wim",
        "password": "wim's secret",
        "authData": {"anonymous": {"id": "22ff-anonymous"}},
    }
    await shop.sign_up("wim", named)
    await done(
        "PUT",
        f"/users/{shop.ids['wim']}",
        {"authData": {"anonymous": None}, "email": op("Delete"), "nickname": None},
        who=shop.tokens["wim"],
    )
