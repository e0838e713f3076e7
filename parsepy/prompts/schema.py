"""From a prompt to a schema template: fields, permissions, default ACLs, indexes, live classes.

The rules, each by what the prompt says (docs/prompts.md tells them to authors):

* a class of people (who have a profile), and one with a required pointer to people or to what is
  personal, is *personal*: who is signed in makes objects, and each belongs to who made it;
* one that may point to people or to what is personal is *internal*: staff read and write it, and
  the roles that Security names;
* every other class is of the *catalogue*: staff write it and anyone reads it, unless clients
  *apply* it by a code (Behavior): then nobody but staff reads it;
* what Security says of roles, of anyone and of signed-in users changes these;
* the first pointer of a class, and the code of what is applied, have an index;
* public classes, and personal ones with a status, can be followed by Live Query.
"""

import json
from enum import Enum
from typing import Any

from parsepy.model.values import JSONObject
from parsepy.prompts.records import Prompt, PromptClass

_READS = ("find", "get", "count")
_WRITES = ("create", "update", "delete")


class Ownership(Enum):
    """Whose the objects of a class are."""

    PERSONAL = "personal"
    INTERNAL = "internal"
    CATALOGUE = "catalogue"
    HIDDEN = "hidden"


def kind_of(prompt: Prompt, one: PromptClass) -> Ownership:
    """Whose the objects of a class are, by the rules above."""
    personal = personal_classes(prompt)
    if one.name in personal:
        return Ownership.PERSONAL
    if one.name in prompt.hidden:
        return Ownership.HIDDEN
    return (
        Ownership.INTERNAL if any(f.target in personal for f in one.fields) else Ownership.CATALOGUE
    )


def personal_classes(prompt: Prompt) -> set[str]:
    """The classes of people, and those whose objects must point to somebody's own."""
    found = set(prompt.people)
    while True:
        more = {
            one.name
            for one in prompt.classes
            if any(f.target in found and f.required for f in one.pointers())
        }
        if more <= found:
            return found
        found |= more


def remarks(prompt: Prompt) -> list[str]:
    """What was decided where the prompt leaves it open: its author should look at it."""
    owned = {name for said in prompt.statements if said.who == "owner" for name in said.classes}
    lines = []
    for one in prompt.classes:
        kind = kind_of(prompt, one)
        if kind is Ownership.INTERNAL:
            lines.append(f"{one.name} is for staff alone, and roles that Security names for it")
        elif kind is not Ownership.PERSONAL and one.name in owned:
            lines.append(f"{one.name} is written by staff: no field says whose it is")
    return lines


def roles_of(prompt: Prompt) -> list[str]:
    """The roles that the prompt names, beside staff and admin."""
    named = dict.fromkeys(statement.who for statement in prompt.statements if statement.is_role)
    return [name for name in named if name not in ("staff", "admin")]


def template_json(prompt: Prompt) -> JSONObject:
    """The schema template of a prompt."""
    roles: list[JSONObject] = [{"name": "admin"}, {"name": "staff", "roles": ["admin"]}]
    roles += [{"name": name, "roles": ["admin"]} for name in roles_of(prompt)]
    classes = [_user(one) if one.built_in else _class(prompt, one) for one in prompt.classes]
    return {"roles": roles, "classes": [one for one in classes if one is not None]}


def _user(one: PromptClass) -> JSONObject | None:
    """A built-in class, for the columns that it gets beside Parse's own."""
    own = _fields(one)
    if not own:
        return None
    signed_in = {"requiresAuthentication": True}
    permissions: JSONObject = dict.fromkeys((*_READS, "update", "delete"), signed_in)
    permissions |= {"create": {"*": True} if one.name == "User" else signed_in, "addField": {}}
    return {"className": one.name, "fields": own, "classLevelPermissions": permissions}


def _fields(one: PromptClass) -> JSONObject:
    fields: JSONObject = {}
    for field in one.fields:
        if not field.type:
            continue  # a column of Parse's own
        described: JSONObject = {"type": field.type, "required": field.required}
        if field.target is not None and not field.holds_pointers:
            described["targetClass"] = field.target
        fields[field.name] = described
    return fields


