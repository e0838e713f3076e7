"""Builds the optional extension where there is a C compiler; the wheel goes without elsewhere."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("parsepy/storage/native")


class NativeReaderHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles ``reader.c`` into its folder before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build it; tell, and go on without, where that fails."""
        try:
            name = compiled(Path(self.root) / FOLDER)
        except Exception as error:  # noqa: BLE001 - any compiler may fail in any way
            self.app.display_warning(f"parsepy: the native reader was not built: {error}")
            return
        build_data["artifacts"].append(f"/{FOLDER}/{name}")
        build_data["pure_python"] = False
        build_data["tag"] = f"cp311-abi3-{platform_tag()}"


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
