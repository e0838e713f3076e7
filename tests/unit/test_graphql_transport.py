"""Which of GraphQL's two media types an answer has, by the header in which a client says it."""

import pytest

from parsepy.graphql.transport import GRAPHQL_RESPONSE, JSON, media_type

ACCEPTED: list[tuple[str, bytes | None]] = [
    ("", JSON),
    ("*/*", JSON),
    ("application/json", JSON),
    ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_RESPONSE),
    ("application/graphql-response+json;q=0.1, application/*", JSON),
    ("application/json;q=0", None),
    ("text/html", None),
    ("application/json;version=2", None),
]


@pytest.mark.parametrize(("accept", "expected"), ACCEPTED)
def test_the_type_that_a_client_prefers_is_chosen(accept: str, expected: bytes | None) -> None:
    assert media_type(accept.encode()) == expected


def test_no_header_takes_json() -> None:
    assert media_type(None) == JSON


def test_of_a_header_longer_than_any_clients_its_beginning_counts() -> None:
    filling = b"text/html," * 30_000
    assert media_type(b"application/json," + filling) == JSON
    assert media_type(filling + b"application/json") is None
    assert media_type(b"a" * 300_000) is None
