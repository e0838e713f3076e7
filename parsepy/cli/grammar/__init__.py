"""Every command of `parsepy`, with its arguments and its help."""

from parsepy.cli.grammar.data import add_data
from parsepy.cli.grammar.lookers import add_lookers
from parsepy.cli.grammar.people import add_people
from parsepy.cli.grammar.schema import add_schema
from parsepy.cli.grammar.start import add_start
from parsepy.cli.grammar.writers import add_writers
from parsepy.cli.parser import CommandParser
from parsepy.version import __version__

_END = """\
a first try:   parsepy new notes && cd notes && parsepy serve
of a command:  parsepy COMMAND --help prints its arguments, with examples
options:       parsepy show options WORD finds one by a word of its line;
               parsepy config check config.json finds what is wrong with yours
exit codes:    0 done; 1 it can't be done, or a check found problems; 2 a slip
               in the command line; 130 broken off
Results go to standard output, all else to standard error. docs/cli.md has more.
"""


def make_parser() -> CommandParser:
    """Make the parser of the whole command line."""
    parser = CommandParser(
        prog="parsepy", description="A Parse-compatible backend server.", epilog=_END
    )
    parser.add_argument("--version", action="version", version=f"parsepy {__version__}")
    parts = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (add_start, add_schema, add_data, add_people, add_writers, add_lookers):
        add(parts)
    return parser
