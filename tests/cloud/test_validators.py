"""What a validator declares is read when it is declared: a slip stops the start, not a request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from parsepy.cloud.loader import CloudError, load
from parsepy.errors import Code
from tests.cloud.conftest import MakeShop
from tests.rest.shop import ok, refused

MUG = {"__type": "Pointer", "className": "Product", "objectId": "mug"}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("requireUser=True", "no 'requireUser'; did you mean require_user?"),
        ("roles=['staff']", r"no 'roles'\. It takes require_user"),
        ("fields={'code': {'requried': True}}", "fields: code has no 'requried'; did you mean"),
        ("fields={'code': {'type': 'strng'}}", "code: 'strng' is no type; use a class, or one of"),
        ("fields={'code': {'type': len}}", "is no type"),
        ("require_user_keys={'phone': {'option': ['1']}}", "phone has no 'option'; did you mean"),
    ],
)
def test_a_slip_in_a_validator_stops_the_start_and_is_named(
    cloud_file: Callable[[str], Path], rules: str, told: str
) -> None:
    file = cloud_file(f"\n@Cloud.function('total', {rules})\ndef total(request): ...\n")
    with pytest.raises(CloudError, match=told):
        load(file)


@pytest.mark.parametrize("spelled", ["Pointer", "Object"])
async def test_a_field_may_be_a_pointer(shop: MakeShop, spelled: str) -> None:
    it = await shop(
        f"@Cloud.function('of', fields={{'product': {{'type': {spelled}}}}})\n"
        "def of(request): return request.params['product'].id\n"
    )
    assert ok(await it.client.post("/functions/of", json={"product": MUG})) == {"result": "mug"}
    answer = await it.client.post("/functions/of", json={"product": "mug"})
    assert refused(answer, Code.VALIDATION_ERROR).startswith("Validation failed. Invalid type for")


async def test_a_type_may_be_a_name_as_in_javascript(shop: MakeShop) -> None:
    it = await shop(
        "@Cloud.function('say', fields={'word': {'type': 'String'}})\ndef say(request): ...\n"
    )
    ok(await it.client.post("/functions/say", json={"word": "hello"}))
    refused(await it.client.post("/functions/say", json={"word": 1}), Code.VALIDATION_ERROR)
