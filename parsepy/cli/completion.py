"""`parsepy completion`: a script by which a shell completes commands, flags and files."""

from __future__ import annotations

import argparse
from pathlib import Path

from parsepy.cli.messages import StartError


def command(args: argparse.Namespace) -> int:
    """Print the script of a shell."""
    try:
        import shtab
    except ImportError as error:
        raise StartError("completion: needs the extra: pip install 'parsepy-server[cli]'") from (
            error
        )
    from parsepy.cli.grammar import make_parser

    parser = make_parser()
    _complete_files(parser, shtab.FILE)
    print(shtab.complete(parser, shell=args.shell))
    return 0


def _complete_files(parser: argparse.ArgumentParser, files: object) -> None:
    """Say of every argument that is a path how it is completed."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in dict.fromkeys(action.choices.values()):
                _complete_files(child, files)
        elif action.type is Path or action.metavar in ("FILE", "FOLDER"):
            action.complete = files  # type: ignore[attr-defined] # what shtab reads
