"""`parsepy new` and `init` make a project; `parsepy prompt` prints the prompt of an app."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from parsepy.cli.client_code import classes_of
from parsepy.cli.configuration import packaged
from parsepy.cli.messages import StartError

if TYPE_CHECKING:
    from parsepy.projects import Project

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
PROMPT_FILE = "prompt.txt"


def command(args: argparse.Namespace) -> int:
    """Make the folder of a project; print what of its prompt was not read."""
    folder: Path = args.name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StartError(
            f"new: {folder} is there already, and not empty; `parsepy init` works in such a folder"
        )
    return _make(folder, args)


def init(args: argparse.Namespace) -> int:
    """Make a project of the working directory; files that are there stay as they are."""
    return _make(Path(), args)


def _make(folder: Path, args: argparse.Namespace) -> int:
    from parsepy import projects, prompts

    name = folder.resolve().name
    if _NAME.fullmatch(name) is None:
        raise StartError(f"{name!r} can't be the name of a project; use letters, digits, - _ .")
    project = _project(name, args)
    made: list[str] = []
    kept: list[str] = []
    for path, text in projects.files_of(project).items():
        target = folder / path
        if target.exists():
            kept.append(str(target))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        made.append(str(target))
    prompt = project.prompt
    unclear = [f"{args.prompt or 'prompt'}, {one}" for one in (prompt.unclear if prompt else ())]
    notes = list(prompts.remarks(prompt)) if prompt is not None else []
    if args.json:
        told = {"made": made, "kept": kept, "notRead": unclear, "notes": notes}
        print(json.dumps(told, indent=2))
        return 0
    for lead, lines in (
        *(("made", made), ("kept as it is:", kept)),
        *(("not read:", unclear), ("note:", notes)),
    ):
        for line in lines:
            print(f"{lead} {line}")
    enter = "" if folder == Path() else f"  cd {folder}\n"
    print(f"\nNext:\n\n{enter}  parsepy serve --watch\n  pytest")
    return 0


def _project(name: str, args: argparse.Namespace) -> Project:
    from parsepy import projects, prompts
    from parsepy.model import templates

    if args.prompt is not None or args.template in (None, "blank"):
        text = projects.BLANK if args.prompt is None else _text(args.prompt)
        prompt = prompts.read(text)
        if not prompt.classes:
            for unclear in prompt.unclear:
                print(f"not read: {args.prompt}, {unclear}", file=sys.stderr)
            raise StartError(f"new: {args.prompt} describes no class")
        schema = prompts.template_text(prompts.template_json(prompt))
        classes = templates.parse([(f"schema/{name}.json", schema)]).classes
        return projects.Project(
            name, classes, {f"{name}.json": schema}, prompt=prompt, prompt_text=text
        )
    file, cloud = Path(args.template), {}
    ours = packaged() / f"{args.template}.json"
    if ours.is_file():
        file, cloud = ours, _python_in(packaged("cloud"))
    classes = templates.load([file]).classes
    return projects.Project(name, classes, {file.name: _text(file)}, cloud)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StartError(f"{file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise StartError(f"{file}: not UTF-8 text") from error


def _python_in(folder: Path) -> dict[str, str]:
    return {file.name: _text(file) for file in sorted(folder.glob("*.py"))}


# --- the prompt of an app -----------------------------------------------------------------------


def print_prompt(args: argparse.Namespace) -> int:
    """Print the prompt of template files or of the database, with what `prompt.txt` says beside."""
    from parsepy import prompts

    written = Path(PROMPT_FILE)
    known = prompts.read(_text(written)) if written.is_file() else None
    title = "Create a backend on parsepy with exactly this schema and behavior."
    print(prompts.write(prompts.prompt_of(classes_of(args), known, title)), end="")
    return 0
