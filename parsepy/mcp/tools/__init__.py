"""The table of tools: what each is made by, whether it changes something, and for whom it is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from parsepy.mcp.tools import classes, looking, objects, running


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """A line of the table. The tool has the function's name, docstring and parameters.

    ``writes``: offered only where writes are allowed, and logged; ``for_operators``: needs the
    master key or an administrator; ``is_local``: runs programs of the project's folder, so only
    where the server was started for one person (stdio).
    """

    function: Callable[..., Awaitable[Any]]
    writes: bool = False
    for_operators: bool = False
    is_local: bool = False

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.function.__name__


TOOLS = (
    ToolEntry(classes.list_classes),
    ToolEntry(classes.describe_class),
    ToolEntry(classes.validate_schema),
    ToolEntry(classes.diff_schema),
    ToolEntry(classes.apply_schema, writes=True, for_operators=True),
    ToolEntry(objects.query_objects),
    ToolEntry(objects.get_object),
    ToolEntry(objects.count_objects),
    ToolEntry(objects.aggregate_objects, for_operators=True),
    ToolEntry(objects.create_object, writes=True),
    ToolEntry(objects.update_object, writes=True),
    ToolEntry(objects.delete_object, writes=True),
    ToolEntry(running.list_jobs_and_functions),
    ToolEntry(running.call_function, writes=True),
    ToolEntry(running.run_job, writes=True, for_operators=True),
    ToolEntry(running.run_cloud_tests, for_operators=True, is_local=True),
    ToolEntry(looking.read_logs, for_operators=True),
    ToolEntry(looking.security_report, for_operators=True),
    ToolEntry(looking.explain_refusal, for_operators=True),
    ToolEntry(looking.attempt_write, writes=True, for_operators=True),
    ToolEntry(classes.generate_client_code),
    ToolEntry(looking.search_docs),
)
