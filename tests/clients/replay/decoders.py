"""What the decoder of each SDK insists on in an answer, as its source has it.

A decoder takes an answer and what was asked (`create`, `find`, `error`…), and answers what it would
stumble over. `any` stands for requests where either outcome is right.
"""

from typing import Any

from tests.clients.replay.net_json import readable
from tests.clients.replay.wire import Answer, flaws

# The members without which the SDKs' own objects can't be made.
_MEMBERS = {
    "create": ("objectId", "createdAt"),
    "update": ("updatedAt",),
    "sign up": ("objectId", "createdAt", "sessionToken"),
    "log in": ("objectId", "createdAt", "sessionToken"),
    "find": ("results",),
    "count": ("results", "count"),
    "file": ("name", "url"),
    "function": ("result",),
    "config": ("params",),
    "health": ("status",),
}


def _lacking(answer: Answer, kind: str) -> list[str]:
    body: Any = answer.json if isinstance(answer.json, dict) else {}
    return [f"no {member}" for member in _MEMBERS.get(kind, ()) if member not in body]


def _batch(answer: Answer) -> list[str]:
    if not isinstance(answer.json, list):
        return ["no array"]
    wrong = []
    for item in answer.json:
        error = item.get("error", {})
        fine = isinstance(item.get("success"), dict) or (
            isinstance(error.get("code"), int) and isinstance(error.get("error"), str)
        )
        wrong += [] if fine else [f"an item that is neither success nor error: {item}"]
    return wrong


def flutter(answer: Answer, kind: str) -> list[str]:
    """Dart: 200 and 201 alone are success; a find has one member, a count two, and no others."""
    if answer.json is None:
        return ["no JSON"]
    found = flaws(answer.json)
    success = answer.status in {200, 201}
    if kind == "any":
        return found
    if kind == "error":
        fine = not success and isinstance(answer.get("code"), int) and "error" in answer.json
        return found + ([] if fine else ["no error with code and text"])
    if not success:
        return [*found, f"status {answer.status}"]
    if kind == "batch":
        return found + _batch(answer)
    if kind in {"create", "file"} and answer.status != 201:
        found.append("not 201")
    exactly = {"find": {"results"}, "count": {"results", "count"}}.get(kind)
    if exactly is not None and set(answer.json) != exactly:
        found.append(f"members {sorted(answer.json)}")
    if kind == "health" and answer.text != '{"status":"ok"}':
        found.append("not exactly the word that it waits for")
    if kind in {"sign up", "log in"} and not str(answer.get("sessionToken")).startswith("r:"):
        found.append("no session token")
    return found + _lacking(answer, kind)


def android(answer: Answer, kind: str) -> list[str]:
    """Android: an object, for a batch an array; whatever is not 4xx is tried again."""
    if answer.json is None:
        return ["no JSON"]
    found = flaws(answer.json)
    if kind == "batch":
        return found + _batch(answer)
    if not isinstance(answer.json, dict):
        return [*found, "no object"]
    if kind == "any":
        return found
    if kind == "error":
        fine = 400 <= answer.status < 500 and isinstance(answer.get("code"), int)
        return found + ([] if fine else ["no permanent error with a code"])
    if not 200 <= answer.status < 300:
        return [*found, f"status {answer.status}"]
    if kind == "create" and answer.status != 201:
        found.append("not 201")
    if not isinstance(answer.json.get("ACL", {}), dict):
        found.append("an ACL that is no object")
    return found + _lacking(answer, kind)


def objective_c(answer: Answer, kind: str) -> list[str]:
    """Objective-C: as Android, but an error needs its text, and the status of a create is free."""
    if not answer.body:
        return []
    if kind == "error":
        fine = 400 <= answer.status < 500 and answer.get("error")
        return flaws(answer.json) + ([] if fine else ["no permanent error with a text"])
    if kind == "create" and answer.status == 200:
        return flaws(answer.json) + _lacking(answer, kind)
    return android(answer, kind)


def swift(answer: Answer, kind: str) -> list[str]:
    """Swift: tries the error's type first, whatever the status; then the exact type."""
    if answer.json is None:
        return ["no JSON"]
    found = flaws(answer.json)
    an_error = any(isinstance(answer.get(member), str) for member in ("error", "message"))
    if kind == "any":
        return found
    if kind == "error":
        fine = an_error and isinstance(answer.get("code"), int)
        return found + ([] if fine else ["it does not decode as an error"])
    if an_error or not 200 <= answer.status < 300:
        return [*found, f"it decodes as an error: {answer.text[:100]}"]
    if kind == "batch":
        return found + _batch(answer)
    if kind == "true" and answer.get("result") is not True:
        found.append("result is not true")
    words = {"initialized", "starting", "ok", "error"}
    if kind == "health" and answer.get("status") not in words:
        found.append("a status that its enumeration lacks")
    return found + _lacking(answer, kind)


def dotnet(answer: Answer, kind: str) -> list[str]:
    """.NET and Unity: their own JSON grammar; every 404 is an error, whatever its body."""
    found = flaws(answer.json)
    if answer.body and not readable(answer.text):
        found.append("its own grammar can't read the body")
    if kind == "any":
        return found
    if kind == "error":
        fine = answer.status == 404 or isinstance(answer.get("code"), int)
        return found + ([] if fine else ["no code"])
    if answer.status == 304 or answer.status >= 400:
        return [*found, f"status {answer.status}"]
    if kind == "batch" and not isinstance(answer.json, list):
        found.append("no array")
    return found + ([] if kind == "update" else _lacking(answer, kind))
