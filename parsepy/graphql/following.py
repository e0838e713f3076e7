"""``FollowedOperation``: a subscription's events, completed with the rights of their moment."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import GraphQLError

from parsepy.backend import RequestContext
from parsepy.errors import ParseError
from parsepy.graphql.executor import Result
from parsepy.graphql.failures import error_of
from parsepy.graphql.literals import Unfit
from parsepy.graphql.members import MANY, number_of_members
from parsepy.graphql.plans import Step
from parsepy.graphql.processor import CheckedOperation, RequestFailed, bad_variables
from parsepy.graphql.roots import Followed
from parsepy.graphql.runs import Anomaly, Later, Run
from parsepy.graphql.slow_path import Execution
from parsepy.graphql.wheres import to_rest
from parsepy.model.principal import Principal
from parsepy.model.query import Query
from parsepy.model.values import JSONObject
from parsepy.operations import find

MOST_WAITING = 1000
"""So many events of one operation may wait until what they include has been read."""


class LiveSource(Protocol):
    """Live Query, as far as another door needs it: it decides who is told of what."""

    async def join(
        self,
        privileged: Principal | None,
        token: str | None,
        installation_id: str | None,
        *,
        ip: str,
        headers: Mapping[bytes, bytes],
    ) -> Any:
        """Let in a client whose keys have been checked; raises ``ParseError``."""

    def leave(self, follower: Any, *, is_slow: bool = False) -> None:
        """Count a client no more."""

    async def follow(
        self, follower: Any, name: str, class_name: str, *, where: JSONObject, observer: Any
    ) -> Any:
        """Hand the events of a class to an observer from now on; raises ``ParseError``."""

    def unfollow(self, subscription: Any) -> None:
        """End what ``follow`` began."""


@dataclass(frozen=True, slots=True)
class _Change:
    """An event that has not been completed yet."""

    payload: JSONObject
    context: RequestContext


class FollowedOperation:
    """Completes the events of one subscription, and tells of each in its order.

    ``run`` has the variables and literals. ``tell`` sends a result, ``fall_behind`` is called when
    more events wait than may. ``room`` bounds the reads of one client.
    """

    def __init__(
        self,
        operation: CheckedOperation,
        run: Run,
        room: asyncio.Semaphore,
        tell: Callable[[Result], None],
        fall_behind: Callable[[], None],
    ) -> None:
        self._operation = operation
        self._run = run
        self._room = room
        self._tell = tell
        self._fall_behind = fall_behind
        self._waiting: deque[_Change | GraphQLError] = deque()
        self._task: asyncio.Task[None] | None = None
        self._is_ended = False
        self._step, self.followed, self.where = self._prepared()

    def _prepared(self) -> tuple[Step, Followed, JSONObject]:
        """What is followed, and the conditions in REST's form; raises ``RequestFailed``."""
        plan, run = self._operation.plan, self._run
        given = self._operation.asked.variables
        run.literals = self._operation.prepared.literals
        if plan.variables.definitions:
            try:
                run.variables = plan.variables.read(given, run.literals)
            except Unfit:
                raise bad_variables(plan.variables.errors(given)) from None
        for step in plan.variant(run.variables).steps:
            if step.follows is None or step.arguments is None:
                continue
            try:
                arguments = step.arguments(run.literals, run.variables)
                where = arguments.get("where")
                name = step.follows.class_name
                rest = to_rest(where, name, run.classes) if where else {}
                step.follows.columns.check(run)
            except Unfit:
                raise RequestFailed([GraphQLError("An argument does not fit.")]) from None
            except ParseError as error:
                raise RequestFailed([error_of(run.context, error, "GraphQL")]) from error
            return step, step.follows, rest
        raise RequestFailed([GraphQLError("The subscription follows nothing.")])

    @property
    def field(self) -> str:
        """The name of the subscription's field."""
        selected = self._operation.plan.operation.selection_set.selections
        return str(getattr(getattr(selected[0], "name", None), "value", ""))

    def end(self) -> None:
        """Tell nothing any more."""
        self._is_ended = True
        self._waiting.clear()

    # --- events ---------------------------------------------------------------------------------

    def changed(
        self, event: str, item: JSONObject, original: JSONObject | None, context: RequestContext
    ) -> None:
        """Take an event: what the client may see of the object's states."""
        change = _Change({"event": event, "node": item, "original": original}, context)
        if not self._waiting and not self.followed.include:
            result = self._at_once(change)
            if result is not None:
                self._tell(result)
                return
        self._put(change)

    def refused(self, error: ParseError) -> None:
        """Take the refusal of cloud code, which stands in the place of an event."""
        self._put(error_of(self._run.context, error, "GraphQL"))

    def _put(self, change: _Change | GraphQLError) -> None:
        if self._is_ended:
            return
        self._waiting.append(change)
        if len(self._waiting) > MOST_WAITING:
            self._fall_behind()
        elif self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                result = await self._result(self._waiting[0])
                if self._is_ended:
                    return
                self._tell(result)
                self._waiting.popleft()
        finally:
            self._task = None

    async def _result(self, change: _Change | GraphQLError) -> Result:
        if isinstance(change, GraphQLError):
            return Result(None, [change])
        try:
            async with self._room:
                return await self._read(change)
        except Exception as error:  # noqa: BLE001 - around each event: the next ones are told
            made = error_of(change.context, error, f"GraphQL: an event of {self.field}")
            return Result(None, [made])

    # --- completion -----------------------------------------------------------------------------

    def _at_once(self, change: _Change) -> Result | None:
        """The result, if nothing has to be read for it, and nothing is to be reported."""
        step = self._step
        if step.complete is None:
            return None
        if step.has_arrays and number_of_members([change.payload], MANY) > MANY:
            return None
        later: list[Later] = []
        try:
            data = {step.key: step.complete(change.payload, later)}
        except Anomaly:
            return None
        return None if later else Result(data, [])

    async def _read(self, change: _Change) -> Result:
        payload, followed = change.payload, self.followed
        if followed.include:
            # states of an event are everybody's: what is included is put into copies
            node, original = deepcopy(payload["node"]), deepcopy(payload["original"])
            states = [state for state in (node, original) if state is not None]
            query = Query(followed.class_name, keys=followed.columns.keys, include=followed.include)
            await find.include(change.context, states, query)
            payload = {**payload, "node": node, "original": original}
        run = Run(change.context, self._run.wheres, self._run.variables, self._run.literals)
        data = await self._completed(payload, run)
        if data is not None:
            return Result(data, [])
        operation = self._operation
        tree = operation.prepared.own_tree()
        execution = Execution(
            operation.documents.compilation.schema, run, {self._step.key: payload}
        )
        asked = operation.asked
        run.members = 0
        run.count(payload)
        made = await execution.run(tree, asked.operation_name, asked.variables)
        return Result(made.data, made.errors or [])

    async def _completed(self, payload: JSONObject, run: Run) -> JSONObject | None:
        """The data with its relations read; ``None`` if the library has to word something."""
        step = self._step
        if step.complete is None:
            return None
        later: list[Later] = []
        try:
            if step.has_arrays and run.count(payload) > MANY:
                made = await asyncio.to_thread(step.complete, payload, later)
            else:
                made = step.complete(payload, later)
            data = {step.key: made}
            await run.settle(later)
        except Anomaly:
            return None
        except Exception:  # noqa: BLE001 - of a relation: the library reads it again, and reports
            return None
        return data
