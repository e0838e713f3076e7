"""``SchemaKeeper``: the one schema for all callers, made again when what it is made of changes."""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphql import GraphQLSchema

from parsepy.backend import Backend
from parsepy.config import ConfigError
from parsepy.graphql import schema as schemas_of_graphql
from parsepy.graphql.schema import custom
from parsepy.graphql.schema.custom import CustomTypes
from parsepy.model.graphql_config import GraphQLConfig
from parsepy.model.schema import ClassSchema
from parsepy.operations import graphql_config, schemas

log = logging.getLogger("parsepy")

_MANY = 12
"""So many classes take a schema's making so long that it is left to a thread."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """What a schema is made of.

    ``writes`` counts this process's own writes of class schemas.
    """

    classes: Mapping[str, ClassSchema]
    functions: tuple[str, ...]
    config: GraphQLConfig
    writes: int

    def has_same_rest(self, other: "Stamp") -> bool:
        """Are functions and configuration the same?"""
        return self.functions == other.functions and self.config is other.config

    def has_same_classes(self, other: "Stamp") -> bool:
        """Do the classes have the same names and columns?

        A class that is the same object has not changed; another one may differ in permissions
        or indexes alone.
        """
        if self.classes is other.classes:
            return True
        return self.classes.keys() == other.classes.keys() and all(
            made is other.classes[name] or _columns(made) == _columns(other.classes[name])
            for name, made in self.classes.items()
        )


def _columns(made: ClassSchema) -> list[tuple[str, str, str | None, bool]]:
    return sorted(
        (name, column.type.name, column.type.target, bool(column.required))
        for name, column in made.fields.items()
    )


class SchemaKeeper:
    """Gives the schema, and makes it when it is first asked for after a change.

    While a schema is being made because another process has changed a class, the old one
    serves. After a write of this process, and where the configuration or the functions have
    changed, callers wait for the new one.
    """

    def __init__(
        self,
        backend: Backend,
        own: CustomTypes | None = None,
        live: re.Pattern[str] | None = None,
    ) -> None:
        """``live`` is the pattern of the classes that subscriptions may follow."""
        self._backend = backend
        self._custom = own
        self._live = live
        self._schema: GraphQLSchema | None = None
        self._stamp: Stamp | None = None
        self._making: asyncio.Task[None] | None = None

    async def current(self) -> GraphQLSchema:
        """The schema; the same object comes again while nothing has changed.

        Raises ``ConfigError`` if the first one can't be made, because custom SDL doesn't fit.
        """
        known = self.known()
        if known is not None:
            return known
        stamp = await self._now()
        while True:
            old, made = self._stamp, self._schema
            if old is not None and made is not None:
                if old.has_same_rest(stamp) and old.has_same_classes(stamp):
                    if old.classes is not stamp.classes:
                        # so that the next look is quick again
                        self._stamp = replace(stamp, writes=old.writes)
                    return made
                if old.has_same_rest(stamp) and old.writes == stamp.writes:
                    self._begin(stamp)
                    return made
            await asyncio.shield(self._begin(stamp))
            stamp = await self._now()

    async def newest(self) -> GraphQLSchema:
        """As ``current``, but never an old one: waits for the schema that is being made."""
        if self._making is not None:
            await asyncio.shield(self._making)
        return await self.current()

    def known(self) -> GraphQLSchema | None:
        """The schema, if it stands on what is cached, and these caches are still good."""
        stamp, backend = self._stamp, self._backend
        is_good = (
            stamp is not None
            and schemas.known_classes(backend) is stamp.classes
            and graphql_config.known_config(backend) is stamp.config
            and self._functions() == stamp.functions
        )
        return self._schema if is_good else None

    def _functions(self) -> tuple[str, ...]:
        triggers = self._backend.triggers
        if not triggers.webhook_functions:
            return tuple(triggers.functions)
        return tuple(dict.fromkeys((*triggers.functions, *triggers.webhook_functions)))

    async def _now(self) -> Stamp:
        backend = self._backend
        classes = await schemas.load(backend)
        config = await graphql_config.current(backend)
        return Stamp(classes, self._functions(), config, backend.storage.schemas.writes)

    def _begin(self, stamp: Stamp) -> "asyncio.Task[None]":
        """Begin to make a schema, unless one is being made; the task ends with that."""
        making = self._making
        # one that has ended in this very turn of the loop would be waited for without any pause
        if making is None or making.done():
            making = self._making = asyncio.create_task(self._make(stamp))
            making.add_done_callback(self._made)
        return making

    def _made(self, task: "asyncio.Task[None]") -> None:
        if self._making is task:
            self._making = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("GraphQL: no schema was made: %s", error)

    async def _make(self, stamp: Stamp) -> None:
        try:
            if len(stamp.classes) < _MANY:
                made = self._build(stamp)
            else:
                made = await asyncio.to_thread(self._build, stamp)
        except ConfigError as error:
            if self._schema is None:
                raise
            for problem in error.problems:
                log.error("GraphQL keeps its old schema: %s", problem)
            self._stamp = stamp  # not to be tried again before the next change
            return
        self._schema, self._stamp = made, stamp

    def _build(self, stamp: Stamp) -> GraphQLSchema:
        made = schemas_of_graphql.build(
            stamp.classes,
            functions=stamp.functions,
            config=stamp.config,
            custom=self._custom,
            subscriptions=frozenset(filter(self._live.fullmatch, stamp.classes))
            if self._live is not None
            else frozenset(),
        )
        schemas_of_graphql.describe(made, self._backend.notes)
        return made


def open_keeper(backend: Backend) -> SchemaKeeper:
    """Make a keeper as the options want it; raises ``ConfigError`` for SDL that can't be read."""
    config = backend.config
    live = config.live_query.class_names if config.live_query is not None else ()
    is_followed = config.graphql_subscriptions and bool(live)
    return SchemaKeeper(
        backend,
        custom.load(config.graphql_schema),
        re.compile("|".join(f"(?:{name})" for name in live)) if is_followed else None,
    )
