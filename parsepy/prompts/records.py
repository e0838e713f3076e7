"""What a structured prompt says, as records."""

from dataclasses import dataclass, field

SECTIONS = ("Schema", "Security", "Auth", "Behavior", "Deliver")
SYSTEM_FIELDS = ("objectId", "createdAt", "updatedAt")
STAFF = ("staff", "admin")
"""The roles that every project has; admins are staff, too."""


@dataclass(frozen=True, slots=True)
class PromptField:
    """A field of a class: Parse's type, the class that it points to, what an array holds."""

    name: str
    type: str = ""
    target: str | None = None
    required: bool = False
    holds_pointers: bool = False
    """Is it an array of pointers to ``target``? A schema can't say that."""


@dataclass(frozen=True, slots=True)
class PromptClass:
    """A numbered class, with its line; a built-in one lists names without types."""

    name: str
    fields: tuple[PromptField, ...]
    built_in: bool = False
    line: int = 0

    def pointers(self) -> tuple[PromptField, ...]:
        """The fields that point to one object."""
        return tuple(field for field in self.fields if field.type == "Pointer")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of Security that was understood: who may do what with which classes.

    ``who`` is a class, a role, ``*`` for anyone, ``users`` for whoever is signed in, or ``owner``.
    """

    who: str
    verbs: tuple[str, ...]
    classes: tuple[str, ...]
    is_only: bool
    is_role: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """What was not read: its line, its text, and why."""

    line: int
    text: str
    reason: str

    def __str__(self) -> str:
        return f'line {self.line}: "{self.text}": {self.reason}'


@dataclass(frozen=True, slots=True)
class Prompt:
    """A whole prompt. ``texts`` are the lines of each section as they stand, by its name."""

    title: str
    classes: tuple[PromptClass, ...]
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
    hidden: tuple[str, ...] = ()
    """Classes that clients apply by a code, and never read."""
    technologies: tuple[str, ...] = ()
    unclear: tuple[Unclear, ...] = ()

    def named(self, name: str) -> PromptClass | None:
        """The class of that name."""
        return next((one for one in self.classes if one.name == name), None)

    @property
    def people(self) -> tuple[str, ...]:
        """The classes whose objects are people: users, and whoever has a profile."""
        own = [statement.who for statement in self.statements if statement.who in statement.classes]
        return tuple(dict.fromkeys(["User", *own]))
