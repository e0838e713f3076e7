"""Fixtures of the interchange test: a shop written by one kind of server and opened by both."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from pymongo import MongoClient
from pymongo.database import Database

from parsepy.operations.class_rules import user
from tests.conftest import database_in
from tests.interchange.documents import Document, Indexes, Names, indexes, raw
from tests.interchange.reads import Answers, answers
from tests.interchange.servers import OURS, PEER, Server, opened
from tests.interchange.shop import Shop, write


@dataclass(frozen=True, slots=True)
class Exchange:
    """A database that `writer` filled and `other`, a server of the other kind, opened then.

    Both still serve it. The documents and indexes are those before `other` came, and after it had
    answered; `answers` are those of `writer`, which had been started anew after writing.
    `answers_at_once` are those of parsepy straight after writing.
    """

    shop: Shop
    names: Names
    database: Database[Document]
    writer: Server
    other: Server
    written: dict[str, list[Document]]
    read: dict[str, list[Document]]
    made_indexes: Indexes
    kept_indexes: Indexes
    answers_at_once: Answers
    answers: Answers
    other_answers: Answers


@asynccontextmanager
async def exchange(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]], writer: str, other: str, name: str
) -> AsyncIterator[Exchange]:
    """Let a server of the kind `writer` fill a new database, then both kinds read it."""
    name = f"interchange_{os.getpid()}_{name}"
    uri = database_in(mongo_uri, name)
    mongo.drop_database(name)
    async with AsyncExitStack() as stack:
        stack.callback(mongo.drop_database, name)
        database = mongo[name]
        async with opened(writer, uri) as first:
            shop = await write(first)
            answers_at_once = await answers(first, shop) if writer == OURS else {}
        restarted = await stack.enter_async_context(opened(writer, uri))
        writers_answers = await answers(restarted, shop)
        written, made_indexes = raw(database), indexes(database)
        second = await stack.enter_async_context(opened(other, uri))
        other_answers = await answers(second, shop)
        yield Exchange(
            shop=shop,
            names=Names.of(shop),
            database=database,
            writer=restarted,
            other=second,
            written=written,
            read=raw(database),
            made_indexes=made_indexes,
            kept_indexes=indexes(database),
            answers_at_once=answers_at_once,
            answers=writers_answers,
            other_answers=other_answers,
        )


@pytest.fixture(scope="package", autouse=True)
def full_cost(cheap_passwords: None) -> Iterator[None]:
    """Hash passwords as the server does: the hashes are compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(user, "_COST", 10)
        yield


@pytest_asyncio.fixture(scope="package")
async def theirs(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Exchange]:
    """Written by Parse Server, then opened by parsepy."""
    async with exchange(mongo_uri, mongo, PEER, OURS, "theirs") as made:
        yield made


@pytest_asyncio.fixture(scope="package")
async def ours(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> AsyncIterator[Exchange]:
    """Written by parsepy, then opened by Parse Server."""
    async with exchange(mongo_uri, mongo, OURS, PEER, "ours") as made:
        yield made
