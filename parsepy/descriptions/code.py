"""Code for one class in several technologies: a query, a new object, a live query."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from parsepy.descriptions.dictionary import ClassEntry, ColumnEntry

TECHNOLOGIES = ("JavaScript", "REST", "GraphQL", "Flutter", "Swift", "Kotlin", "PHP", "C#")
"""Those that code is written in. React, Vue, Angular, Next.js use JavaScript's."""
_SAMPLES: Mapping[str, Any] = {
    "String": "text",
    "Number": 1,
    "Boolean": True,
    "Array": [],
    "Object": {},
}
_MOST = 3
_NAMED = re.compile(
    r"""/classes/(\w+)|\b(?:Query|(?:Parse)?Object|[gG]etQuery(?:<ParseObject>)?)\(\s*["'](\w+)|\b([A-Z]\w*)\.query\("""
    r"""|\{\s*(\w+)\(first:"""
)


@dataclass(frozen=True, slots=True)
class Snippets:
    """The three texts of a technology; ``live`` is empty where the class is not live."""

    query: str
    create: str
    live: str = ""


@dataclass(frozen=True, slots=True)
class _Class:
    name: str
    stored: str
    values: Mapping[str, Any]
    url: str
    app_id: str


def snippets(entry: ClassEntry, url: str, app_id: str, *, is_live: bool) -> dict[str, Snippets]:
    """Write the code for a class by technology, for the server at ``url``."""
    about = _Class(entry.title, entry.name, _values(entry.columns), url, app_id)
    made = {}
    for name, write in zip(TECHNOLOGIES, _WRITERS, strict=True):
        texts = write(about)
        made[name] = texts if is_live else Snippets(texts.query, texts.create)
    return made


def _values(columns: tuple[ColumnEntry, ...]) -> dict[str, Any]:
    """Make values for the columns that a new object needs, else for some."""
    plain = [c for c in columns if c.type in _SAMPLES and c.name not in ("objectId",)]
    needed = [c for c in plain if c.required] or plain
    return {column.name: _SAMPLES[column.type] for column in needed[:_MOST]}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _javascript(about: _Class) -> Snippets:
    target = "Parse.User" if about.stored != about.name else _json(about.name)
    sets = "".join(f"  {key}: {_json(value)},\n" for key, value in about.values.items())
    new = f"new Parse.Object({_json(about.stored)})"
    return Snippets(
        f"const found = await new Parse.Query({target}).limit(10).find();",
        f"const object = {new};\nawait object.save({{\n{sets}}});",
        f"const subscription = await new Parse.Query({target}).subscribe();\n"
        'subscription.on("update", (object) => console.log(object.toJSON()));',
    )


def _rest(about: _Class) -> Snippets:
    path = f"/classes/{about.stored}"
    head = f"-H 'X-Parse-Application-Id: {about.app_id}'"
    body = _json(about.values).replace("'", "'\\''")
    socket = "ws" + about.url.removeprefix("http")
    return Snippets(
        f"curl {head} '{about.url}{path}?limit=10'",
        f"curl -X POST {head} \\\n  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}' '{about.url}{path}'",
        f"websocat {socket}\n"
        f'{{"op": "connect", "applicationId": "{about.app_id}"}}\n'
        f'{{"op": "subscribe", "requestId": 1, "query": '
        f'{{"className": "{about.stored}", "where": {{}}}}}}',
    )


@cache
def _plural(name: str) -> str:
    from pluralizer import Pluralizer

    return str(Pluralizer().pluralize(name))  # type: ignore[no-untyped-call]  # has no types


def _graphql(about: _Class) -> Snippets:
    one = about.name[:1].lower() + about.name[1:]
    type_name = about.name[:1].upper() + about.name[1:]
    fields = " ".join(["objectId", *about.values])
    inputs = ", ".join(f"{key}: {_json(value)}" for key, value in about.values.items())
    return Snippets(
        f"query {{\n  {_plural(one)}(first: 10) {{ edges {{ node {{ {fields} }} }} }}\n}}",
        f"mutation {{\n  create{type_name}(input: {{ fields: {{ {inputs} }} }}) {{\n"
        f"    {one} {{ objectId }}\n  }}\n}}",
        f"subscription {{\n  {one} {{ event node {{ {fields} }} }}\n}}",
    )


