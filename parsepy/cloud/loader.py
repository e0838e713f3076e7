"""Import an author's cloud file or package into one ``Triggers``; again when it changes."""

import asyncio
import importlib
import importlib.util
import linecache
import logging
import re
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from parsepy import CLOUD_NAMES
from parsepy.cloud import mistakes
from parsepy.cloud.hooks import registering
from parsepy.triggers import Triggers

log = logging.getLogger("parsepy.cloud")
ENTRY = "main.py"
_NO_NAME = re.compile(r"cannot import name '(\w+)' from 'parsepy'")
_LOOK_EVERY = 0.2  # seconds


class CloudError(Exception):
    """Cloud code that can't be loaded; its text shows the author's lines."""


def load(path: Path, timeout: float | None = None) -> Triggers:
    """Import the file (or the package's ``main.py``) and collect what it registers.

    Modules beside it are imported afresh as well. Raises ``CloudError``, and what was loaded
    before stays as it was.
    """
    file = _entry(path)
    registry = Triggers(timeout)
    with _fresh(file.parent) as name, registering(registry), mistakes.loading():
        try:
            importlib.import_module(name(file))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | GeneratorExit):
                raise
            raise CloudError(_explained(file, error)) from error
    return registry


def _entry(path: Path) -> Path:
    path = path.resolve()
    if path.is_dir():
        inner = path / ENTRY
        path = inner if inner.is_file() else path / "__init__.py"
    if not path.is_file():
        raise CloudError(f"cloud: there is no file {path}")
    if path.suffix != ".py":
        raise CloudError(
            f"cloud: {path} is not Python. Cloud code is a .py file (docs/cloud-code.md); what is "
            "written in JavaScript can stay where it runs, behind webhooks (docs/webhooks.md)."
        )
    return path


@contextmanager
def _fresh(folder: Path) -> Iterator[Callable[[Path], str]]:
    """Import modules of ``folder`` anew; on an error those from before are put back."""
    is_package = (folder / "__init__.py").is_file()
    home = str(folder.parent if is_package else folder)
    # Names that others hold (a `main` of some program) give way while the author's are imported.
    names = {file.stem for file in folder.glob("*.py")}
    own = [
        name
        for name, module in sys.modules.copy().items()
        if _lies_in(module, folder)
        or (is_package and name.partition(".")[0] == folder.name)
        or (not is_package and name in names and name != "__main__")
    ]
    before = {name: sys.modules.pop(name) for name in own}
    sys.path.insert(0, home)
    importlib.invalidate_caches()
    linecache.checkcache()
    try:
        yield lambda file: f"{folder.name}.{file.stem}" if is_package else file.stem
    except BaseException:
        for name, module in sys.modules.copy().items():
            if _lies_in(module, folder):
                del sys.modules[name]
        sys.modules.update(before)
        raise
    finally:
        # what hooks import later is found as well, behind everything else
        sys.path.remove(home)
        if home not in sys.path:
            sys.path.append(home)


def _lies_in(module: ModuleType | None, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and folder in Path(file).parents


def _explained(file: Path, error: BaseException) -> str:
    """The author's part of a traceback: from their file on, and the error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if file.parent in Path(frame.filename).parents]
    lines = ["cloud code can't be loaded:\n"]
    if own:
        lines += ["Traceback (most recent call last):\n", *traceback.format_list(own)]
    lines += traceback.format_exception_only(error)
    return "".join(lines).rstrip() + _imported(error)


def _imported(error: BaseException) -> str:
    """What to import instead of a name that parsepy has not."""
    found = _NO_NAME.match(str(error)) if isinstance(error, ImportError) else None
    if found is None:
        return ""
    near = get_close_matches(found[1], CLOUD_NAMES, 1)
    return (
        f"\ndid you mean {near[0]}?" if near else f"\nparsepy has {', '.join(sorted(CLOUD_NAMES))}"
    )


# --- watching -----------------------------------------------------------------------------------


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every Python file below a folder, with its time and size."""
    found = {}
    for file in folder.rglob("*.py"):
        try:
            status = file.stat()
        except OSError:  # gone meanwhile
            continue
        found[str(file)] = (status.st_mtime_ns, status.st_size)
    return found


async def watch(path: Path, adopt: Callable[[Triggers], Awaitable[None] | None]) -> None:
    """Load again whenever a file changes, for as long as this runs.

    ``adopt`` is given what was loaded; while the new code does not import, its error is logged
    and the old code goes on serving.
    """
    folder = _entry(path).parent
    known = _state(folder)
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        now = await asyncio.to_thread(_state, folder)
        if now == known:
            continue
        known = now
        try:
            loaded = load(path)
        except CloudError as error:
            log.error("%s\nThe old code goes on serving.", error)
            continue
        waiting = adopt(loaded)
        if waiting is not None:
            await waiting
        log.info("cloud code loaded again: %d hooks, %d functions", *_counts(loaded))


def _counts(loaded: Triggers) -> tuple[int, int]:
    return len(loaded.registered()), len(loaded.functions)
