"""What a schema says, for people and tools: sentences, diagrams, dictionaries, OpenAPI.

Pure: made of classes as `/schemas` shows them, and of the notes of templates.
"""

from parsepy.descriptions.code import (
    TECHNOLOGIES,
    Snippets,
    first_request,
    names_only,
    origin_of,
    snippets,
)
from parsepy.descriptions.diagram import (
    FlowStep,
    entity_diagram,
    flow_diagram,
    general_flow,
    steps_of,
)
from parsepy.descriptions.dictionary import ClassEntry, ColumnEntry, entries_of
from parsepy.descriptions.exporting import template_of
from parsepy.descriptions.openapi import Described, document
from parsepy.descriptions.rights import sentences, who_sees

__all__ = [
    "TECHNOLOGIES",
    "ClassEntry",
    "ColumnEntry",
    "Described",
    "FlowStep",
    "Snippets",
    "document",
    "entity_diagram",
    "entries_of",
    "first_request",
    "flow_diagram",
    "general_flow",
    "names_only",
    "origin_of",
    "sentences",
    "snippets",
    "steps_of",
    "template_of",
    "who_sees",
]
