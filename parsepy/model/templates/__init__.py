"""Schema templates: JSON class definitions, read with their line numbers, checked and merged.

Every problem of every file is collected before ``TemplateError`` is raised. How files merge:

* classes, fields, indexes and roles unite; two types (or targets), default values or key sets
  for one name are a conflict that names both files;
* a field is required only if every file that defines the class (that has ``fields`` for it)
  requires it, so that clients written for one file keep working when another one is added. In
  return, a file that adds a field to a class must repeat the required ones it wants to keep;
* a class is live (clients may subscribe to it) if any file says ``"liveQuery": true``;
* class-level permissions in one file are used; in several, they must be equal, except
  ``protectedFields``, whose lists unite, because a file can only name the fields it knows. A
  file that lacks a key counts with its ``*`` list there: merging never shows what one file hides.
"""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from pathlib import Path

from parsepy.model.templates.complaints import Complaints
from parsepy.model.templates.declarations import Declarations
from parsepy.model.templates.merging import Template, TemplateRole, merge
from parsepy.model.templates.names import ALIASES, MEANT
from parsepy.model.templates.notes import ClassNotes, FieldNotes
from parsepy.model.templates.problems import Problem, TemplateError

__all__ = [
    "ALIASES",
    "MEANT",
    "ClassNotes",
    "FieldNotes",
    "Problem",
    "Template",
    "TemplateError",
    "TemplateRole",
    "load",
    "parse",
]


def load(paths: Sequence[Path], more: Sequence[tuple[str, str]] = ()) -> Template:
    """Read, check and merge template files, and ``more`` of them as (name, JSON text).

    Raises ``TemplateError`` with all problems.
    """
    declarations = Declarations(Complaints())
    for path in paths:
        file = str(path)
        data = b""
        try:
            data = path.read_bytes()
            declarations.read(file, data.decode(_encoding(data)))
        except OSError as error:
            declarations.complaints.fail(Problem(file, 0, "", error.strerror or str(error)))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            declarations.complaints.fail(Problem(file, line, "", "not UTF-8 text"))
    for file, text in more:
        declarations.read(file, text)
    return merge(declarations)


def _encoding(data: bytes) -> str:
    # Windows' PowerShell writes what a program answers as UTF-16, with a mark at its beginning
    return "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"


def parse(sources: Sequence[tuple[str, str]]) -> Template:
    """Check and merge templates given as (file name, JSON text); raises ``TemplateError``."""
    declarations = Declarations(Complaints())
    for file, text in sources:
        declarations.read(file, text)
    return merge(declarations)
