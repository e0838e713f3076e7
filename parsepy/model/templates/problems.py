"""Problems of templates, and the exception that lists them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a template; ``line`` and ``column`` count from 1, 0 is unknown."""

    file: str
    line: int
    where: str
    reason: str
    column: int = 0

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        # Names come from the file: control characters must not reach a terminal.
        where = "".join(c if c.isprintable() else repr(c)[1:-1] for c in self.where)
        return ": ".join(part for part in (place, where, self.reason) if part)


class TemplateError(Exception):
    """The templates cannot be used; ``problems`` lists why, in the order of files and lines."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
