"""A cloud file is imported with what lies beside it, explained when it fails, and watched."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from parsepy.cloud import Cloud
from parsepy.cloud.loader import CloudError, load, watch
from parsepy.triggers import Triggers
from tests.rest.shop import eventually

FUNCTION = "from parsepy import Cloud\nCloud.function({name!r})(lambda request: 1)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for cloud code."""
    made = tmp_path / "shop_rules"
    made.mkdir()
    return made


def test_a_file_registers_what_it_decorates(folder: Path) -> None:
    (folder / "main.py").write_text(FUNCTION.format(name="total"))
    assert set(load(folder / "main.py").functions) == {"total"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("beforeSave", "Cloud has no beforeSave; in Python it is before_save"),
        ("afterLiveQueryEvent", "in Python it is after_live_query_event"),
        ("startJob", "in Python it is start_job"),
        ("useMasterKey", "in Python it is the argument use_master_key=True"),
    ],
)
def test_a_name_of_javascript_is_answered_with_that_of_python(
    folder: Path, name: str, text: str
) -> None:
    (folder / "main.py").write_text(f"from parsepy import Cloud\n\nCloud.{name}('Order')\n")
    with pytest.raises(CloudError, match=rf"main\.py.*3[\s\S]*{re.escape(text)}"):
        load(folder / "main.py")


@pytest.mark.parametrize("name", ["beforeSave", "beforeLunch", "_private", "__wrapped__"])
def test_a_name_that_cloud_does_not_have_is_no_attribute(name: str) -> None:
    assert not hasattr(Cloud, name)
    assert getattr(Cloud, name, None) is None


def test_an_unknown_name_is_answered_without_a_guess() -> None:
    with pytest.raises(AttributeError, match=r"^Cloud has no beforeLunch$") as caught:
        Cloud.beforeLunch  # type: ignore[attr-defined]  # noqa: B018
    assert (caught.value.name, caught.value.obj) == ("beforeLunch", Cloud)


def test_a_folder_stands_for_its_main_file(folder: Path) -> None:
    (folder / "main.py").write_text(FUNCTION.format(name="total"))
    assert set(load(folder).functions) == {"total"}


def test_a_module_beside_the_file_is_imported_by_its_name(folder: Path) -> None:
    (folder / "main.py").write_text("import orders\n")
    (folder / "orders.py").write_text(FUNCTION.format(name="place"))
    assert set(load(folder / "main.py").functions) == {"place"}


def test_a_package_imports_its_modules_relatively(folder: Path) -> None:
    (folder / "__init__.py").write_text("")
    (folder / "main.py").write_text("from . import orders\n")
    (folder / "orders.py").write_text(FUNCTION.format(name="place"))
    assert set(load(folder).functions) == {"place"}


def test_loading_again_takes_modules_as_they_are_now(folder: Path) -> None:
    (folder / "main.py").write_text("import orders\n")
    for name in ("place", "placeOrder"):
        (folder / "orders.py").write_text(FUNCTION.format(name=name))
        assert set(load(folder).functions) == {name}


