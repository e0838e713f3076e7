"""Cloud code of the replays for parsepy; main.js beside it does the same for Parse Server."""

from typing import Any

from parsepy import Cloud, FunctionRequest, ParseError


@Cloud.define("hello")
def hello(request: FunctionRequest) -> str:
    return f"Hello {request.params.get('name', 'nobody')}"


@Cloud.define("echo")
def echo(request: FunctionRequest) -> dict[str, Any]:
    return request.params


@Cloud.define("fail")
def fail(request: FunctionRequest) -> None:
    raise ParseError(142, "as asked")
