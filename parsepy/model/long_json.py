"""``decoded``: long JSON text is decoded slice by slice, since its decoding can't be interrupted.

A slice ends at a comma between two values. The containers that are open there are opened anew
around the next slice, whose values are then moved to where they belong. Long texts, which hold no
such comma, are decoded in pieces.
"""

import re
import secrets
from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from parsepy.errors import Code, ParseError
from parsepy.model.values import (
    MAX_TEXT_DEPTH,
    MOST_VALUES,
    nesting_exceeds,
    number_of_values,
    values_exceed,
)

LONG = 1_000_000
"""Bytes of a text for which slices pay."""
Steps = Generator[None, None, Any]
"""Work in steps, between which others may have their turn; it returns its result."""

_WINDOW = 64 * 1024
_PIECE = 4 * _WINDOW  # bytes of a long text that are decoded together
_LEAST = 4 * _WINDOW  # bytes of a slice that lie within a long text, for pieces to pay
_CLOSER = {ord("["): ord("]"), ord("{"): ord("}")}
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SPACE = b" \t\r\n"
_ESCAPE = 6  # bytes of the longest one
_HIGH = re.compile(rb"\\u[dD][89abAB]")  # the first of a pair, which stands for one character
_FAR = 4096  # bytes in which a place between two characters is looked for


def decoded(data: bytes, most: int) -> Steps:
    """Decode JSON text in steps; they return the value.

    Raises what ``values.loads`` raises for ``most`` values; cut characters are not mended, as in
    no text so long. A key of more than 256 kB is refused with OBJECT_TOO_LARGE.
    """
    return _Decoder(data, min(most, MOST_VALUES)).steps()


class _Window(NamedTuple):
    """A part of the text that lies within a text of it, or is nothing but space.

    No backslash stands alone before its start.
    """

    start: int
    stop: int
    is_text: bool


