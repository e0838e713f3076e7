"""The cloud functions of the recorded examples; the servers under test load this file."""

from typing import Any

from parsepy import Cloud, FunctionRequest, Object, ParseError, Query


@Cloud.function("hello")
async def hello(request: FunctionRequest) -> str:
    """Greet by name, or everybody."""
    return f"Hello {request.params.get('name') or 'world'}"


@Cloud.function("fail")
async def fail(request: FunctionRequest) -> None:
    """Refuse in Parse's way."""
    raise ParseError(141, "it failed")


@Cloud.function("failPlain")
async def fail_plain(request: FunctionRequest) -> None:
    """Fail otherwise."""
    raise ValueError("plain failure")


@Cloud.function("echo")
async def echo(request: FunctionRequest) -> dict[str, Any]:
    """Answer the parameters."""
    return dict(request.params)


@Cloud.function("answer")
async def answer(request: FunctionRequest) -> int:
    """Answer a number."""
    return 42


@Cloud.function("someProduct")
async def some_product(request: FunctionRequest) -> Object | None:
    """Answer the first product."""
    query: Query[Object] = Query("Product")
    return await query.first()