def _flutter(about: _Class) -> Snippets:
    sets = "".join(f"\n  ..set('{key}', {_json(value)})" for key, value in about.values.items())
    made = f"ParseObject('{about.stored}')"
    query = f"QueryBuilder<ParseObject>({made})..setLimit(10)"
    return Snippets(
        f"final query = {query};\nfinal answer = await query.query();",
        f"final object = {made}{sets};\nawait object.save();",
        f"final subscription = await LiveQuery().client.subscribe(\n    {query});\n"
        "subscription.on(LiveQueryEvent.update, (object) => print(object));",
    )


def _swift(about: _Class) -> Snippets:
    sets = "".join(f"object.{key} = {_json(value)}\n" for key, value in about.values.items())
    return Snippets(
        f"let found = try await {about.name}.query().limit(10).find()",
        f"var object = {about.name}()\n{sets}let saved = try await object.save()",
        f"let subscription = try await {about.name}.query().subscribeCallback()\n"
        "subscription?.handleEvent { _, event in print(event) }",
    )


def _kotlin(about: _Class) -> Snippets:
    sets = "".join(f'item.put("{key}", {_json(value)})\n' for key, value in about.values.items())
    query = f'ParseQuery.getQuery<ParseObject>("{about.stored}")'
    return Snippets(
        f"{query}.setLimit(10)\n    .findInBackground {{ found, error -> }}",
        f'val item = ParseObject("{about.stored}")\n{sets}item.saveInBackground()',
        f"ParseLiveQueryClient.Factory.getClient()\n    .subscribe({query})\n"
        "    .handleEvent(SubscriptionHandling.Event.UPDATE) { _, item -> }",
    )


def _php(about: _Class) -> Snippets:
    sets = "".join(
        f'$object->setArray("{key}", []);\n'
        if value == []
        else f'$object->set("{key}", {_json(value)});\n'
        for key, value in about.values.items()
    )
    return Snippets(
        f'$query = new ParseQuery("{about.stored}");\n$query->limit(10);\n$found = $query->find();',
        f'$object = new ParseObject("{about.stored}");\n{sets}$object->save();',
        "// PHP answers requests: follow live from a client, or use an after-save hook.",
    )


def _csharp(about: _Class) -> Snippets:
    sets = "".join(f'item["{key}"] = {_json(value)};\n' for key, value in about.values.items())
    query = f'client.GetQuery("{about.stored}")'
    return Snippets(
        f"var found = await {query}.Limit(10).FindAsync();",
        f'var item = client.CreateObject("{about.stored}");\n{sets}await item.SaveAsync();',
        "// The .NET SDK 1.7 has no Live Query; use a websocket, as REST shows it.",
    )


_WRITERS: tuple[Callable[[_Class], Snippets], ...] = (
    _javascript,
    _rest,
    _graphql,
    _flutter,
    _swift,
    _kotlin,
    _php,
    _csharp,
)


def names_only(code: str, entries: Iterable[ClassEntry]) -> bool:
    """Are the classes that requests in a text name all among these, in whatever language?"""
    titles = {name for entry in entries for name in (entry.name, entry.title)}
    known = titles | {_plural(one[:1].lower() + one[1:]) for one in titles}
    return all(name in known for found in _NAMED.findall(code) for name in found if name)


def first_request(
    entries: tuple[ClassEntry, ...], url: str, app_id: str, key: str = "", path: str = ""
) -> str:
    """Write a curl command that anybody can try.

    ``path`` is asked if given, else a class that is public, else the health.
    """
    head = f"curl -H 'X-Parse-Application-Id: {app_id}' {key}".rstrip()
    if path:
        return f"{head} \\\n  '{url}{path}'"
    for entry in entries:
        rights = (entry.json.get("classLevelPermissions") or {}).get("find") or {}
        if "*" in rights and entry.name[:1] != "_":
            return f"{head} \\\n  '{url}/classes/{entry.name}?limit=3'"
    return f"{head} \\\n  '{url}/health'"


def origin_of(url: str) -> str:
    """Return scheme and host of an address, beside whose path GraphQL lies."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
