"""``files_of``: every file of a new project, by its path."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parsepy import codegen, prompts
from parsepy.codegen import shapes_of
from parsepy.model.values import JSONObject
from parsepy.projects import pages
from parsepy.projects.hooks import main_py
from parsepy.projects.own_tests import reads_test_py, test_py
from parsepy.projects.shapes import ProjectClass, class_of
from parsepy.prompts import Ownership, Prompt
from parsepy.prompts.words import TECHNOLOGIES
from parsepy.prompts.writing import SYSTEM

BLANK = f"""\
Create a backend on parsepy with exactly this schema and behavior.

Schema:
1. Note: owner (Pointer to User, required), text (String, required); {SYSTEM}

Security:
- Only the owner can update/delete their notes. Validate in Cloud Code.

Auth:
- Sign-up, login, logout.

Behavior:
- Create notes, list notes.
"""
"""The prompt of a project that begins with nothing."""
_ENDINGS = {"typescript": "ts", "python": "py", "dart": "dart", "swift": "swift", "kotlin": "kt"}


@dataclass(frozen=True, slots=True)
class Project:
    """A project to be made: its name, its classes as `/schemas` shows them, and its sources.

    ``schema`` are template files by name; ``cloud`` the files of cloud code that come with a
    template (then none is written); ``prompt`` and its text, where there is one.
    """

    name: str
    classes: Sequence[JSONObject]
    schema: Mapping[str, str]
    cloud: Mapping[str, str] = field(default_factory=dict)
    prompt: Prompt | None = None
    prompt_text: str = ""


def files_of(project: Project) -> dict[str, str]:
    """The files of a project: path → text."""
    classes = _classes(project)
    files = {f"schema/{name}": text for name, text in project.schema.items()}
    if project.cloud:
        files |= {f"cloud/{name}": text for name, text in project.cloud.items()}
        files["cloud/tests/test_app.py"] = reads_test_py(classes)
    else:
        files["cloud/main.py"] = main_py(classes)
        files["cloud/classes.py"] = codegen.LANGUAGES["python"](shapes_of(project.classes))
        files["cloud/tests/test_app.py"] = test_py(classes)
    technologies = project.prompt.technologies if project.prompt is not None else ()
    for language in dict.fromkeys(TECHNOLOGIES[name.lower()] for name in technologies):
        if language != "python":
            text = codegen.LANGUAGES[language](shapes_of(project.classes))
            files[f"clients/classes.{_ENDINGS[language]}"] = text
    if project.prompt_text:
        files["prompt.txt"] = project.prompt_text
    public = next((one.name for one in classes if one.granted("find")[0]), None)
    files |= {
        ".gitignore": pages.GITIGNORE,
        "AGENTS.md": pages.agents_md(
            project.name, technologies, has_prompt=bool(project.prompt_text)
        ),
        "README.md": pages.readme_md(project.name, [one.name for one in classes]),
        "config.json": json.dumps(pages.config(project.name), indent=2) + "\n",
        "public/app.js": pages.APP_JS,
        "public/index.html": pages.index_html(project.name, public),
        "pyproject.toml": pages.pyproject_toml(project.name),
    }
    return dict(sorted(files.items()))


def _classes(project: Project) -> list[ProjectClass]:
    prompt = project.prompt
    people = ("User",) if prompt is None else tuple(sorted(prompts.personal_classes(prompt)))
    made = []
    for one in project.classes:
        named = None if prompt is None else prompt.named(str(one["className"]))
        holds = {f.name: f.target for f in named.fields if f.holds_pointers} if named else {}
        shape = class_of(one, people, {key: target for key, target in holds.items() if target})
        if prompt is not None and named is not None:
            is_hidden = prompts.kind_of(prompt, named) is Ownership.HIDDEN
            shape = ProjectClass(shape.name, shape.fields, shape.permissions, people, is_hidden)
        made.append(shape)
    return made
