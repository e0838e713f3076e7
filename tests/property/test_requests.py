"""Whatever bytes a client sends as body and headers, it gets a value or a proper refusal."""

import contextlib
from typing import Any
from urllib.parse import parse_qsl

from hypothesis import given, settings
from hypothesis import strategies as st

from parsepy.config import Config
from parsepy.errors import ParseError
from parsepy.http import credentials
from parsepy.http.bodies import read_json
from parsepy.http.paths import read_query, split_path
from parsepy.http.refusals import HTTPRefusal
from parsepy.model.values import dumps
from tests.property.strategies import any_json, texts

CONFIG = Config.from_options(
    {"appId": "shop", "masterKey": "m", "serverURL": "http://testserver/parse"}
)
HEADERS = [
    b"x-parse-application-id",
    b"x-parse-master-key",
    b"x-parse-maintenance-key",
    b"x-parse-client-key",
    b"x-parse-session-token",
    b"x-parse-installation-id",
    b"x-parse-cloud-context",
    b"authorization",
]
BODY_KEYS = [
    "_ApplicationId",
    "_JavaScriptKey",
    "_InstallationId",
    "_SessionToken",
    "_MasterKey",
    "_MaintenanceKey",
    "_context",
    "_ContentType",
    "_noBody",
    "_method",
]
header_values = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"shop", b"Basic c2hvcDptYXN0ZXI=", b"Basic \xff", b"Basic /w==", b"basic c2hvcA==", b"{}"]
    ),
)
content_types = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; b=x"]
    ),
)
bodies = st.one_of(
    st.binary(max_size=60),
    any_json.map(dumps),
    st.dictionaries(st.sampled_from(BODY_KEYS) | texts, any_json, max_size=5).map(dumps),
    st.tuples(st.sampled_from([b"[", b'{"a":']), st.integers(1, 3000)).map(lambda d: d[0] * d[1]),
)


@settings(max_examples=200, deadline=None)
@given(content_types, bodies, st.dictionaries(st.sampled_from(HEADERS), header_values))
def test_any_body_and_headers_give_credentials_or_a_refusal(
    content_type: bytes, content: bytes, headers: dict[bytes, bytes]
) -> None:
    with contextlib.suppress(ParseError, HTTPRefusal):
        body = read_json(content_type, content, 1000)
        assert all(type(name) is str for name in body)
        found = credentials.read(CONFIG, headers, body)
        assert not set(BODY_KEYS) & set(body)
        assert isinstance(credentials.trigger_context(found), dict)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40), st.text(max_size=40))
def test_any_address_is_split_or_lies_elsewhere(query: bytes, path: str) -> None:
    assert all(type(value) is str for value in read_query(query).values())
    parts: Any = split_path("/parse" + path, "/parse")
    assert parts is None or (parts and all(type(part) is str for part in parts))


# what may go wrong in an escape: half ones, doubled signs, ends of lines, no UTF-8
pieces = st.sampled_from(
    [
        "%",
        "%%",
        "%4",
        "%41",
        "%c3%a9",
        "%C3",
        "%0a",
        "%0D",
        "=",
        "==",
        "&",
        "+",
        "\r",
        "\n",
        "a",
        "3D",
        "_",
        "é",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(pieces | st.characters(max_codepoint=255), max_size=14).map("".join))
def test_a_query_is_read_as_the_standard_library_reads_it(text: str) -> None:
    assert read_query(text.encode("latin-1")) == dict(parse_qsl(text, keep_blank_values=True))