class _Decoder:
    """The state of one decoding. Brackets are bytes, as numbers."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = data
        self._most = most
        self._values = self._quotes = 0
        # keys and texts that the client can't know
        mark = secrets.token_hex(16)
        self._first, self._last, self._text = mark + "f", mark + "l", mark + "t"
        # what has been looked at
        self._open: list[int] = []
        # the slice that has begun: where, what was open there, and how much of it still is
        self._begin = 0
        self._around: list[int] = []
        self._kept = 0
        self._left_out: list[_Window] = []
        # what has been decoded
        self._root: Any = None
        self._spine: list[Any] = []
        """The containers that ``_around`` stands for."""

    def steps(self) -> Steps:
        """Look at the text window by window, and decode each slice that has become whole."""
        data, size, position, is_in_text = self._data, len(self._data), 0, False
        while position < size:
            window = data[position : position + _WINDOW]
            is_last = position + len(window) == size
            if not is_last and (len(window) - len(window.rstrip(b"\\"))) % 2:
                window = window[:-1]  # else it would end within an escape
            bare = window
            if b"\\" in window:
                bare = window.replace(b"\\\\", b"__").replace(b'\\"', b"__")
            parts = bare.split(b'"')  # in turn between texts and within them
            cut = None if is_last else _last_comma(bare, parts, is_in_text)
            self._quotes += len(parts) - 1
            if self._quotes > 4 * self._most:  # a key and its value are two texts
                raise values_exceed(self._most)
            if cut is not None:
                parts = bare[: cut + 1].split(b'"')
            self._look_at(b"".join(parts[is_in_text::2]))
            if cut is None:
                is_same = len(parts) == 1 and not is_last
                if is_same and (is_in_text or not window.strip(_SPACE)):
                    stop = position + len(window)
                    self._left_out.append(_Window(position, stop, is_in_text))
                is_in_text ^= len(parts) % 2 == 0
                position += len(window)
            else:
                yield from self._decode(position + cut)
                is_in_text = False
                position += cut + 1
            yield
        yield from self._decode(None)
        return self._root

    def _look_at(self, between: bytes) -> None:
        """Count the values and follow the brackets in what stands between texts."""
        self._values += number_of_values(between)
        if self._values > self._most:
            raise values_exceed(self._most)
        opened = self._open
        for bracket in between.translate(None, _ALL_BUT_BRACKETS):
            if bracket in _CLOSER:
                opened.append(bracket)
                if len(opened) > MAX_TEXT_DEPTH:
                    raise nesting_exceeds()
            elif not opened or _CLOSER[opened.pop()] != bracket:
                raise _malformed("its brackets do not match")
            elif len(opened) < self._kept:
                self._kept = len(opened)

    def _decode(self, end: int | None) -> Generator[None, None, None]:
        """Decode the slice, which ends at a comma or, None, with the text; move its values."""
        opened, around = self._open, self._around
        head = tail = b""
        if around:
            head = b"".join(b"[" if bracket == ord("[") else b'{"%b":' for bracket in around)
            head = head.replace(b"%b", self._first.encode()) + b"0,"
        if end is not None:
            if not opened:
                raise _malformed("a comma follows its end")
            value = b":0" if opened[-1] == ord("{") else b""
            closers = bytes(_CLOSER[bracket] for bracket in reversed(opened))
            tail = b',"%b"%b%b' % (self._last.encode(), value, closers)
        texts: list[list[str]] = []
        content = yield from self._content(len(self._data) if end is None else end, texts)
        value = _loads(head + content + tail, self._begin - len(head))
        if texts:
            value = self._with_texts(value, texts)
        spine: list[Any] = []
        if end is not None:
            spine = self._spine_of(value)
            _remove(spine[-1], self._last, -1)
        if around:
            self._move(value)
        else:
            self._root = value
        if end is not None:
            self._spine = self._spine[: self._kept] + spine[self._kept :]
            self._begin, self._around, self._kept = end + 1, opened.copy(), len(opened)
            self._left_out = []

    # --- long texts -----------------------------------------------------------------------------

    def _content(self, end: int, texts: list[list[str]]) -> Generator[None, None, bytes]:
        """The slice up to ``end``, with marks in place of its long texts, which are decoded."""
        data, position = self._data, self._begin
        found = []
        for first, last in _runs(self._left_out):
            if last.stop - first.start < _LEAST:
                continue
            if not first.is_text:
                found += [data[position : first.start], b" "]
                position = last.stop
                continue
            start = _place(data, first.start, first.start, 1)
            stop = _place(data, last.start, last.stop, -1)
            if start is not None and stop is not None:
                found += [data[position:start], b"%b%d." % (self._text.encode(), len(texts))]
                texts.append((yield from _text_of(data, start, stop)))
                position = stop
        return b"".join([*found, data[position:end]])

    def _with_texts(self, value: Any, texts: Sequence[list[str]]) -> Any:
        """Put the long texts in place of their marks."""
        holder = [value]
        todo: list[Any] = [holder]
        while todo:
            container = todo.pop()
            is_list = type(container) is list
            for place, item in list(enumerate(container) if is_list else container.items()):
                if type(item) is str:
                    if self._text in item:
                        before, _, after = item.partition(self._text)
                        number, _, after = after.partition(".")
                        container[place] = "".join([before, *texts[int(number)], after])
                elif type(item) is dict or type(item) is list:
                    todo.append(item)
                if not is_list and self._text in place:
                    raise ParseError(Code.OBJECT_TOO_LARGE, f"A key of more than {_LEAST} bytes.")
        return holder[0]

    # --- containers -----------------------------------------------------------------------------

    def _spine_of(self, value: Any) -> list[Any]:
        """The containers of a decoded slice that are open at its end, the outermost first."""
        spine = [value]
        for _ in range(1, self._kept):
            spine.append(_first_of(spine[-1], self._first))
        return spine[:-1] + next(self._ways(spine[-1], len(self._open) - len(spine)))

    def _ways(self, container: Any, further: int) -> Iterator[list[Any]]:
        """The containers from here to the one that ends in the mark, so many levels further.

        Of two values of one key, the last stands where the first stood.
        """
        is_list = type(container) is list
        if not further:
            if (container and container[-1] == self._last) if is_list else self._last in container:
                yield [container]
            return
        for item in container[-1:] if is_list else reversed(container.values()):
            if type(item) is dict or type(item) is list:
                for way in self._ways(item, further - 1):
                    yield [container, *way]

    def _move(self, value: Any) -> None:
        """Move what a decoded slice holds into the containers that were open at its begin."""
        for real in self._spine:
            inner = _first_of(value, self._first)
            _remove(value, self._first, 0)
            if type(real) is list:
                real += value
            else:
                real.update(value)
            value = inner


def _first_of(container: Any, key: str) -> Any:
    return container[0] if type(container) is list else container[key]


def _remove(container: Any, key: str, position: int) -> None:
    del container[position if type(container) is list else key]


def _last_comma(bare: bytes, parts: Sequence[bytes], is_in_text: bool) -> int | None:
    """Where the last comma of a window stands that is in no text."""
    end = len(bare)
    for index in range(len(parts) - 1, -1, -1):
        start = end - len(parts[index])
        if (index + is_in_text) % 2 == 0:
            place = bare.rfind(b",", start, end)
            if place >= 0:
                return place
        end = start - 1
    return None


def _runs(windows: Sequence[_Window]) -> list[tuple[_Window, _Window]]:
    """Join windows that lie beside each other: the first and the last of each run."""
    runs: list[tuple[_Window, _Window]] = []
    for window in windows:
        first = window
        if runs and runs[-1][1].stop == window.start:
            first = runs.pop()[0]
        runs.append((first, window))
    return runs


def _place(data: bytes, base: int, position: int, step: int) -> int | None:
    """The next place from a position on where the inside of a text may be cut, if one is near.

    At ``base``, before it, no backslash stands alone.
    """
    places = range(position, position + step * _FAR, step)
    return next((place for place in places if _is_between(data, base, place)), None)


def _is_between(data: bytes, base: int, place: int) -> bool:
    """Is this place in a text between two whole characters?"""
    if data[place] & 0xC0 == 0x80:
        return False
    escape = data.rfind(b"\\", max(place - _ESCAPE, 0), place)
    if escape < 0:
        return True
    before = data[max(escape + 1 - _FAR, 0) : escape + 1]
    if not before.strip(b"\\"):
        if escape < base:
            return False  # how many there are is not known
        before = data[base : escape + 1]
    if (len(before) - len(before.rstrip(b"\\"))) % 2 == 0:
        return True  # it is the second of two, a whole escape
    if data[escape + 1] != ord("u"):
        return escape + 1 < place
    return escape + _ESCAPE == place and not _HIGH.match(data, escape)


def _text_of(data: bytes, start: int, stop: int) -> Generator[None, None, list[str]]:
    """Decode the inside of a text, piece by piece."""
    found = []
    while start < stop:
        end = stop
        if stop - start > _PIECE:
            end = _place(data, start, start + _PIECE, -1) or stop
        found.append(_loads(b'"%b"' % data[start:end], start))
        start = end
        yield
    return found


def _loads(text: bytes, offset: int) -> Any:
    """Decode JSON that stands at this offset of the whole."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _malformed(f"{error.msg} near byte {max(offset + error.pos, 0)}") from error


def _malformed(why: str) -> ParseError:
    return ParseError(Code.INVALID_JSON, f"Malformed JSON: {why}")
