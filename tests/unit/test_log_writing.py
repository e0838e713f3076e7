"""Log lines are written many at once by a thread; what is grave does not wait, nothing is lost."""

import io
import logging
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from parsepy.logs import BatchHandler, BatchStreamHandler, Lines, LogQuery, LogStore, writing


class Batches(BatchHandler):
    """Notes each batch by its messages and the name of the thread that wrote it."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.threads: list[str] = []
        self.has_written = threading.Event()

    def write_batch(self, records: Sequence[logging.LogRecord]) -> None:
        self.threads.append(threading.current_thread().name)
        self.batches.append(self.lines_of(records))
        self.has_written.set()


@pytest.fixture
def batches() -> Iterator[Batches]:
    made = Batches()
    yield made
    made.close()


@pytest.fixture
def logger(batches: Batches) -> Iterator[logging.Logger]:
    made = logging.getLogger(f"test.{id(batches)}")
    made.setLevel(logging.INFO)
    made.propagate = False
    made.addHandler(batches)
    yield made
    made.removeHandler(batches)


def test_lines_of_one_moment_are_written_at_once_by_another_thread(
    logger: logging.Logger, batches: Batches
) -> None:
    for number in range(3):
        logger.info("order %d", number)
    assert batches.has_written.wait(10)
    assert batches.batches == [["order 0", "order 1", "order 2"]]
    assert batches.threads == ["parsepy Batches"]


def test_a_warning_is_written_before_its_call_returns(
    logger: logging.Logger, batches: Batches
) -> None:
    logger.info("first")
    logger.warning("second")
    assert batches.batches == [["first", "second"]]
    assert batches.threads == [threading.current_thread().name]


def test_a_line_after_a_batch_is_written_too(logger: logging.Logger, batches: Batches) -> None:
    for text in ("one", "two"):
        batches.has_written.clear()
        logger.info(text)
        assert batches.has_written.wait(10)
    assert batches.batches == [["one"], ["two"]]


def test_whoever_logs_faster_than_lines_are_written_waits(
    monkeypatch: pytest.MonkeyPatch, logger: logging.Logger, batches: Batches
) -> None:
    monkeypatch.setattr(writing, "_MOST_WAITING", 4)
    monkeypatch.setattr(writing, "_GATHER", 60.0)
    for number in range(7):
        logger.info("%d", number)
    assert batches.batches == [["0", "1", "2", "3", "4"]]


def test_a_line_tells_what_its_arguments_were_when_it_was_logged(
    logger: logging.Logger, batches: Batches
) -> None:
    cart = ["SKU-1"]
    logger.info("cart %s", cart)
    cart.clear()
    batches.flush()
    assert batches.batches == [["cart ['SKU-1']"]]


def test_a_record_that_waits_holds_no_frame_and_is_whole_for_others(batches: Batches) -> None:
    try:
        raise ValueError("sold out")
    except ValueError:
        record = logging.LogRecord("shop", logging.INFO, "", 1, "%s", ("a",), sys.exc_info())
    batches.emit(record)
    assert record.args == ("a",)
    assert record.exc_info is not None
    waiting = writing.settled(record)
    assert waiting.exc_info is None
    batches.flush()
    assert "ValueError: sold out" in batches.batches[0][0]


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
def test_an_argument_that_cannot_be_written_loses_its_line_only(
    level: int, batches: Batches, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __str__(self) -> str:
            raise KeyError("no text")

    for text in ("before", Broken(), "after"):  # not by a logger: pytest listens there, too
        record = {"msg": "%s", "args": (text,), "levelno": level}
        batches.handle(logging.makeLogRecord(record))
    batches.flush()
    assert [line for batch in batches.batches for line in batch] == ["before", "after"]
    assert "no text" in capsys.readouterr().err


def test_a_stream_that_fails_ends_neither_its_logger_nor_its_writer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            if "first" in text:
                raise OSError(28, "No space left on device")
            return super().write(text)

    stream = Full()
    handler = BatchStreamHandler(stream)
    for text in ("first", "second"):
        handler.emit(logging.makeLogRecord({"msg": text, "levelno": logging.INFO}))
        handler.flush()
    handler.close()
    assert stream.getvalue() == "second\n"
    assert "No space left" in capsys.readouterr().err


def test_close_writes_what_waits_and_ends_the_thread(
    logger: logging.Logger, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_GATHER", 60.0)
    logger.info("last words")
    writer = batches._writer
    assert writer is not None
    batches.close()
    assert batches.batches == [["last words"]]
    assert not writer.is_alive()
    logger.info("after the end")
    assert batches.batches[1:] == [["after the end"]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
def test_a_forked_process_writes_its_own_lines_and_none_twice(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    with path.open("a", encoding="utf-8") as stream:
        handler = BatchStreamHandler(stream)
        handler.emit(logging.makeLogRecord({"msg": "parent", "levelno": logging.INFO}))
        child = os.fork()
        if not child:
            handler.emit(logging.makeLogRecord({"msg": "child", "levelno": logging.INFO}))
            handler.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        handler.close()
    assert path.read_text() == "parent\nchild\n"


def test_scriptlog_finds_a_line_that_was_not_written_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_GATHER", 60.0)
    store = LogStore(tmp_path)
    store.emit(logging.makeLogRecord({"msg": "hello", "levelno": logging.INFO}))
    assert [entry["message"] for entry in store.query(LogQuery())] == ["hello"]
    store.close()


def test_a_line_for_people_bears_the_time_of_its_own_second() -> None:
    lines = Lines()

    def time_of(created: float) -> str:
        record = logging.makeLogRecord({"msg": "x", "created": created})
        record.msecs = created % 1 * 1000
        return lines.format(record).split(" INFO")[0].split(" Level")[0]

    assert time_of(1.8e9 + 0.25)[-7:] == ":00,250"
    assert time_of(1.8e9 + 0.75)[-7:] == ":00,750"
    assert time_of(1.8e9 + 1.5)[-7:] == ":01,500"
    assert time_of(1.8e9)[-7:] == ":00,000"
