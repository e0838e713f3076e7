"""Runs the code blocks of pages, in order, against one running demo server."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.peer import REFERENCE
from tests.sdk.test_js_sdk import APP_ID

SECONDS = 90
# Node has Node's build of the SDK, and one person's session for the process, as a page has.
NODE = 'import Parse from "parse/node";\nParse.User.enableUnsafeCurrentUser();'
STORAGE = """const kept = new Map();
const AsyncStorage = {
  getItem: async (key) => kept.get(key) ?? null,
  setItem: async (key, value) => void kept.set(key, value),
};"""


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in a language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def at(code: str, url: str) -> str:
    """Code for the default server, turned to the one at this address."""
    own = url.removesuffix("/parse")
    code = code.replace("http://localhost:1337", own)
    code = code.replace("ws://localhost:1337", own.replace("http", "ws", 1))
    return code.replace('"parsepy"', f'"{APP_ID}"').replace("Id: parsepy", f"Id: {APP_ID}")


def finished(*command: str | Path, cwd: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a command printed; the test fails with its words if it failed."""
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(name: str) -> str:
    """The path of a tool; the test is skipped without it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH")
    return found


def in_node(code: str, url: str, home: Path) -> str:
    """Run a module under Node, with the packages of tests/reference."""
    for name in ("parse", "parse/react-native.js"):
        code = code.replace(f'import Parse from "{name}";', NODE)
    storage = 'import AsyncStorage from "@react-native-async-storage/async-storage";'
    script = REFERENCE / f"page-{uuid4().hex[:8]}.mjs"
    script.write_text(at(code.replace(storage, STORAGE), url))
    try:
        return finished(tool("node"), script, cwd=home)
    finally:
        script.unlink()


def in_python(code: str, url: str, home: Path) -> str:
    """Run a script under this Python."""
    script = home / "page.py"
    script.write_text(at(code, url))
    return finished(sys.executable, script, cwd=home)


def in_php(code: str, url: str, home: Path) -> str:
    """Run a script under PHP."""
    php = tool("php")
    script = home / "page.php"
    script.write_text("<?php\n" + at(code, url))
    return finished(php, script, cwd=home)


def in_c(code: str, url: str, home: Path) -> str:
    """Compile a program with all warnings as errors, and run it."""
    gcc = tool("gcc")
    source = home / "page.c"
    source.write_text(code)
    wanted = ("-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", "-Wno-unused-result")
    finished(gcc, *wanted, "-o", home / "page", source, cwd=home)
    return finished(home / "page", str(urlsplit(url).port), APP_ID, cwd=home)


def in_shell(code: str, url: str, home: Path) -> str:
    """Run a script of the shell."""
    return finished("sh", "-ec", at(code.replace("curl ", "curl -sS "), url), cwd=home)


RUNNERS: dict[str, Callable[[str, str, Path], str]] = {
    "js": in_node,
    "python": in_python,
    "php": in_php,
    "c": in_c,
    "sh": in_shell,
}
