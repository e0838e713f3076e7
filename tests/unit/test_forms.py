"""Whole multipart forms as the parameters of a cloud function."""

import pytest

from parsepy.errors import Code, ParseError
from parsepy.http.forms import parameters_of

KIND = "multipart/form-data; boundary=x"


def form(*parts: str) -> bytes:
    """A form of these parts: the end of their disposition, a blank line, their content."""
    head = "--x\r\nContent-Disposition: form-data"
    return ("".join(f"{head}{part}\r\n" for part in parts) + "--x--\r\n").encode()


def test_a_field_is_a_text_and_a_file_has_its_bytes() -> None:
    file = '; name="f"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nhi'
    assert parameters_of(KIND, form('; name="a"\r\n\r\n1', file)) == {
        "a": "1",
        "f": {
            "filename": "a.png",
            "contentType": "image/png",
            "data": {"__type": "Bytes", "base64": "aGk="},
        },
    }


def test_what_looks_like_an_end_is_content() -> None:
    assert parameters_of(KIND, form('; name="a"\r\n\r\n--xy')) == {"a": "--xy"}


def test_of_parts_with_one_name_the_last_counts() -> None:
    assert parameters_of(KIND, form('; name="a"\r\n\r\n1', '; name="a"\r\n\r\n2')) == {"a": "2"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", form()),
        ("multipart/form-data; boundary=" + "x" * 300, form()),
        (KIND, b""),
        (KIND, b"hello"),
        (KIND, form('; name="a"\r\n\r\n1')[:-6]),
        (KIND, form(f'; name="{"a" * 20_000}"\r\n\r\n1')),
        (KIND, form(*['; name="a"\r\n\r\n'] * 1001)),
    ],
)
def test_what_is_no_form_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(ParseError, match="Invalid multipart request: ") as refusal:
        parameters_of(kind, body)
    assert refusal.value.code == Code.INVALID_JSON
