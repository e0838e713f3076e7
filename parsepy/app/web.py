"""The doors for browsers: the portal, sites, and what answers at the root."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from parsepy.app.doors import Door
from parsepy.app.graphql import sdl_of
from parsepy.backend import Backend
from parsepy.http.asgi import ASGIApplication, ASGIScope, Receive, Send
from parsepy.http.limits import Limits
from parsepy.rest import described_routes

if TYPE_CHECKING:
    from parsepy.sites import WebBuild


class _FrontPage:
    """Answers ``/`` itself by one application, everything else by another."""

    def __init__(self, page: ASGIApplication, otherwise: ASGIApplication) -> None:
        self._page = page
        self._otherwise = otherwise

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        is_page = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")
        await (self._page if is_page else self._otherwise)(scope, receive, send)


def web_doors(
    backend: Backend,
    limits: Limits,
    rest: ASGIApplication,
    *,
    listeners: Callable[[], int],
    build: "WebBuild | None",
) -> tuple[Door, ...]:
    """List the doors behind those of the APIs; the last one takes all, as ``rest`` does alone.

    With neither a portal nor sites it is the only one.
    """
    config = backend.config
    if not config.sites and not config.has_portal:
        return (Door("", rest),)
    # loaded only where there is one of them
    from parsepy.portal import OPENAPI, PATH, PortalDoor, islands_folder
    from parsepy.sites import StaticSite

    mount, last = config.mount_path.rstrip("/"), rest
    # a path: pages ask the server that they come from, which is all that their policy allows
    told = {"applicationId": config.app_id, "serverURL": config.mount_path.rstrip("/") or "/"}
    doors: list[Door] = []
    for site in sorted(config.sites, key=lambda site: -len(site.path)):
        inside = build is not None and site.folder.is_relative_to(build.output)
        if site.path:
            made = StaticSite(site, build=build if inside else None, configuration=told)
            doors.append(Door(site.path, made))
    if config.has_portal:
        portal = PortalDoor(
            backend,
            limits,
            routes=described_routes(),
            listeners=listeners,
            sdl=sdl_of(backend) if config.mount_graphql else None,
            islands=islands_folder(),
            build=build,
        )
        doors += [Door(PATH, portal), Door(OPENAPI, portal)]
        last = _FrontPage(portal, rest) if mount else rest
    for site in config.sites:
        if not site.path:
            last = StaticSite(site, otherwise=last, configuration=told)
    if mount:  # the API's requests ask no site first
        doors.insert(0, Door(mount, rest))
    return (*doors, Door("", last))
