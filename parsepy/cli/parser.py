"""How all commands are spelled and explained: one parser class, one form of help and of errors."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from parsepy.config.table import nearest

Run = Callable[[argparse.Namespace], int]
JSON_HELP = "print JSON, for programs"
_CHOICE = re.compile(r"argument (?P<what>[^:]+): invalid choice: '(?P<word>[^']*)'")


def later(module: str, function: str = "command") -> Run:
    """A command whose module is loaded when it runs: help and completion are quick so."""

    def run(args: argparse.Namespace) -> int:
        command: Run = getattr(import_module(f"parsepy.cli.{module}"), function)
        return command(args)

    return run


class CommandHelp(argparse.RawDescriptionHelpFormatter):
    """Shows one spelling of a flag, though each has Parse's camelCase as well; keeps lists."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        longs = [name for name in action.option_strings if name.startswith("--")]
        if len(longs) < 2:
            return super()._format_action_invocation(action)
        shown = argparse.Action(longs[:1], action.dest, nargs=action.nargs, metavar=action.metavar)
        return super()._format_action_invocation(shown)


class CommandParser(argparse.ArgumentParser):
    """Tells of a slip in one line, with the nearest word, on standard error; then exits with 2."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=CommandHelp, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """End with what is wrong; where a word is missing, with the words that there are."""
        if message.endswith(("required: COMMAND", "required: ACTION")):
            self.print_help(sys.stderr)
            self.exit(2)
        self.exit(2, f"parsepy: {self._told(message)}\nSee `{self.prog} --help`.\n")

    def _told(self, message: str) -> str:
        wrong = _CHOICE.match(message)
        if wrong is None:
            return message
        names = self._choices_of(wrong["what"])
        near = nearest(wrong["word"], names)
        kinds = {"COMMAND": "command", "ACTION": f"action of `{self.prog}`"}
        what = kinds.get(wrong["what"], wrong["what"].lower())
        meant = f": did you mean {near}?" if near else f"; there are {', '.join(names)}"
        return f"there is no {what} {wrong['word']}{meant}"

    def _choices_of(self, what: str) -> Sequence[str]:
        for action in self._actions:
            named = {action.metavar, action.dest, "/".join(action.option_strings)}
            if action.choices is not None and what in named:
                return [str(choice) for choice in action.choices]
        return []


def add_command(
    parts: Any,
    name: str,
    about: str,
    run: Run | None = None,
    *,
    more: str = "",
    examples: Sequence[str] = (),
    codes: Sequence[tuple[int, str]] = (),
    json: bool = False,
) -> CommandParser:
    """Add a command to those of ``parts``.

    ``about`` is its line in a list, ``more`` what its own help says besides; ``examples`` are
    command lines without ``parsepy``; ``codes`` are the exit codes that mean more than 0, 1 and 2
    do everywhere; ``json``: it has ``--json``. A group of commands has no ``run``.
    """
    sentence = f"{about[0].upper()}{about[1:]}."
    end = [f"  parsepy {line}" for line in examples]
    if end:
        end.insert(0, "examples:")
    if codes:
        end += ["", "exit codes:", *(f"  {code}  {meaning}" for code, meaning in codes)]
    made: CommandParser = parts.add_parser(
        name,
        help=about,
        description=f"{sentence} {more}".strip(),
        epilog="\n".join(end) or None,
    )
    if run is not None:
        made.set_defaults(run=run)
    if json:
        made.add_argument("--json", action="store_true", help=JSON_HELP)
    return made


def add_group(parts: Any, name: str, about: str) -> Any:
    """Add a group of commands; what actions are added to."""
    group = add_command(parts, name, about)
    group.epilog = f"`parsepy {name} ACTION --help` prints what an action takes, with examples."
    return group.add_subparsers(title="actions", required=True, metavar="ACTION")
