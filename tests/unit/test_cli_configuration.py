"""What a command runs with where the options say nothing."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from parsepy.cli.configuration import configure
from parsepy.config import Config
from parsepy.model.templates import TemplateError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the command."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def template(folder: Path, *classes: dict[str, Any]) -> str:
    """A template in the folder where the command looks for them."""
    path = folder / "schema" / "library.json"
    path.parent.mkdir()
    path.write_text(json.dumps(classes))
    return str(path)


def configured(**flags: Any) -> Config:
    """The configuration of a command with these options."""
    return configure(Namespace(config=None, set=[f"{k}={v}" for k, v in flags.items()])).config


def live(config: Config) -> tuple[str, ...] | None:
    """The classes that clients may subscribe to; None: Live Query is off."""
    return None if config.live_query is None else config.live_query.class_names


BOOK = {"className": "Book", "fields": {}}
LOAN = {"className": "Loan", "fields": {}, "liveQuery": True}


def test_the_classes_that_a_template_marks_are_live(folder: Path) -> None:
    template(folder, BOOK, LOAN)
    assert live(configured()) == ("Loan",)


def test_without_marks_in_the_templates_live_query_is_off(folder: Path) -> None:
    template(folder, BOOK, {**LOAN, "liveQuery": False})
    assert live(configured()) is None


def test_the_templates_that_come_along_keep_their_shop_live() -> None:
    classes = live(configured())
    assert classes is not None
    assert sorted(classes) == ["Cart", "FlashSale", "Order", "Product", "SKU"]


def test_the_option_has_the_last_word_on_what_is_live(folder: Path) -> None:
    template(folder, BOOK, LOAN)
    assert live(configured(liveQuery='{"classNames": ["Book"]}')) == ("Book",)


def test_where_the_option_names_the_templates_their_marks_do_not_count(folder: Path) -> None:
    assert live(configured(schema=template(folder, LOAN))) is None


def test_a_mark_that_is_no_boolean_stops_the_command(folder: Path) -> None:
    template(folder, {**LOAN, "liveQuery": "yes"})
    with pytest.raises(TemplateError, match="Loan: 'liveQuery' must be true or false"):
        configured()
