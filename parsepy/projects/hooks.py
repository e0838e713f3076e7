"""`cloud/main.py` of a new project: typed hooks, by what its classes are."""

import re
from collections.abc import Sequence

from parsepy.projects.shapes import ProjectClass, imported

_BLANK = '''

def not_blank(item: Object, *keys: str) -> None:
    """Refuse texts without a letter in them."""
    for key in keys:
        value = item.get(key)
        if isinstance(value, str) and not value.strip():
            raise ParseError(Code.VALIDATION_ERROR, f"{key} must not be blank")
'''
_OWN = '''

async def must_be_own(item: Object, key: str) -> None:
    """Refuse a pointer to what is not the caller's own: they can't read anybody else's."""
    owner: Any = item.get(key)
    if not item.dirty(key) or owner is None:
        return
    try:
        await owner.fetch()
    except ParseError as error:
        raise ParseError(Code.VALIDATION_ERROR, f"{key} must be your own") from error
'''


def main_py(classes: Sequence[ProjectClass]) -> str:
    """The text of the file."""
    own = [one for one in classes if one.name not in ("User", "Role", "Session", "Installation")]
    parts = [_hook(one) for one in own] + [_apply(one) for one in own if one.is_hidden]
    text = "".join(parts)
    helpers = (_BLANK if "not_blank(" in text else "") + (_OWN if "must_be_own(" in text else "")
    whole = helpers + text
    names = [
        "ACL",
        "Cloud",
        "Code",
        "FunctionRequest",
        "Object",
        "ParseError",
        "Query",
        "SaveRequest",
    ]
    used = [name for name in names if re.search(rf"\b{name}\b", whole)]
    lines = ['"""The rules of this app: https://parsepy.example/source/docs/cloud-code.md"""', ""]
    if "Any" in whole:
        lines += ["from typing import Any", ""]
    kinds = [one.name for one in own if f"[{one.name}]" in text or f"({one.name})" in text]
    lines += [imported("parsepy", used)] if used else []
    lines += ["", imported("classes", sorted(kinds))] if kinds else []
    return "\n".join(lines) + "\n" + whole


def _hook(one: ProjectClass) -> str:
    everyone, signed_in, role = one.granted("create")
    is_private = one.is_private and signed_in and not everyone
    rule = ", require_user=True" if is_private else ""
    doc = f"What holds for every {one.words}"
    body = []
    owner = one.owner
    if is_private and role is None:
        doc = f"The {one.words} belongs to who makes it"
        if owner is not None and owner.target != "User":
            body.append(f'    await must_be_own(request.object, "{owner.name}")')
        body.append("    if request.original is None and request.user is not None:")
        if owner is not None and owner.target == "User":
            body.append(f'        request.object.set("{owner.name}", request.user)')
        body.append("        request.object.acl = ACL(request.user)")
    if one.texts:
        keys = ", ".join(f'"{field.name}"' for field in one.texts)
        body.append(f"    not_blank(request.object, {keys})")
    if not body:
        return ""
    return "\n".join(
        [
            "",
            "",
            f"@Cloud.before_save({one.name}{rule})",
            f"async def check_{one.snake}(request: SaveRequest[{one.name}]) -> None:",
            f'    """{doc}."""',
            *body,
            "",
        ]
    )


def _apply(one: ProjectClass) -> str:
    code = one.texts[0].name if one.texts else "objectId"
    keys = "".join(f'        "{f.name}",\n' for f in one.fields if f.type != "Relation")
    return f'''

@Cloud.function(
    "apply{one.name}",
    require_user=True,
    fields={{"{code}": {{"type": str, "required": True}}}},
    rate_limit={{"request_time_window": 60_000, "request_count": 10, "zone": "user"}},
)
async def apply_{one.snake}(request: FunctionRequest) -> dict[str, Any]:
    """What a {one.words} brings, for who knows its {code}; nobody may list them."""
    query = Query({one.name}).equal_to("{code}", request.params["{code}"])
    found: Object | None = await query.first(use_master_key=True)
    if found is None:
        raise ParseError(Code.VALIDATION_ERROR, "This {code} is not valid.")
    keys = (
{keys}    )
    return {{key: found.get(key) for key in keys}}
'''