def test_two_folders_with_modules_of_one_name_do_not_mix(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text("import orders\n")
        (tmp_path / name / "orders.py").write_text(FUNCTION.format(name=name))
    assert [set(load(tmp_path / name).functions) for name in ("one", "two")] == [{"one"}, {"two"}]


def test_an_error_shows_the_authors_line_and_nothing_of_ours(folder: Path) -> None:
    (folder / "main.py").write_text("import orders\n")
    (folder / "orders.py").write_text("from parsepy import Cloud\n\nrate = 1 / 0\n")
    with pytest.raises(CloudError) as error:
        load(folder)
    text = str(error.value)
    assert 'orders.py", line 3' in text
    assert "rate = 1 / 0" in text
    assert text.endswith("ZeroDivisionError: division by zero")
    assert "loader.py" not in text


def test_a_syntax_error_shows_its_line(folder: Path) -> None:
    (folder / "main.py").write_text("x = 1\ndef broken(:\n")
    with pytest.raises(CloudError, match=r"main\.py.*, line 2(.|\n)*SyntaxError"):
        load(folder)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('Cloud.before_save("_Session")', "_Session has no trigger but afterLogout"),
        ('Cloud.before_save("_PushStatus")', "can't have a beforeSave"),
        ('Cloud.before_save("Order", require_usr=True)', "require_usr"),
        ('Cloud.job("close", schedule="sometimes")', "'sometimes' is no cron line"),
        ("sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_what_could_never_work_is_refused_at_load(folder: Path, line: str, told: str) -> None:
    call = line if line.startswith("sys") else f"{line}(lambda request: 1)"
    (folder / "main.py").write_text(f"import sys\nfrom parsepy import Cloud\n{call}\n")
    with pytest.raises(CloudError) as error:
        load(folder)
    assert told in str(error.value)


def test_a_hook_that_takes_no_request_is_refused_at_load(folder: Path) -> None:
    (folder / "main.py").write_text(
        "from parsepy import Cloud\n@Cloud.function('one')\ndef one(): return 1\n"
    )
    with pytest.raises(CloudError, match=r"one\(\) must take one argument, the request"):
        load(folder)


def test_a_file_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(CloudError, match=r"there is no file .*main\.py"):
        load(folder / "main.py")


def test_javascript_is_told_from_python(folder: Path) -> None:
    (folder / "main.js").write_text('Parse.Cloud.define("hello", () => "hi");\n')
    with pytest.raises(CloudError, match=r"main\.js is not Python\. .*webhooks\.md"):
        load(folder / "main.js")


def test_what_failed_to_load_leaves_the_old_modules(folder: Path) -> None:
    (folder / "main.py").write_text("import orders_of_old\n")
    (folder / "orders_of_old.py").write_text(FUNCTION.format(name="place"))
    load(folder)
    before = sys.modules["orders_of_old"]
    (folder / "orders_of_old.py").write_text("1 / 0 # longer than it was, for the file's size\n")
    with pytest.raises(CloudError):
        load(folder)
    assert sys.modules["orders_of_old"] is before


NUMBERS = itertools.count()


class Lazy(ModuleType):
    """A module that imports another when it is looked at, as threads may at any time."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__file__":
            sys.modules[f"other_{next(NUMBERS)}"] = ModuleType("other")
        return super().__getattribute__(name)


def test_a_module_that_appears_meanwhile_disturbs_no_load(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "main.py").write_text("1 / 0\n")
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    sys.modules["lazy"] = Lazy("lazy")
    with pytest.raises(CloudError, match="ZeroDivisionError"):
        load(folder / "main.py")


def test_a_decorator_outside_of_a_load_says_how_to_load() -> None:
    from parsepy import Cloud

    with pytest.raises(RuntimeError, match="parsepy serve --cloud FILE"):
        Cloud.function("total")


# --- watching ---


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[list[Triggers]]:
    """What a watcher of the folder has loaded so far."""
    loaded: list[Triggers] = []
    task = asyncio.create_task(watch(folder, loaded.append))
    await asyncio.sleep(0)  # it has looked at the files
    yield loaded
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_change_is_loaded_within_a_second(folder: Path) -> None:
    (folder / "main.py").write_text("import orders\n")
    (folder / "orders.py").write_text(FUNCTION.format(name="place"))
    async with watching(folder) as loaded:
        (folder / "orders.py").write_text(FUNCTION.format(name="placeOrder"))

        async def is_loaded() -> bool:
            return bool(loaded)

        await eventually(is_loaded, 1.0)
    assert set(loaded[-1].functions) == {"placeOrder"}


async def test_what_does_not_import_is_logged_and_the_next_change_counts(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "main.py").write_text(FUNCTION.format(name="place"))

    async def is_logged() -> bool:
        return "The old code goes on serving." in caplog.text

    async def is_loaded() -> bool:
        return bool(loaded)

    with caplog.at_level(logging.ERROR):
        async with watching(folder) as loaded:
            (folder / "main.py").write_text("1 / 0\n")
            await eventually(is_logged, 1.0)
            assert loaded == []
            (folder / "main.py").write_text(FUNCTION.format(name="placeAgain"))
            await eventually(is_loaded, 1.0)
    assert set(loaded[-1].functions) == {"placeAgain"}
