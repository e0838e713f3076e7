"""What a command runs with where the options say nothing."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from parsepy.cli.configuration import configure, packaged, read_template
from parsepy.cli.messages import StartError
from parsepy.config import Config, ConfigError
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
    classes = live(configured(template="ecommerce,shopping"))
    assert classes is not None
    assert sorted(classes) == ["Cart", "FlashSale", "Order", "Product", "SKU"]


def test_the_option_has_the_last_word_on_what_is_live(folder: Path) -> None:
    template(folder, BOOK, LOAN)
    assert live(configured(liveQuery='{"classNames": ["Book"]}')) == ("Book",)


def test_the_marks_count_where_the_option_names_the_templates_too(folder: Path) -> None:
    assert live(configured(schema=template(folder, LOAN))) == ("Loan",)


def graphql(config: Config) -> tuple[bool, bool]:
    """Are GraphQL and its subscriptions on?"""
    return config.mount_graphql, config.graphql_subscriptions


def test_graphql_and_its_subscriptions_are_on_with_the_templates_that_come_along() -> None:
    assert graphql(configured()) == (False, False)
    assert graphql(configured(template="ecommerce")) == (True, True)
    assert graphql(configured(demo="true")) == (True, True)
    off = {"mountGraphQL": "false", "graphQLSubscriptions": "false"}
    assert graphql(configured(template="ecommerce", **off)) == (False, False)


def files(config: Config) -> list[str]:
    """The names of the templates that are loaded."""
    return [file.name for file in config.schema.files] if config.schema else []


def test_without_a_template_named_it_is_a_plain_parse_server() -> None:
    config = configured()
    assert files(config) == []
    assert (config.cloud, live(config)) == (None, None)


def test_a_checkout_of_parsepy_is_no_app_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(packaged().parent)
    config = configured(dataDir="/nowhere", masterKey="k")
    assert (files(config), config.cloud) == ([], None)


@pytest.mark.parametrize(
    ("named", "loaded"),
    [
        ("ecommerce", ["ecommerce.json"]),
        ("shopping", ["shopping.json"]),
        ("shopping,ecommerce", ["shopping.json", "ecommerce.json"]),
    ],
)
def test_a_template_comes_with_its_cloud_code(named: str, loaded: list[str]) -> None:
    config = configured(template=named)
    assert files(config) == loaded
    assert config.cloud == packaged("cloud") / "main.py"


def test_the_demo_brings_both_templates() -> None:
    config = configured(demo="true")
    assert files(config) == ["ecommerce.json", "shopping.json"]
    assert config.cloud == packaged("cloud") / "main.py"


def test_a_demo_of_one_template_is_of_that_one() -> None:
    assert files(configured(demo="true", template="shopping")) == ["shopping.json"]


def test_the_files_of_a_template_bring_its_cloud_code_where_it_lies_beside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = str(packaged() / "shopping.json")
    assert configured(schema=file).cloud is None
    monkeypatch.chdir(packaged().parent)
    config = configured(schema=file, dataDir="/nowhere", masterKey="k")
    assert config.cloud == packaged("cloud") / "main.py"


def test_a_template_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(StartError, match=r"there is no shop; .* are ecommerce, shopping"):
        configured(template="shop")


def test_schema_and_template_exclude_each_other(folder: Path) -> None:
    with pytest.raises(ConfigError, match="template: can't be set with schema"):
        configured(schema=template(folder, LOAN), template="shopping")


@pytest.mark.parametrize("said", ["none", "[]"])
def test_none_is_none_whatever_lies_in_the_folder(folder: Path, said: str) -> None:
    template(folder, LOAN)
    assert files(configured(schema=said)) == []


def test_an_empty_folder_is_none(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "schema").mkdir()
    assert files(configured()) == []
    assert read_template(configured(schema=str(folder / "empty"))).classes == ()


def test_a_folder_is_all_the_templates_in_it(folder: Path) -> None:
    template(folder, LOAN)
    made = read_template(configured(schema=str(folder / "schema")))
    assert [entry["className"] for entry in made.classes] == ["Loan"]


def test_own_folders_are_looked_for_beside_the_configuration_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template(folder, LOAN)
    (folder / "cloud").mkdir()
    (folder / "cloud" / "main.py").write_text("")
    (folder / "config.json").write_text("{}")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    args = Namespace(config=folder / "config.json", set=[])
    config = configure(args).config
    assert files(config) == ["library.json"]
    assert config.cloud == folder / "cloud" / "main.py"
    (elsewhere / "own.json").write_text("{}")
    (elsewhere / "schema").mkdir()
    (elsewhere / "schema" / "near.json").write_text("[]")
    assert files(configure(Namespace(config=elsewhere / "own.json", set=[])).config) == [
        "near.json"
    ]


def test_a_mark_that_is_no_boolean_stops_the_command(folder: Path) -> None:
    template(folder, {**LOAN, "liveQuery": "yes"})
    with pytest.raises(TemplateError, match="Loan: 'liveQuery' must be true or false"):
        configured()
