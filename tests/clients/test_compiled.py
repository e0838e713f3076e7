"""The guides of Android, iOS, .NET and Unity: their blocks compile against the SDKs' interfaces.

The SDKs themselves are in no registry that tests can use: `interfaces/` declares what the guides
use of them. `PARSE_ANDROID_JAR` and `PARSE_DOTNET_DLL` name an SDK's own build instead.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.blocks import blocks, finished, tool

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
INTERFACES = HERE / "interfaces"
GUIDES = HERE.parents[1] / "docs" / "clients"
OBJC = (
    "-x",
    "objective-c",
    "-fblocks",
    "-fsyntax-only",
    "-Wall",
    "-Wno-objc-root-class",
    "-Werror",
)

ANDROID = """\
import android.content.Context
import android.util.Log
import com.parse.*
import com.parse.livequery.*
import java.net.URI

class Shop : Context() {{
    val page = 0
    val sku = ParseObject("SKU")

    fun all() {{
{code}
    }}
}}
"""
DOTNET = """\
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Parse;
using Parse.Infrastructure;

class Shop {{
    async Task All() {{
{code}
    }}
}}
"""
UNITY = """\
using System.Collections.Generic;
using Parse;
using UnityEngine;

class Shop {{
    void All(ParseObject sku) {{
{code}
    }}
}}
"""
IOS = """\
#include "Parse.h"

void all(void) {{
{code}
}}
"""


def android(code: str, home: Path) -> str:
    """Compile Kotlin that a guide shows, as the body of one method of an application."""
    kotlinc, javac = tool("kotlinc"), tool("javac")
    sdk = os.environ.get("PARSE_ANDROID_JAR")
    if sdk is None:
        sdk = str(home / "sdk")
        sources = sorted((INTERFACES / "android").glob("*.java"))
        finished(javac, "-d", sdk, "-Xlint:-options", *sources, cwd=home)
    source = home / "Shop.kt"
    source.write_text(ANDROID.format(code=code))
    return finished(kotlinc, "-cp", sdk, "-d", home / "out", source, cwd=home)


def compile_csharp(code: str, home: Path, frame: str, interface: str) -> str:
    """Compile C# that a guide shows, as the body of one method, to a library."""
    mcs = tool("mcs")
    source = home / "Shop.cs"
    source.write_text(frame.format(code=code))
    sdk = os.environ.get("PARSE_DOTNET_DLL") if interface == "dotnet" else None
    against = f"-r:{sdk}" if sdk else INTERFACES / interface / "Parse.cs"
    # 1998, 4014: a block may leave a task to itself; 0649, 0219: what it keeps is the reader's.
    quiet = "-nowarn:1998,4014,0649,0219"
    wanted = ("-langversion:latest", "-target:library", quiet, f"-out:{home / 'shop.dll'}")
    return finished(mcs, *wanted, source, against, cwd=home)


def dotnet(code: str, home: Path) -> str:
    return compile_csharp(code, home, DOTNET, "dotnet")


def unity(code: str, home: Path) -> str:
    return compile_csharp(code, home, UNITY, "unity")


def ios(code: str, home: Path) -> str:
    """Check Objective-C that a guide shows, as the body of one function."""
    clang = tool("clang")
    source = home / "shop.m"
    source.write_text(IOS.format(code=code))
    return finished(clang, *OBJC, "-I", INTERFACES / "objc", source, cwd=home)


COMPILERS: dict[str, tuple[str, Callable[[str, Path], str]]] = {
    "android": ("kotlin", android),
    "dotnet": ("csharp", dotnet),
    "unity": ("csharp", unity),
    "ios": ("objc", ios),
}


def shown(name: str) -> str:
    """All blocks of a guide in its language, in order."""
    return "\n".join(blocks(GUIDES / f"{name}.md", COMPILERS[name][0]))


@pytest.mark.parametrize("name", COMPILERS)
def test_the_blocks_of_a_guide_compile(name: str, tmp_path: Path) -> None:
    COMPILERS[name][1](shown(name), tmp_path)


@pytest.mark.parametrize(
    ("name", "call", "misspelt"),
    [
        ("android", "whereGreaterThan(", "whereGreater("),
        ("android", "Event.UPDATE", "Event.UPDATED"),
        ("dotnet", "OrderBy(", "OrderedBy("),
        ("unity", 'LogInAsync("ann", ', "LogInAsync("),
        ("ios", "logInWithUsernameInBackground", "logInWithNameInBackground"),
    ],
)
def test_a_misspelt_call_does_not(name: str, call: str, misspelt: str, tmp_path: Path) -> None:
    code = shown(name)
    assert call in code
    with pytest.raises(AssertionError, match=r"(?i)error"):
        COMPILERS[name][1](code.replace(call, misspelt), tmp_path)
