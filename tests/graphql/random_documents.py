"""Random documents that are valid for a schema, and spoilt ones."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    is_leaf_type,
)

from parsepy.graphql.paging import cursor_of
from parsepy.graphql.schema.naming import to_global_id
from tests.graphql.recording import FILE, PRODUCTS

LEFT_OUT = frozenset(
    (
        # answered otherwise on purpose (differences.toml), or of no use at random
        *("nearSphere", "matchesRegex", "text", "options", "inQueryKey", "notInQueryKey"),
        *("maxDistance", "maxDistanceInRadians", "maxDistanceInMiles"),
        "maxDistanceInKilometers",
    )
)
ROOTS = ("find", "find", "find", "get", "node", "health", "viewer", "cloudConfig", "class")
SAFE_ROOTS = ("find", "find", "health")
TEXTS = ("product 01", "product 02", "spec", "text é", "", "x y", "2024-01-02T03:04:05.678Z")
MOMENTS = ("createdAt", "updatedAt")
NUMBERS = ("0", "3", "10", "-1", "17.5", "1e3", "2.50")
STAMPS = ("id", "objectId", "userId", "createdAt", "updatedAt")  # known by their names
CORNERS = ((0, 0), (0, 1), (1, 1.5))
MUTATIONS = ("createSample", "createSample", "updateSample", "createProduct", "createSKU")
COMPOUNDS = ("OR", "AND", "NOR")
NEVER_EMPTY = (*COMPOUNDS, "add", "remove", "createAndAdd")
SPOILS = (*"{}()[]:!$@\"'.,#aA0 \n", "...", "null", "true", "on", "fragment", "query")


class Writer:
    """Writes one document."""

    def __init__(
        self, schema: GraphQLSchema, random: Random, mutations: Sequence[str] = MUTATIONS
    ) -> None:
        self._schema = schema
        self._random = random
        self._mutations = mutations
        self._definitions: list[str] = []
        self._fragments: list[str] = []
        self._numbers = 0
        self._has_compounds = True
        self._has_last = True
        self.variables: dict[str, Any] = {}
        self.operation_name: str | None = None

    def query(self) -> str:
        """A query of one to three root fields."""
        assert self._schema.query_type is not None
        # of several root fields that fail in the database, chance decides which one is told
        count = self._random.choice((1, 1, 1, 2, 3))
        kinds = ROOTS if count == 1 else SAFE_ROOTS
        self._has_last = count == 1
        roots = [self._root(self._random.choice(kinds)) for _ in range(count)]
        if self._chance(0.05):
            roots.append("__typename")
        definitions = f"({', '.join(self._definitions)})" if self._definitions else ""
        parts = [f"query Q{definitions} {{ {' '.join(roots)} }}", *self._fragments]
        if self._chance(0.05):
            parts.insert(self._random.randrange(len(parts) + 1), "query Other { health }")
            self.operation_name = self._random.choice(("Q", "Q", "Other", "Neither", None))
        return self._random.choice((" ", " ", "\n", " # one, then {\n", ",")).join(parts)

    def mutation(self) -> str:
        """The creation of an object, or the change of one."""
        mutation = self._schema.mutation_type
        assert mutation is not None
        name = self._random.choice(self._mutations)
        field = mutation.fields[name]
        of = field.args["input"].type.of_type
        given = self._given(of.fields["fields"].type, "fields", 3)
        self._definitions.append(f"$f: {of.fields['fields'].type}")
        self.variables["f"] = given
        target = ""
        if field.extensions["operation"].kind == "update":
            object_id = "sample2" if name == "updateSample" else self._random.choice(PRODUCTS)
            target = f'id: "{object_id}", '
        selected = self._selection(field.type, 4)
        definitions = ", ".join(self._definitions)
        text = f"mutation M({definitions}) {{ {name}(input: {{{target}fields: $f}}){selected} }}"
        return " ".join([text, *self._fragments])

    def _fresh(self, letter: str) -> str:
        self._numbers += 1
        return f"{letter}{self._numbers}"

    def _chance(self, of: float) -> bool:
        return self._random.random() < of

    def _root(self, kind: str) -> str:
        query = self._schema.query_type
        assert query is not None
        names = [
            name
            for name, field in query.fields.items()
            if field.extensions["operation"].kind == kind
            and (kind != "find" or field.extensions["operation"].class_name != "_Session")
        ]
        name = self._random.choice(names or ["health"])  # a configuration may hide every class
        return self._field(query, name, 4, alias=self._fresh("r"))

    def _field(self, of: Any, name: str, levels: int, alias: str | None = None) -> str:
        field = of.fields[name]
        text = f"{alias}: {name}" if alias else name
        may_alias = name not in STAMPS and self._chance(0.1)
        if alias is None and (field.args or may_alias):
            text = f"{self._fresh('a')}: {name}"
        arguments = []
        for argument, definition in field.args.items():
            is_needed = isinstance(definition.type, GraphQLNonNull)
            if argument in LEFT_OUT or not (is_needed or self._chance(0.3)):
                continue
            if argument == "last" and not self._has_last:
                continue
            # Parse Server fails over compounds beside the condition of a relation
            self._has_compounds = of is self._schema.query_type
            arguments.append(f"{argument}: {self._argument(definition.type, argument)}")
        if arguments:
            text += f"({', '.join(arguments)})"
        text += self._directive()
        kind = field.type
        while isinstance(kind, GraphQLNonNull | GraphQLList):
            kind = kind.of_type
        if not is_leaf_type(kind):
            text += self._selection(kind, levels)
        return text

    def _directive(self) -> str:
        if not self._chance(0.06):
            return ""
        directive = self._random.choice(("include", "skip"))
        if self._chance(0.5):
            return f" @{directive}(if: {self._random.choice(('true', 'false'))})"
        name = self._fresh("v")
        self._definitions.append(f"${name}: Boolean!")
        self.variables[name] = self._chance(0.5)
        return f" @{directive}(if: ${name})"

    def _selection(self, kind: Any, levels: int) -> str:
        parts: list[str] = []
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            parts.append("__typename")
            members = list(self._schema.get_possible_types(kind))
            for member in self._random.sample(members, min(2, len(members))):
                parts.append(f"... on {member.name}{self._selection(member, levels - 1)}")
            if isinstance(kind, GraphQLInterfaceType):
                parts.append(self._random.choice(list(kind.fields)))
            return f" {{ {' '.join(parts)} }}"
        assert isinstance(kind, GraphQLObjectType)
        names = [
            name
            for name, field in kind.fields.items()
            if levels > 0 or is_leaf_type(_bare(field.type))
        ]
        if kind.name.endswith("Connection") and "edges" in kind.fields:
            names = [*names, "edges", "edges"] if levels > 0 else names
        chosen = self._random.sample(names, min(len(names), self._random.randint(1, 5)))
        for name in dict.fromkeys(chosen):
            parts.append(self._field(kind, name, levels - 1))
            if self._chance(0.06) and not kind.fields[name].args:
                parts.append(self._field(kind, name, levels - 1))  # to be merged
        if self._chance(0.1):
            parts.append("__typename")
        inner = f"{{ {' '.join(parts) or '__typename'} }}"
        if self._chance(0.08):
            name = self._fresh("F")
            self._fragments.append(f"fragment {name} on {kind.name} {inner}")
            return f" {{ ...{name}{self._directive()} {self._random.choice(('', '__typename'))} }}"
        if self._chance(0.05):
            return f" {{ ... on {kind.name}{self._directive()} {inner} }}"
        return f" {inner}"

    # --- values ---------------------------------------------------------------------------------

    def _argument(self, kind: Any, name: str) -> str:
        if self._chance(0.4):
            variable = self._fresh("v")
            definition = f"${variable}: {kind}"
            is_given = True
            if self._chance(0.1):
                definition += f" = {_literal(self._given(_nullable(kind), name, 3), kind)}"
                is_given = self._chance(0.5)
            self._definitions.append(definition)
            if is_given:
                self.variables[variable] = self._json(kind, name, 3)
            return f"${variable}"
        return _literal(self._json(kind, name, 3), kind)

    def _json(self, kind: Any, name: str, levels: int) -> Any:
        """A value of an input type as JSON."""
        if isinstance(kind, GraphQLNonNull):
            return self._given(kind.of_type, name, levels)
        if name not in NEVER_EMPTY and self._chance(0.03):
            return None
        return self._given(kind, name, levels)

    def _given(self, kind: Any, name: str, levels: int) -> Any:
        random = self._random
        if isinstance(kind, GraphQLList):
            if _bare(kind).name == "GeoPointInput":
                return [{"latitude": one, "longitude": other} for one, other in CORNERS]
            count = random.randint(1 if name in NEVER_EMPTY else 0, 2)
            return [self._json(kind.of_type, name, levels - 1) for _ in range(count)]
        if isinstance(kind, GraphQLEnumType):
            # objects that were made in one millisecond have no order by it
            names = [value for value in kind.values if not value.startswith(MOMENTS)]
            return random.choice(names or list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, levels)
        if kind.name == "Int":
            return random.choice((0, 1, 2, 3, 5, 20, -1))
        if kind.name == "Float":
            return json.loads(random.choice(NUMBERS))
        if kind.name == "Boolean":
            return self._chance(0.5)
        if kind.name == "ID":
            if name in ("add", "remove"):
                return random.choice(PRODUCTS)  # an id of no letters is refused, on purpose
            product = random.choice(PRODUCTS)
            ids = (product, to_global_id("Product", product), "nosuch1234", "NNejdVF7mJ")
            return random.choice((*ids, to_global_id("AllTypes", "NNejdVF7mJ"), "???", ""))
        if kind.name == "Date":
            return "2024-01-02T03:04:05.678Z"
        if name in ("after", "before"):
            return random.choice((cursor_of(1), cursor_of(4), "x"))
        if kind.name == "Upload":
            return None
        if kind.name == "File":
            return {"__type": "File", "name": FILE}
        if kind.name == "Bytes":
            return "aGVsbG8="
        if kind.name == "Object":
            return {"a": 1}
        if kind.name == "Any":
            return random.choice((1, "two", True, 2.5, [1], {"three": 3}))
        return random.choice(TEXTS)

    def _object(self, kind: GraphQLInputObjectType, levels: int) -> dict[str, Any]:
        if kind.name == "GeoPointInput":
            return dict(zip(("latitude", "longitude"), self._random.choice(CORNERS), strict=True))
        names = [
            name
            for name, field in kind.fields.items()
            if name not in LEFT_OUT
            and (levels > 0 or isinstance(field.type, GraphQLNonNull))
            and name not in ("ACL", "password")
            and (self._has_compounds or name not in COMPOUNDS)
        ]
        needed = [name for name in names if isinstance(kind.fields[name].type, GraphQLNonNull)]
        others = [name for name in names if name not in needed]
        chosen = self._random.sample(others, min(len(others), self._random.choice((0, 1, 1, 2))))
        if "exists" in chosen and {"geoIntersects", "geoWithin"} & {*chosen}:
            chosen.remove("exists")  # MongoDB refuses the reference's way of asking both
        return {
            name: self._json(kind.fields[name].type, name, levels - 1)
            for name in kind.fields
            if name in needed or name in chosen
        }


def _nullable(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _bare(kind: Any) -> Any:
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return kind


def _literal(value: Any, kind: Any) -> str:
    """A value as a document writes it."""
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if value is None:
        return "null"
    if isinstance(value, list):
        inner = bare.of_type if isinstance(bare, GraphQLList) else None
        return f"[{', '.join(_literal(item, inner) for item in value)}]"
    if isinstance(value, dict):
        fields = bare.fields if isinstance(bare, GraphQLInputObjectType) else {}
        members = (
            f"{name}: {_literal(item, fields[name].type if name in fields else None)}"
            for name, item in value.items()
        )
        return f"{{{', '.join(members)}}}"
    if isinstance(_bare(bare), GraphQLEnumType):
        return str(value)
    return json.dumps(value)


def document(schema: GraphQLSchema, random: Random) -> dict[str, Any]:
    """A valid request."""
    writer = Writer(schema, random)
    text = writer.query()
    request: dict[str, Any] = {"query": text, "variables": writer.variables}
    if writer.operation_name is not None:
        request["operationName"] = writer.operation_name
    return request


def change(
    schema: GraphQLSchema, random: Random, mutations: Sequence[str] = MUTATIONS
) -> dict[str, Any]:
    """A valid request that changes something, by one of these mutations."""
    writer = Writer(schema, random, mutations)
    text = writer.mutation()
    return {"query": text, "variables": writer.variables}


def spoilt(request: dict[str, Any], random: Random) -> dict[str, Any]:
    """A request whose document or variables have become another."""
    text = request["query"]
    for _ in range(random.choice((1, 1, 2))):
        place = random.randrange(len(text))
        kind = random.random()
        if kind < 0.4:
            text = text[:place] + text[place + 1 :]
        elif kind < 0.7:
            text = text[:place] + random.choice(SPOILS) + text[place:]
        else:
            text = _with_another_word(text, random)
    variables = dict(request["variables"])
    if variables and random.random() < 0.4:
        name = random.choice(list(variables))
        variables[name] = random.choice((None, 1, "x", True, [], {}, {"nope": 1}, 2.5, [None]))
    return {**request, "query": text, "variables": variables}


def _with_another_word(text: str, random: Random) -> str:
    words: Sequence[str] = text.replace("{", " ").replace("}", " ").split()
    one, other = random.choice(words), random.choice(words)
    return text.replace(one, other, 1)
