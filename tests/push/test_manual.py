"""The manual of pushes holds."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from pathlib import Path

import pytest

from parsepy.operations import queues
from parsepy.operations.push import sending
from parsepy.push import ANDROID, APPLE
from tests.conftest import Client, MakeApp
from tests.push.conftest import PushShop

PAGE = (Path(__file__).parents[2] / "docs" / "push.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", PYTHON)
def test_every_block_is_python(block: str) -> None:
    ast.parse(f"async def page():\n{textwrap.indent(block, '    ')}")


@pytest.mark.parametrize("kind", [*APPLE, *ANDROID])
def test_every_kind_of_sender_is_named(kind: str) -> None:
    assert f"`{kind}`" in PAGE or f"`push.{kind}`" in PAGE


def test_its_figures_are_those_of_the_code() -> None:
    assert f"; {sending._MESSAGES} are under way" in PAGE
    assert queues.LEASE == 10


async def test_its_sender_sends(app: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "my_sender.py"
    file.write_text(PYTHON[-1])
    adapter = {"module": str(file), "options": {"url": "http://example.org"}}
    shop = PushShop(Client(await app(push={"adapter": adapter}), master=True))
    await shop.device()
    body = re.search(r"-d '(\{.*?\})'", PAGE)
    assert body is not None
    status = await shop.ended(await shop.push(**json.loads(body[1])))
    assert status["numSent"] == 1
