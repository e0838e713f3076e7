"""Messages of the command about errors."""

import re
import sys

from parsepy.cli.problems import with_lines
from parsepy.config import ConfigError

_OWN_ONE = " Without databaseURI a MongoDB of our own is started (the extra `embedded`)"


class StartError(Exception):
    """A command cannot continue; the message is for the user."""


def warn(message: str) -> None:
    """Print a warning on standard error."""
    print(f"parsepy: warning: {message}", file=sys.stderr)


def explained(error: Exception) -> str | None:
    """Write the message for an error that the user can mend; None for a fault of parsepy."""
    if isinstance(error, ConfigError):
        if len(error.problems) == 1:
            return "\n".join(with_lines(error.problems))
        lines = "".join(f"\n  {line}" for line in with_lines(error.problems))
        return f"the configuration has {len(error.problems)} problems:{lines}"
    if isinstance(error, StartError):
        return str(error)
    from pymongo.errors import PyMongoError

    from parsepy.cloud.loader import CloudError
    from parsepy.errors import ParseError
    from parsepy.model.templates import TemplateError
    from parsepy.operations.schemas import SchemaConflict
    from parsepy.storage import Unavailable
    from parsepy.storage.embedded import EmbeddedMongoError

    if isinstance(error, SchemaConflict):
        lines = "".join(f"\n  {line}" for line in error.lines)
        return f"the schema templates don't fit the database:{lines}"
    if isinstance(error, TemplateError):
        lines = "".join(f"\n  {problem}" for problem in error.problems)
        return f"the schema templates can't be used:{lines}"
    if isinstance(error, PyMongoError | Unavailable):
        told = of_database(str(error))
        return f"the database can't be used: {told}{_OWN_ONE if told.endswith('?') else ''}"
    if isinstance(error, EmbeddedMongoError | ParseError | CloudError):
        return str(error)
    return None


def of_database(text: str) -> str:
    """What the driver says of a database that does not answer, and what to do."""
    reason = re.sub(r" \(configured timeouts:[^)]*\)", "", text.split(", Timeout:")[0])
    if "Primary()" in reason:
        return (
            "it answers, but is no primary; a mongod that was started with --replSet needs once "
            "`mongosh --eval 'rs.initiate()'`"
        )
    reason = reason.split(", full error:")[0].rstrip(".")
    if "uthentication failed" in reason:
        return f"{reason}; look at name, password and authSource in databaseURI"
    if reason.startswith("Invalid URI"):
        return f'{reason}; write "databaseURI": "mongodb://localhost:27017/parse"'
    refused = re.match(r"(\S+:\d+): .*(?:refused|Connect call failed)", reason)
    if refused is not None:
        reason = f"nothing answers at {refused[1]}"
    return f"{reason}; is it running, and databaseURI right?"
