"""Made-up classes and configurations of GraphQL, with the names that are traps."""

from typing import Any

from hypothesis import strategies as st

from parsepy.model.values import JSONObject

CLASS_NAMES = (
    # plain ones; two that differ in case only; digits and underscores
    *("Product", "product", "Category", "Order2", "shop_Item", "A", "Zebra__x"),
    # plurals: equal to the singular, irregular, and those of each other
    *("Sheep", "News", "Series", "Child", "Children", "Person", "People", "Status", "Bus", "Axis"),
    *("Data", "Datum", "SKU", "Cactus", "Box", "Quiz", "Wolf", "Hero", "Analysis", "Money"),
    # names of the API itself, and of JavaScript's objects
    *("Viewer", "Query", "Mutation", "Class", "Classes", "File", "Element", "Node", "Health"),
    *(
        "PageInfo",
        "Object",
        "Date",
        "String",
        "CloudConfigs",
        "Int",
        "Constructor",
        "ToString",
        "User",
    ),
    *("User", "Role", "ACL", "Function", "Health_", "SchemaFieldInput", "GeoPoint", "ArrayResult"),
    # names that types of other classes would have
    *("FooConnection", "ProductConnection", "ProductOrder", "ProductEdge", "ProductWhereInput"),
    *("CreateProductInput", "UpdateProductPayload", "ProductRelationInput", "ProductPointerInput"),
    # the system's
    *("_Installation", "_Session", "_Product"),
)
FIELD_NAMES = (
    *("name", "price", "Upper", "a1", "snake_case", "OR", "AND", "NOR", "node", "edges", "count"),
    *("constructor", "toString", "clientMutationId", "type", "where", "class", "query", "value"),
    *("trueish", "x_", "zz", "Aa", "aA", "link", "order", "password", "authDataResponse"),
)
PLAIN = ("String", "Number", "Boolean", "Date", "Object", "Array", "File", "Bytes", "Polygon")
DEFAULTS: dict[str, Any] = {
    "String": "x",
    "Number": 3,
    "Boolean": False,
    "Array": [1],
    "Object": {},
}


@st.composite
def columns(draw: st.DrawFn, targets: list[str]) -> JSONObject:
    """A column as the schema API takes it."""
    kind = draw(st.sampled_from((*PLAIN, "Pointer", "Relation")))
    made: JSONObject = {"type": kind}
    if kind in ("Pointer", "Relation"):
        made["targetClass"] = draw(st.sampled_from([*targets, "_User", "_Role", "Ghost"]))
    if kind != "Relation" and draw(st.booleans()):
        made["required"] = draw(st.booleans())
        if kind in DEFAULTS and draw(st.booleans()):
            made["defaultValue"] = DEFAULTS[kind]
    return made


@st.composite
def definitions(draw: st.DrawFn) -> list[JSONObject]:
    """Classes as the schema API takes them."""
    names = draw(st.lists(st.sampled_from(CLASS_NAMES), unique=True, min_size=1, max_size=6))
    made = []
    for name in names:
        fields = draw(st.dictionaries(st.sampled_from(FIELD_NAMES), columns(names), max_size=5))
        if draw(st.booleans()):  # a class may have one
            fields["place"] = {"type": "GeoPoint"}
        made.append({"className": name, "fields": fields})
    return made


def _maybe(draw: st.DrawFn, made: JSONObject, name: str, values: st.SearchStrategy[Any]) -> None:
    if draw(st.integers(0, 3)) == 0:
        made[name] = draw(values)


@st.composite
def class_configs(draw: st.DrawFn, name: str) -> JSONObject:
    """What a configuration says of one class."""
    fields = st.lists(st.sampled_from([*FIELD_NAMES, "objectId", "id"]), unique=True, max_size=6)
    shown: JSONObject = {}
    inputs: JSONObject = {}
    if name != "_User":  # its sign-up must have two of them
        _maybe(draw, inputs, "create", fields)
    _maybe(draw, inputs, "update", fields)
    _maybe(draw, shown, "inputFields", st.just(inputs))
    _maybe(draw, shown, "outputFields", fields)
    _maybe(draw, shown, "constraintFields", fields)
    sorts = fields.map(lambda names: [{"field": f, "asc": True, "desc": f < "n"} for f in names])
    _maybe(draw, shown, "sortFields", sorts)
    made: JSONObject = {"className": name}
    _maybe(draw, made, "type", st.just(shown))
    for part, flag_names in (
        ("query", ("get", "find")),
        ("mutation", ("create", "update", "destroy")),
    ):
        flags: JSONObject = {}
        for flag in flag_names:
            _maybe(draw, flags, flag, st.booleans())
            aliases = st.sampled_from(("mine", "health", "logIn", "products", "createProduct"))
            _maybe(draw, flags, f"{flag}Alias", aliases)
        _maybe(draw, made, part, st.just(flags))
    return made


@st.composite
def configs(draw: st.DrawFn, names: list[str]) -> JSONObject:
    """A configuration of GraphQL for these classes."""
    # Parse Server remembers that users were not shown until a configuration lists classes again.
    made: JSONObject = {"disabledForClasses": []}
    some = st.lists(st.sampled_from([*names, "_User", "_Role"]), unique=True)
    _maybe(draw, made, "enabledForClasses", some)
    _maybe(draw, made, "disabledForClasses", some)
    chosen = draw(some)
    made["classConfigs"] = [draw(class_configs(name)) for name in chosen]
    return made


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[JSONObject], JSONObject]:
    """Classes, and a configuration that hides nothing in half of the cases."""
    made = draw(definitions())
    names = [item["className"] for item in made]
    return made, draw(st.one_of(st.just({"disabledForClasses": []}), configs(names)))
