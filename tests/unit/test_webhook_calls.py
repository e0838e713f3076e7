"""What a webhook is sent and what its reply comes to, without a socket."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from parsepy.errors import ParseError
from parsepy.model.principal import NOBODY, Principal
from parsepy.operations.webhooks import calls
from parsepy.outgoing import Reply
from parsepy.triggers import SaveEvent


@dataclass
class Asker:
    """Nobody, from nowhere: no more than a handler may ask for."""

    principal: Principal = NOBODY
    installation_id: str | None = None
    ip: str | None = None
    request_id: str = "1"
    headers: dict[bytes, bytes] = field(default_factory=dict)
    trigger_context: dict[str, Any] = field(default_factory=dict)


ASKER = Asker()


def saving(changes: dict[str, Any], original: dict[str, Any] | None = None) -> SaveEvent:
    """A beforeSave of a product."""
    return SaveEvent(
        kind="beforeSave",
        class_name="Product",
        request=ASKER,
        original=original,
        changes=changes,
    )


def test_the_state_holds_what_is_there_and_what_is_asked_for() -> None:
    event = saving({"size.wide": 2, "a.b.c": 1, "name": "mug"}, {"size": {"high": 1}, "old": 1})
    assert calls._state(event) == {
        "size": {"high": 1, "wide": 2},
        "a": {"b": {"c": 1}},
        "name": "mug",
        "old": 1,
    }
    assert event.original == {"size": {"high": 1}, "old": 1}


def test_the_inside_of_an_array_is_shown_as_it_will_be() -> None:
    changes = {"lines.0.qty": {"__op": "Increment", "amount": 2}, "box.x": {"__op": "Delete"}}
    event = saving(changes, {"lines": [{"qty": 1}, {"qty": 5}], "box": {"x": 1, "y": 2}})
    assert calls._state(event) == {"lines": [{"qty": 3}, {"qty": 5}], "box": {"y": 2}}
    assert calls._changed(event, calls._state(event)) is None


def test_a_reply_that_is_what_was_sent_changes_nothing() -> None:
    event = saving({"stock": {"__op": "Increment", "amount": -1}, "size.wide": 2}, {"name": "cup"})
    assert calls._changed(event, calls._state(event)) is None


def test_a_changed_field_is_written_and_an_unlisted_one_is_not() -> None:
    event = saving({"name": "mug", "price": 5}, {"old": 1})
    assert calls._changed(event, {"name": "bowl", "old": 1}) == {"name": "bowl"}


def test_relations_are_not_written_as_values() -> None:
    event = saving({"name": "mug"})
    relation = {"__type": "Relation", "className": "Shop"}
    assert calls._changed(event, {"name": "mug", "shops": relation}) is None


@pytest.mark.parametrize("success", [None, True, 5, "text", [1]])
def test_what_is_no_object_leaves_the_save_alone(success: Any) -> None:
    assert calls._changed(saving({"name": "mug"}), success) is None


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (200, b"{", 141, "Malformed response"),
        (200, b"\xff\xfe", 141, "Malformed response"),
        (200, b"[]", 141, "Malformed response"),
        (200, b'{"error": {"code": true}}', 141, "Script failed. Unknown error."),
        (200, b'{"error": {"code": "x", "error": "no"}}', 141, "no"),
        (500, b"", 141, "The webhook answered with status 500."),
        (404, b'{"error": "no"}', 141, "no"),
    ],
)
def test_a_reply_that_refuses_or_can_not_be_read(
    status: int, body: bytes, code: int, message: str
) -> None:
    with pytest.raises(ParseError) as raised:
        calls._read(Reply(status, body))
    assert (raised.value.code, raised.value.message) == (code, message)


def test_dates_among_parameters_are_texts() -> None:
    date = {"__type": "Date", "iso": "2026-01-02T03:04:05.678Z"}
    given = {"a": [date, {"b": date}], "c": {"__type": "Date", "iso": 5}}
    text = date["iso"]
    assert calls._plain(given) == {"a": [text, {"b": text}], "c": {"__type": "Date", "iso": 5}}


def test_the_example_of_the_manual_works() -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], names)
    with httpx.Client(transport=httpx.WSGITransport(names["app"]), base_url="http://a") as caller:
        caller.headers["X-Parse-Webhook-Key"] = names["WEBHOOK_KEY"]
        order = {"total": 5}
        answer = caller.post("/", json={"object": order}).json()
        assert answer == {"success": {"total": 5, "checked": True}}
        assert caller.post("/", json={"object": {"total": 5000}}).json()["error"]["code"] == 4711
        caller.headers["X-Parse-Webhook-Key"] = "a guess"
        assert "error" in caller.post("/", json={"object": order}).json()
