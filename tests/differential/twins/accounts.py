"""Cloud code about users for parsepy; accounts.js beside it does the same for Parse Server."""

from parsepy import Cloud, FoundRequest, Object, ParseError


@Cloud.after_find("_User")
async def hide(request: FoundRequest) -> list[Object]:
    """A note about a user is not shown to anybody."""
    for user in request.objects:
        if user.get("note") == "refused":
            raise ParseError(142, "not to be seen")
        user.unset("note")
        user.set("seen", True)
    return request.objects
