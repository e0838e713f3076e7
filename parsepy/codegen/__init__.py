"""Client code from a schema: typed classes for TypeScript, Python, Dart, Swift and Kotlin.

Each language is one pure function from the classes to the text of one file. What a schema does
not tell (the elements of an array, the inside of an object) stays open in the types.
"""

from collections.abc import Callable, Sequence

from parsepy.codegen import dart, kotlin, python, swift, typescript
from parsepy.codegen.shapes import ClassShape, shapes_of

LANGUAGES: dict[str, Callable[[Sequence[ClassShape]], str]] = {
    "typescript": typescript.generate,
    "python": python.generate,
    "dart": dart.generate,
    "swift": swift.generate,
    "kotlin": kotlin.generate,
}
"""By the name of a language: what writes its file."""

__all__ = ["LANGUAGES", "ClassShape", "shapes_of"]
