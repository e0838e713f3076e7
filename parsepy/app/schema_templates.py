"""The schema templates of one application, from files or from definitions in its options."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parsepy.config.groups import SchemaOptions
from parsepy.model import templates
from parsepy.model.values import JSONObject, dumps

log = logging.getLogger("parsepy")


def template_of(
    options: SchemaOptions, of_cloud_code: Sequence[JSONObject] = ()
) -> templates.Template:
    """Read and merge the schema templates of the option ``schema``, and those of cloud code.

    Raises ``TemplateError``.
    """
    defined = [
        (f'Cloud.define_schema("{item["className"]}")', dumps(item).decode())
        for item in of_cloud_code
    ]
    if options.definitions:
        text = dumps([_locked(thawed(item)) for item in options.definitions]).decode()
        return templates.parse([("schema.definitions", text), *defined])
    return templates.load(files_of(options), defined)


def files_of(options: SchemaOptions) -> tuple[Path, ...]:
    """List the template files of the option ``schema``; of a folder, those in it."""
    found = (sorted(p.glob("*.json")) if p.is_dir() else [p] for p in options.files)
    return tuple(file for files in found for file in files)


def _locked(definition: JSONObject) -> JSONObject:
    """Return a defined schema with the permissions that Parse Server would give it.

    Parse: what a definition does not grant is the master key's, and no client adds columns.
    """
    granted = definition.get("classLevelPermissions")
    if granted is None:
        name = definition.get("className")
        log.warning("schema.definitions: %s has no classLevelPermissions: it is closed", name)
    if granted is None or isinstance(granted, dict):
        granted = {**(granted or {}), "addField": {}}
    return {**definition, "classLevelPermissions": granted}


def thawed(value: Any) -> Any:
    """Return a frozen option as plain JSON values."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thawed(item) for item in value]
    return value
