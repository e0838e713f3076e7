"""Generated types, by the checkers of their languages: tsc, mypy, pyright."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from parsepy import codegen
from parsepy.cli import main
from parsepy.cli.grammar.writers import LANGUAGES
from parsepy.model import templates
from tests.peer import REFERENCE, installed

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCHEMAS = {
    "everything": HERE / "every_type.json",
    "odd": HERE / "odd_names.json",
    "ecommerce": ROOT / "schema" / "ecommerce.json",
    "shopping": ROOT / "schema" / "shopping.json",
}


def written(language: str, folder: Path, ending: str) -> list[Path]:
    """The files of all schemas in a language, made by the command."""
    files = []
    for name, schema in SCHEMAS.items():
        files.append(folder / f"{name}.{ending}")
        assert main(["types", language, str(schema), "--output", str(files[-1])]) == 0
    return files


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
@pytest.mark.node
def test_tsc_accepts_the_classes_and_refuses_what_no_class_has(tmp_path: Path) -> None:
    modules = installed(HERE) / "node_modules"
    files = written("typescript", tmp_path, "ts")
    (tmp_path / "check.ts").write_text((HERE / "check.ts").read_text())
    sdk = installed(REFERENCE) / "node_modules" / "parse"
    options = {
        "strict": True,
        "noEmit": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "skipLibCheck": True,
        "types": [],
        "lib": ["es2022", "dom"],
        "paths": {"parse": [f"{sdk}/types/index.d.ts"]},
    }
    names = ["check.ts", *(file.name for file in files)]
    (tmp_path / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "files": names})
    )
    outcome = run("node", modules / "typescript" / "bin" / "tsc", cwd=tmp_path)
    assert (outcome.stdout, outcome.returncode) == ("", 0)


# --- Python -------------------------------------------------------------------------------------


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    """A file of hooks beside the classes that they use."""
    written("python", tmp_path, "py")
    file = tmp_path / "hooks.py"
    file.write_text((HERE / "hooks.py").read_text())
    return file


def refusals() -> set[int]:
    """The lines that a checker must refuse."""
    lines = (HERE / "hooks.py").read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}


def complained(text: str, pattern: str) -> dict[int, str]:
    """By line of the file of hooks, what was said of it."""
    found: dict[int, str] = {}
    for line in text.splitlines():
        match = re.search(pattern, line)
        if match is not None:
            found.setdefault(int(match[1]), line)
    return found


@pytest.mark.slow
def test_mypy_accepts_the_classes_and_refuses_wrong_hooks(hooks: Path) -> None:
    (hooks.parent / "mypy.ini").write_text(f"[mypy]\nstrict = true\nmypy_path = {ROOT}\n")
    files = [f"{name}.py" for name in SCHEMAS]
    outcome = run(sys.executable, "-m", "mypy", "hooks.py", *files, cwd=hooks.parent)
    errors = [line for line in outcome.stdout.splitlines() if ": error:" in line]
    assert [line for line in errors if not line.startswith("hooks.py")] == []
    found = complained("\n".join(errors), r"^hooks\.py:(\d+): error")
    assert found.keys() == refusals(), outcome.stdout


@pytest.mark.slow
@pytest.mark.node
def test_pyright_accepts_the_classes_and_refuses_wrong_hooks(hooks: Path) -> None:
    modules = installed(HERE) / "node_modules"
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT)], "pythonVersion": "3.11"}
    # what an untyped value of an open field brings is no matter of these types
    settings |= dict.fromkeys(("reportUnknownMemberType", "reportUnusedFunction"), "none")
    (hooks.parent / "pyrightconfig.json").write_text(json.dumps(settings))
    files = [f"{name}.py" for name in SCHEMAS]
    command: list[str | Path] = [
        "node",
        modules / "pyright" / "index.js",
        "--pythonpath",
        sys.executable,
    ]
    outcome = run(*command, "--outputjson", "hooks.py", *files, cwd=hooks.parent)
    said = json.loads(outcome.stdout)["generalDiagnostics"]
    errors = [
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1, one["message"])
        for one in said
        if one["severity"] == "error"
    ]
    assert [error for error in errors if error[0] != "hooks.py"] == []
    assert {line for _, line, _ in errors} == refusals(), errors


async def test_the_classes_work_in_cloud_code(parse_app, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    cloud = tmp_path / "cloud"
    cloud.mkdir()
    written("python", cloud, "py")
    (cloud / "main.py").write_text(
        "from everything import Everything\n"
        "from parsepy import Cloud, SaveRequest\n\n"
        "@Cloud.before_save(Everything)\n"
        "async def check(request: SaveRequest[Everything]) -> None:\n"
        "    assert type(request.object) is Everything\n"
        "    request.object.set('number', len(request.object.get('text')))\n"
    )
    app = await parse_app(cloud=cloud / "main.py", schema=[SCHEMAS["everything"]])
    made = await app.master.create("Everything", {"text": "abc"})
    assert made["number"] == 3


# --- the others ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_and_field_is_there(language: str) -> None:
    classes = codegen.shapes_of(templates.load([SCHEMAS["everything"]]).classes)
    text = codegen.LANGUAGES[language](classes)
    for field in (field for shape in classes if not shape.is_system for field in shape.fields):
        assert re.search(rf"\b{field.name}\b", text), field
    assert text.count("{") == text.count("}")
    assert text.count("(") == text.count(")")


def test_the_command_knows_the_languages_that_there_are() -> None:
    assert tuple(codegen.LANGUAGES) == LANGUAGES


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("dart", ["String? get text => get<String>(keyText);", "String? get class_ =>"]),
        ("swift", ["struct DateObject: ParseObject {", 'static var className: String { "Date" }']),
        ("swift", ["var parent: Pointer<Everything>?", "var `class`: String?"]),
        ("kotlin", ['@ParseClassName("Date")\nclass DateObject : ParseObject()', "var `class`:"]),
    ],
)
def test_names_that_a_language_has_already_are_written_otherwise(
    language: str, lines: list[str]
) -> None:
    classes = codegen.shapes_of(templates.load([SCHEMAS["everything"]]).classes)
    text = codegen.LANGUAGES[language](classes)
    for line in lines:
        assert line in text
