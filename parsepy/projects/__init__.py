"""New projects: every file of one, as text, from a schema and what its prompt says.

Pure: ``parsepy new`` writes the files. What is made passes its own tests, mypy and ruff.
"""

from parsepy.projects.files import BLANK, Project, files_of

__all__ = ["BLANK", "Project", "files_of"]
