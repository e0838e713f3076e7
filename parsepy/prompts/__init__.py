"""Structured prompts: a backend in numbered classes and plain sentences (docs/prompts.md).

Read without a model of language, by rules that are written down: what they do not cover is listed
line by line. Pure, as everything here: text in, text and JSON out.
"""

from parsepy.prompts.reading import read
from parsepy.prompts.records import Prompt, PromptClass, PromptField, Statement, Unclear
from parsepy.prompts.schema import (
    Ownership,
    kind_of,
    personal_classes,
    remarks,
    template_json,
    template_text,
)
from parsepy.prompts.writing import prompt_of, write

__all__ = [
    "Ownership",
    "Prompt",
    "PromptClass",
    "PromptField",
    "Statement",
    "Unclear",
    "kind_of",
    "personal_classes",
    "prompt_of",
    "read",
    "remarks",
    "template_json",
    "template_text",
    "write",
]
