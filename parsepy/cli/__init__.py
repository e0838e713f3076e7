"""The command `parsepy`. ``grammar`` has its commands; each has a module that runs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from parsepy.cli.grammar import make_parser
from parsepy.cli.messages import explained
from parsepy.cli.options import unexpected

DONE, FAILED, USED_WRONGLY, DECLINED = range(4)
"""Exit codes: done; it can't be done, or a check found problems; a slip in the command line, or
templates that conflict with the database; somebody who was asked said no."""
BROKEN_OFF = 130
"""The exit code of a command that Ctrl-C or SIGTERM ended before it was done."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code of the process."""
    parser = make_parser()
    if not (sys.argv[1:] if arguments is None else arguments):
        parser.print_help()
        return USED_WRONGLY
    args = argparse.Namespace()
    try:
        args, strange = parser.parse_known_args(arguments)
        if strange:
            print(f"parsepy: {unexpected(strange[0], args)}", file=sys.stderr)
            return USED_WRONGLY
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except KeyboardInterrupt:
        if getattr(args, "endless", False):  # how a server is meant to end
            return DONE
        print("parsepy: broken off", file=sys.stderr)
        return BROKEN_OFF
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        reason = explained(error)
        if reason is None:
            raise
        print(f"parsepy: {reason}", file=sys.stderr)
        return FAILED