def _class(prompt: Prompt, one: PromptClass) -> JSONObject:
    kind = kind_of(prompt, one)
    permissions = _permissions(prompt, one, kind)
    is_live = "*" in permissions["find"] or (
        kind is Ownership.PERSONAL and any(field.name == "status" for field in one.fields)
    )
    made: JSONObject = {"className": one.name}
    if is_live:
        made["liveQuery"] = True
    made["fields"] = _fields(one)
    made["classLevelPermissions"] = permissions
    indexes = _indexes(one, kind)
    if indexes:
        made["indexes"] = indexes
    return made


def _permissions(prompt: Prompt, one: PromptClass, kind: Ownership) -> JSONObject:
    staff: JSONObject = {"role:staff": True, "role:admin": True}
    both = {"read": True, "write": True}
    staff_acl: JSONObject = {"role:staff": both, "role:admin": both}
    signed_in: JSONObject = {"requiresAuthentication": True}
    if kind is Ownership.PERSONAL:
        granted: JSONObject = dict.fromkeys((*_READS, *_WRITES), signed_in)
        acl: JSONObject = {"currentUser": both}
    else:
        is_public = kind is Ownership.CATALOGUE
        reads: JSONObject = {"*": True} if is_public else staff
        granted = dict.fromkeys(_READS, reads) | dict.fromkeys(_WRITES, staff)
        acl = {"*": {"read": True}, **staff_acl} if is_public else staff_acl
    for statement in prompt.statements:
        if one.name not in statement.classes:
            continue
        if statement.is_role:
            reads_too = _READS if kind is Ownership.INTERNAL else ()
            for name in (*reads_too, *statement.verbs):
                before = granted[name] if _is_of_roles(granted[name]) else staff
                granted[name] = {f"role:{statement.who}": True, **before}
            flags = {"read": True, "write": bool(set(statement.verbs) & set(_WRITES))}
            flags = {name: value for name, value in flags.items() if value}
            acl = {**acl, f"role:{statement.who}": flags, **staff_acl}
        elif statement.who == "*":
            granted |= {name: {"*": True} for name in statement.verbs}
            acl = {"*": {"read": True}, **acl} if set(statement.verbs) & set(_READS) else acl
        elif statement.who == "users":
            granted |= dict.fromkeys(statement.verbs, signed_in)
    return {**granted, "addField": {}, "ACL": acl}


def _is_of_roles(entry: JSONObject) -> bool:
    return all(name.startswith("role:") for name in entry)


def _indexes(one: PromptClass, kind: Ownership) -> JSONObject:
    if kind is Ownership.HIDDEN:
        codes = [f.name for f in one.fields if f.type == "String" and f.required]
        return {codes[0]: {codes[0]: 1}} if codes else {}
    pointers = one.pointers()
    return {pointers[0].name: {f"_p_{pointers[0].name}": 1}} if pointers else {}


# --- its text -----------------------------------------------------------------------------------


def template_text(template: JSONObject) -> str:
    """A template as people write it: a line for each role, field, permission and index."""
    blocks = [
        '  "roles": [\n' + ",\n".join(f"    {_inline(r)}" for r in template["roles"]) + "\n  ]"
    ]
    classes = ",\n".join(_class_text(one) for one in template["classes"])
    blocks.append(f'  "classes": [\n{classes}\n  ]' if classes else '  "classes": []')
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _class_text(one: JSONObject) -> str:
    lines = []
    for key, value in one.items():
        if isinstance(value, dict) and value:
            inner = ",\n".join(
                f"        {json.dumps(name)}: {_inline(item)}" for name, item in value.items()
            )
            lines.append(f"      {json.dumps(key)}: {{\n{inner}\n      }}")
        else:
            lines.append(f"      {json.dumps(key)}: {_inline(value)}")
    return "    {\n" + ",\n".join(lines) + "\n    }"


def _inline(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
