"""`parsepy show`: print one of the tables that the code is built of."""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from parsepy.config import OPTIONS, Option

Row = tuple[str, ...]


def show(args: argparse.Namespace) -> int:
    """Print a table; return 1 if words were asked for that no row has."""
    title, *rows = TABLES[args.table]()
    words = [word.lower() for word in args.words]
    found = [row for row in rows if _has_words(row, words)]
    if args.json:
        names = [name.lower() for name in title]
        print(json.dumps([dict(zip(names, row, strict=True)) for row in found], indent=2))
    elif found:
        print_table([title, *found], is_narrow=True)
    if not found:
        print(f"parsepy: no row of {args.table} has {' '.join(args.words)}", file=sys.stderr)
    return 0 if found else 1


def _has_words(row: Sequence[object], words: Sequence[str]) -> bool:
    text = " ".join(str(cell) for cell in row).lower()
    return all(word in text for word in words)


def print_table(
    table: Iterable[Sequence[object]], indent: str = "", *, is_narrow: bool = False
) -> None:
    """Print rows with aligned columns; None is an empty cell.

    On a terminal that is too narrow each row gets lines of its own; with ``is_narrow`` also where
    there is none, for 80 columns, or as many as COLUMNS says.
    """
    rows = [tuple("" if cell is None else str(cell) for cell in row) for row in table]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    has_width = is_narrow or sys.stdout.isatty()
    room = shutil.get_terminal_size().columns if has_width else None
    if room is not None and len(indent) + sum(widths) + 2 * len(widths) > room:
        _print_blocks(rows, room)
        return
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"{indent}{'  '.join(cells)}".rstrip())


def _print_blocks(rows: Sequence[Row], room: int) -> None:
    """Print each row on lines of its own, for a terminal that is too narrow for the columns."""
    title, *others = rows
    for row in others:
        print(row[0])
        for name, cell in zip(title[1:], row[1:], strict=True):
            if cell:
                lead = f"    {name.lower()}: "
                print(textwrap.fill(cell, room, initial_indent=lead, subsequent_indent=" " * 8))


def _options() -> Iterator[Row]:
    def line(option: Option, group: Option | None = None) -> Row:
        name = f"{group.name}.{option.name}" if group else option.name
        default = "" if option.default is None else json.dumps(option.default)
        shown = default if len(default) <= 40 else f"{default[:37]}..."
        acts = option.acts and (group is None or group.acts)
        about = option.help if acts else f"{option.help} ({option.idle or 'not yet acted on'})"
        return name, shown, "" if group else option.env, about

    yield "OPTION", "DEFAULT", "VARIABLE", "WHAT"
    for option in OPTIONS:
        yield line(option)
        for member in option.members:
            yield line(member, option)


def _routes() -> Iterator[Row]:
    from parsepy.rest import routes

    yield "METHOD", "PATH"
    for route in routes():
        yield route.method, route.path


def _operators() -> Iterator[Row]:
    from parsepy.model.where import GROUPS, OPERATORS, RELATED_TO

    yield from _single("OPERATOR", (*OPERATORS, *GROUPS, RELATED_TO))


def _ops() -> Iterator[Row]:
    from parsepy.model.ops import FIELD_OPS

    yield from _single("OPERATION", FIELD_OPS)


def _classes() -> Iterator[Row]:
    from parsepy.model.schema import SYSTEM_COLUMNS
    from parsepy.operations.class_rules import RULES

    yield "CLASS", "RULES", "COLUMNS"
    for name, columns in SYSTEM_COLUMNS.items():
        yield name, "yes" if name in RULES else "", ", ".join(columns)


def _providers() -> Iterator[Row]:
    from parsepy.auth import PROVIDERS
    from parsepy.auth.options import shown_names
    from parsepy.auth.providers import BASES, GONE

    yield "PROVIDER", "BY", "OPTIONS", "EXTRA"
    named = {f'(any) "{name}": true': make for name, make in BASES.items()}
    for name, make in {**PROVIDERS, **named}.items():
        modes = " | ".join(getattr(make, "modes", ()))
        yield name, modes, ", ".join(shown_names(make)), getattr(make, "extra", "")
    for name, reason in GONE.items():
        yield name, f"not available: {reason}", "", ""


def _codes() -> Iterator[Row]:
    from parsepy.errors import Code
    from parsepy.http.failures import status_of

    yield "CODE", "NAME", "STATUS", "MEANING"
    for code in Code:
        yield str(code.value), code.name, str(status_of(code)), code.meaning


def _triggers() -> Iterator[Row]:
    from parsepy.triggers import CONFIG, FILE, TRIGGERS

    yield "TRIGGER", "DECORATOR", "FOR", "MAY CHANGE", "MAY REFUSE", "WHEN"
    for kind in TRIGGERS.values():
        targets = ["any class" if kind.of == "class" else kind.of]
        targets += [FILE] if kind.files else []
        targets += [CONFIG] if kind.config else []
        may = ["yes" if allowed else "" for allowed in (kind.may_change, kind.may_refuse)]
        yield kind.name, kind.decorator, ", ".join(targets), *may, kind.when


def _build() -> Iterator[Row]:
    import platform

    import orjson
    import pymongo

    from parsepy.storage import native
    from parsepy.version import __version__

    yield "PART", "IS"
    yield "parsepy", __version__
    yield "Python", platform.python_version()
    yield "PyMongo", pymongo.version
    yield "orjson", orjson.__version__
    yield "native reader", native.told()


def _single(title: str, names: Iterable[str]) -> Iterator[Row]:
    yield (title,)
    for name in names:
        yield (name,)


TABLES: dict[str, Callable[[], Iterable[Row]]] = {
    "options": _options,
    "routes": _routes,
    "operators": _operators,
    "ops": _ops,
    "classes": _classes,
    "providers": _providers,
    "codes": _codes,
    "triggers": _triggers,
    "build": _build,
}
