"""The page in place of a site that is not built: that it is being built, or what failed."""

import html

from starlette.responses import HTMLResponse, Response

from parsepy.sites.building import WebBuild

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{again}<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
{more}</main>
</body>
</html>
"""
_AGAIN = '<meta http-equiv="refresh" content="2">\n'
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


def answer(build: WebBuild) -> Response:
    """Make the page; it reloads itself while the build goes on."""
    if build.failure is not None:
        title, text = "This page could not be built", "The server runs all the same. What failed:"
        more = f"<pre>{html.escape(build.failure)}</pre>\n"
    else:
        title = "This page is being built"
        text, more = f"It appears here by itself: {html.escape(build.doing)}.", ""
    again = _AGAIN if build.failure is None else ""
    page = _PAGE.format(again=again, title=title, text=text, more=more)
    headers = {
        "cache-control": "no-store",
        "content-security-policy": _POLICY,
        "x-content-type-options": "nosniff",
    }
    if build.failure is None:
        headers["retry-after"] = "2"
    return HTMLResponse(page, 503, headers)
