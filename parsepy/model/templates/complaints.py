"""Collect problems of templates, and check the shape of their values."""

from collections.abc import Sequence

from parsepy.model.templates.names import is_comment, suggest
from parsepy.model.templates.nodes import Node
from parsepy.model.templates.problems import Problem, TemplateError

KINDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


class Complaints:
    """The problems found while loading, of all files."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._files: dict[str, int] = {}

    def begin(self, file: str) -> None:
        """Sort problems of this file behind those of the files that began before it."""
        self._files.setdefault(file, len(self._files))

    def fail(self, problem: Problem) -> None:
        """Keep a problem for ``raise_any``."""
        self.begin(problem.file)
        self.problems.append(problem)

    def at(self, node: Node, where: str, reason: str) -> None:
        """Keep a problem with the value of a node; ``where`` names it."""
        self.fail(Problem(node.file, node.line, where, reason))

    def warn(self, node: Node, where: str, reason: str) -> None:
        """Keep a warning about what is accepted; ``where`` names it."""
        self.warnings.append(Problem(node.file, node.line, where, reason))

    def conflict(self, node: Node, where: str, first: Node, difference: str) -> None:
        """Keep a conflict of two files; the place of ``first`` is put behind ``difference``."""
        self.at(node, where, f"{difference} {first.file}:{first.line}")

    def check_record(self, node: Node, where: str, what: str, keys: Sequence[str]) -> bool:
        """Check that a value is an object and has only these keys; true if it is an object."""
        if not isinstance(node.value, dict):
            kind = KINDS[type(node.value)]
            self.at(node, where, f"{what} must be an object, not {kind}")
            return False
        for key, member in node.value.items():
            if key not in keys:
                self.unknown_key(key, member, where, keys)
        return True

    def unknown_key(self, key: str, member: Node, where: str, keys: Sequence[str]) -> None:
        """Refuse a key that looks like a slip; warn of another one, unless it is a comment."""
        if is_comment(key) or key == "comment":
            return
        near = suggest(key, keys)
        if near:
            self.at(member, where, f"unknown key {key!r}{near}")
        else:
            self.warn(member, where, f"unknown key {key!r}: left out")

    def member(self, record: Node, key: str, kind: type, where: str) -> Node | None:
        """Find a member of an object; None if it is missing. Another kind is None and a problem.

        Null is as good as missing; an empty list is an empty object, as PHP writes it.
        """
        member: Node | None = record.value.get(key)
        if member is None or member.value is None:
            return None
        if isinstance(member.value, kind):
            return member
        if kind is dict and member.value == []:
            return Node({}, member.file, member.line)
        kinds = KINDS[kind], KINDS[type(member.value)]
        self.at(member, where, f"{key!r} must be {kinds[0]}, not {kinds[1]}")
        return None

    def needed(self, record: Node, key: str, where: str, what: str) -> str | None:
        """Find a text that an object must have; None after a problem was kept."""
        if key not in record.value or record.value[key].value is None:
            self.at(record, where, f"{what} needs {key!r}")
            return None
        member = self.member(record, key, str, where)
        return member.value if member else None

    def raise_any(self) -> None:
        """Raise ``TemplateError`` if there are problems, in file and line order."""
        if self.problems:
            self.problems.sort(key=lambda p: (self._files[p.file], p.line, p.column))
            raise TemplateError(self.problems)
