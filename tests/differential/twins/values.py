"""Cloud code about values for parsepy; values.js beside it does the same for Parse Server."""

from typing import Any

from parsepy import Cloud, FunctionRequest, SaveRequest

seen: dict[str, Any] = {}


@Cloud.before_save("Walked")
async def walk(request: SaveRequest) -> None:
    """Keep what the hook was shown."""
    item, original = request.object, request.original
    seen.update(
        lines=item.get("lines", "undefined"),
        box=item.get("box", "undefined"),
        dirtyLines=item.dirty("lines"),
        before="undefined" if original is None else original.get("lines", "undefined"),
    )


@Cloud.define("seen")
async def told(request: FunctionRequest) -> dict[str, Any]:
    """What the last hook was shown."""
    return seen
