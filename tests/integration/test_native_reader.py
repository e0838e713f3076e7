"""The native reader: built where it can be, used unless switched off, and safe in what it reads."""

import gc
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import Int64

from parsepy.model.schema import Field, make_schema
from parsepy.model.selection import ValueKind
from parsepy.model.values import PLAIN_TYPES, FieldType
from parsepy.storage.documents import file_url_of, plan_of
from parsepy.storage.native import SWITCH, is_built

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "parsepy" / "storage" / "native" / "reader.c"
FILE_URL = file_url_of("http://shop/parse", "shop")
built = pytest.mark.skipif(not is_built(), reason="the extension is not built")


def python(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this Python in the checkout."""
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def told(**environment: str) -> str:
    """What `parsepy show build` says of the reader."""
    done = python("-m", "parsepy", "show", "build", **environment)
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("native reader"))


@built
def test_it_is_used_unless_it_is_switched_off() -> None:
    assert told() == "native reader  used"
    assert told(**{SWITCH: "off"}) == f"native reader  built, but {SWITCH} is off"


def test_without_a_compiler_the_package_is_built_all_the_same(tmp_path: Path) -> None:
    words = ("-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path)
    source = tmp_path / "source"
    shutil.copytree(
        ROOT,
        source,
        ignore=shutil.ignore_patterns("node_modules", ".*", "*.so", "tests", "docs", "benchmarks"),
    )
    # of no web pages: npm would bring their packages anew
    done = python(*words, source, CC="no-such-compiler", PARSEPY_WEB_DIST="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the native reader was not built" in done.stdout + done.stderr
    assert [path.name.split("-", 2)[2] for path in tmp_path.glob("*.whl")] == ["py3-none-any.whl"]


SELECTED: Any = (
    (ValueKind.GLOBAL_ID, "objectId", b'"id":', True, b"Shop:"),
    (ValueKind.OBJECT, "p", b'"p":', False, {"t": b"{}"}),
)
MISSING: Any = (ValueKind.OBJECT, "p", b'"p":', True, {})


@built
def test_no_reference_is_lost() -> None:
    pointer = Field(FieldType("Pointer", "Tag"))
    schema = make_schema(
        "Shop", {"a": Field(PLAIN_TYPES["Object"]), "f": Field(PLAIN_TYPES["File"]), "p": pointer}
    )
    plan = plan_of(schema, FILE_URL)
    assert plan.native is not None
    row = {
        "_id": "x",
        "a": {"b": [1, 2.5, "c", b"d"]},
        "f": "x.png",
        "_p_p": "Tag$t",
        "_rperm": ["*"],
        "_wperm": [],
    }
    odd = {**row, "_auth_data_x": {}}
    good = bson.encode({"cursor": {"firstBatch": [row] * 50, "id": Int64(0)}, "ok": 1.0})
    late = bson.encode({"cursor": {"firstBatch": [row] * 9 + [odd], "id": Int64(0)}, "ok": 1.0})
    sizes = []
    for _ in range(3):
        for _ in range(1500):
            assert plan.native.objects(good) is not None
            assert plan.native.json(good) is not None
            assert plan.native.objects(late) is None
            assert plan.native.json(late) is None
            assert plan.native.pointers(good, "p") == {"t": 50}
            assert plan.native.json_with(good, {"p": {"t": b"{}"}}) is not None
            assert plan.native.json_by_id(good, b',"x":1', {"p": {}}) is not None
            assert plan.native.json_by_id(late, b',"x":1', {"p": {"t": b"{}"}}) is None
            assert plan.native.selected(good, SELECTED, b"[", b"]") is not None
            assert plan.native.selected_by_id(good, SELECTED) is not None
            assert plan.native.selected(good, (*SELECTED, SELECTED[0]), b"[", b"]") is not None
            assert plan.native.selected(good, (MISSING,), b"[", b"]") is None
        gc.collect()
        sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    # a lost dictionary for each row would be 30 MB for every pass
    assert sizes[2] - sizes[0] < 8_000


@pytest.mark.slow
def test_sanitizers_find_nothing_in_mutated_replies(tmp_path: Path) -> None:
    gcc = shutil.which("gcc")
    if gcc is None or sys.platform != "linux":
        pytest.skip("needs gcc on Linux")
    libraries = []
    for name in ("libasan.so", "libubsan.so"):
        found = subprocess.check_output([gcc, f"-print-file-name={name}"], text=True).strip()
        if not Path(found).is_absolute():
            pytest.skip(f"gcc has no {name}")
        libraries.append(found)
    include = python("-c", "import sysconfig; print(sysconfig.get_path('include'))").stdout.strip()
    extension = tmp_path / "_reader.abi3.so"
    checks = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    flags = ("-g", "-O1", "-shared", "-fPIC", *checks)
    subprocess.run([gcc, *flags, f"-I{include}", SOURCE, "-o", extension, "-lm"], check=True)
    done = python(
        "-m",
        "tests.integration.native_fuzz",
        extension,
        "10",
        "1",
        LD_PRELOAD=" ".join(libraries),
        ASAN_OPTIONS="detect_leaks=0",
        PYTHONMALLOC="malloc",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    calls, left = map(int, done.stdout.split())
    assert calls > 10_000
    assert 0 < left < calls
