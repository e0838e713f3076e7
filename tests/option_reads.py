"""Which options the code reads: found in syntax trees, so that a common name alone is no proof."""

import ast
from collections.abc import Iterator

from parsepy.config import Option

CONFIGS = {"config", "_config"}
"""What the record of all options is called wherever it is read."""


class Source:
    """A module: the attributes it reads of what, the texts in it, what it binds and annotates."""

    def __init__(self, text: str) -> None:
        self.read: dict[str, set[str]] = {}  # an attribute → the last names that it is read of
        self.texts: set[str] = set()
        self.bound: list[tuple[str, set[str]]] = []  # a name, and the attributes in its value
        self.annotated: list[tuple[str, str]] = []
        for node in ast.walk(ast.parse(text)):
            self._take(node)

    def _take(self, node: ast.AST) -> None:
        match node:
            case ast.Attribute(value=value, attr=attribute):
                self.read.setdefault(attribute, set()).add(last(value))
            case ast.Constant(value=str() as text):
                self.texts.add(text)
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                self.annotated.append((name, ast.unparse(annotation)))
            case ast.AnnAssign(target=declared, annotation=annotation):
                self.annotated.append((last(declared), ast.unparse(annotation)))
        for target, value in bindings(node):
            attributes = {n.attr for n in ast.walk(value) if isinstance(n, ast.Attribute)}
            self.bound.append((last(target), attributes))

    def reads(self, option: Option) -> bool:
        """Is this option of the first level read here, as `config.attribute`?"""
        return not CONFIGS.isdisjoint(self.read.get(option.attribute, ()))

    def reads_member(self, group: Option, member: Option) -> bool:
        """Is an option inside of `group` read here: of what holds the group, or by its name?"""
        holders = self.holders(group)
        if not holders.isdisjoint(self.read.get(member.attribute, ())):
            return True
        # by a table of attributes, for getattr
        return member.attribute in self.texts and len(holders) > 1

    def holders(self, group: Option) -> set[str]:
        """Return the names that hold the group's record here: by annotation, or read from it."""
        record = group.check.record
        assert record is not None
        return {
            group.attribute,
            *(name for name, annotation in self.annotated if record.__name__ in annotation),
            *(name for name, attributes in self.bound if group.attribute in attributes),
        }


def bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Give what a node binds, target and value; `a, b = c, d` binds twice."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            yield from zip(targets, values, strict=False)
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield target, value


def last(expression: ast.expr) -> str:
    """Return the last name of `a.b.c`; nothing of what is no name."""
    match expression:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
