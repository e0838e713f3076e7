"""``execute``: an operation's root steps, their completion, and the library where it is needed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, OperationType

from parsepy.errors import ParseError
from parsepy.graphql.documents import Documents, Prepared
from parsepy.graphql.failures import FieldError, error_of
from parsepy.graphql.literals import Unfit
from parsepy.graphql.members import MANY
from parsepy.graphql.paging import FoundPage
from parsepy.graphql.plans import OperationPlan, Step, Variant
from parsepy.graphql.runs import Anomaly, Later, Run, batched
from parsepy.graphql.slow_path import Execution, Outcome
from parsepy.model.values import JSONObject
from parsepy.operations.side_by_side import side_by_side


@dataclass(slots=True)
class Result:
    """What an execution answers; ``data`` is ``None`` where errors have left nothing of it."""

    data: JSONObject | None
    errors: list[GraphQLError]


class BadVariables(Exception):
    """Variables that do not fit; nothing was executed."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


async def execute(
    documents: Documents,
    prepared: Prepared,
    plan: OperationPlan,
    name: str | None,
    run: Run,
    given: Mapping[str, Any],
) -> Result:
    """Execute an operation; raises ``BadVariables``."""
    run.literals, run.shown = prepared.literals, documents.shown
    if plan.variables.definitions:
        try:
            run.variables = plan.variables.read(given, run.literals)
        except Unfit:
            raise BadVariables(plan.variables.errors(given)) from None
    if documents.is_long(prepared):
        variant = await asyncio.to_thread(plan.variant, run.variables)
    else:
        variant = plan.variant(run.variables)
    outcomes: dict[str, Outcome] = {}
    if plan.kind is OperationType.MUTATION:
        data = await _in_order(variant, run, outcomes)
    else:
        data = await _side_by_side(variant, run, outcomes)
    if data is not None and variant.is_compiled:
        return Result(data, [])
    run.may_encode = False
    for step in variant.steps:
        outcome = outcomes.get(step.key)
        if step.constant is not None:
            outcomes[step.key] = step.constant
        elif isinstance(outcome, FoundPage) and outcome.edges is not None:
            await _fetch(step, run, outcomes)  # the library wants the objects
    run.members = 0
    for step in variant.steps:
        try:
            run.count(outcomes.get(step.key))
        except ParseError as error:
            where = f"request {run.context.request_id}: GraphQL: {step.key}"
            outcomes[step.key] = error_of(run.context, error, where)
    execution = Execution(documents.compilation.schema, run, outcomes)
    tree = prepared.own_tree()
    first = None if plan.kind is OperationType.MUTATION else _failed_at_once(variant, outcomes)
    if first is not None:
        made = execution.failed(tree, name, first, outcomes[first])
    else:
        made = await execution.run(tree, name, given)
    return Result(made.data, made.errors or [])


def _failed_at_once(variant: Variant, outcomes: Mapping[str, Outcome]) -> str | None:
    """The root field that may not be null and failed first, before the database was asked."""
    failed = [
        (outcome.delay, place, step.key)
        for place, step in enumerate(variant.steps)
        if step.is_required
        and isinstance(outcome := outcomes.get(step.key), FieldError)
        and outcome.delay is not None
    ]
    return min(failed)[2] if failed else None


async def _in_order(variant: Variant, run: Run, outcomes: dict[str, Outcome]) -> JSONObject | None:
    """The completed data of a mutation; ``None`` if the library has to complete it."""
    data: JSONObject = {}
    is_whole = True
    for step in variant.steps:
        await _fetch(step, run, outcomes)
        if not await _completed((step,), run, outcomes, data):
            is_whole = False
    return data if is_whole else None


async def _side_by_side(
    variant: Variant, run: Run, outcomes: dict[str, Outcome]
) -> JSONObject | None:
    steps = variant.steps
    if len(steps) == 1:
        await _fetch(steps[0], run, outcomes)
    else:
        waiting = [step for step in steps if step.constant is None]
        for some in batched(waiting):
            await side_by_side([_fetch(step, run, outcomes) for step in some])
    data: JSONObject = {}
    if not variant.is_compiled or not await _completed(steps, run, outcomes, data):
        return None
    return data


async def _fetch(step: Step, run: Run, outcomes: dict[str, Outcome]) -> None:
    """Do what a root field is for; what it raises becomes its outcome."""
    if step.fetch is None or step.arguments is None:
        return
    try:
        arguments = step.arguments(run.literals, run.variables)
        outcomes[step.key] = await step.fetch(run, arguments)
    except Unfit:
        outcomes[step.key] = GraphQLError("An argument does not fit.")  # the library says which
    except Exception as error:  # noqa: BLE001 - the outermost handler of a field, which logs
        where = f"request {run.context.request_id}: GraphQL: {step.key}"
        outcomes[step.key] = error_of(run.context, error, where)


async def _completed(
    steps: tuple[Step, ...], run: Run, outcomes: dict[str, Outcome], data: JSONObject
) -> bool:
    """Complete the outcomes of steps into ``data``; false if there is something to report."""
    later: list[Later] = []
    try:
        for step in steps:
            if step.constant is not None:
                data[step.key] = step.constant
                continue
            outcome = outcomes.get(step.key)
            if step.complete is None or isinstance(outcome, GraphQLError):
                return False
            if step.has_arrays and run.count(outcome) > MANY:
                data[step.key] = await asyncio.to_thread(step.complete, outcome, later)
            else:
                data[step.key] = step.complete(outcome, later)
        if later:
            await run.settle(later)
    except Anomaly:
        return False
    except Exception:  # noqa: BLE001 - of a relation: the library reads it again, and reports
        return False
    return True
