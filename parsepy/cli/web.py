"""What browsers get from `parsepy serve` without an option: `public/`, and the demo's own pages."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from parsepy.config import Config, SiteOptions

if TYPE_CHECKING:
    from parsepy.sites import WebBuild

PUBLIC = "public"
_ISLANDS = "islands"  # the portal's own


def with_sites(config: Config, ours: Path) -> Config:
    """Add the sites that nobody has named: `public/` beside `cloud/`, and with `demo` ours.

    ``ours`` is the folder of the templates that come along: their pages come with them.
    """
    named = {site.path for site in config.sites}
    found = [site for site in _found(config, ours) if site.path not in named]
    return dataclasses.replace(config, sites=(*config.sites, *found)) if found else config


def _found(config: Config, ours: Path) -> Iterator[SiteOptions]:
    if config.cloud is not None:
        public = config.cloud.parent.parent / PUBLIC
        if config.cloud.parent.name == "cloud" and public.is_dir():
            yield SiteOptions(path="", folder=public)
    files: Sequence[Path] = config.schema.files if config.schema is not None else ()
    if config.demo and any(ours.resolve() in file.resolve().parents for file in files):
        yield from _built()


def _package() -> Path:
    return Path(__file__).resolve().parents[1]


def _built() -> Iterator[SiteOptions]:
    inside = _package() / "_web"
    if inside.is_dir():
        names, folder = [place.name for place in inside.iterdir() if place.is_dir()], inside
    else:
        names, folder = _workspaces(), workspace() / "dist"
    for name in sorted(names):
        if name != _ISLANDS:
            yield SiteOptions(
                path=f"/{name}",
                folder=folder / name,
                fallback="index.html",
                configuration="config.json",
            )


def workspace() -> Path:
    """The npm workspace of a checkout."""
    return _package().parent / "web"


def _workspaces() -> list[str]:
    try:
        known = json.loads((workspace() / "package.json").read_text(encoding="utf-8"))
        names = [str(name) for name in known["workspaces"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in names if (workspace() / name / "package.json").is_file()]


def web_build(config: Config) -> WebBuild | None:
    """What builds the pages of this checkout in the background; None where there is nothing to."""
    from parsepy.sites import WebBuild

    is_checkout = (workspace() / "package.json").is_file() and not (_package() / "_web").is_dir()
    return WebBuild(workspace()) if config.demo and config.build_web and is_checkout else None
