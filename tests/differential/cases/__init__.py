"""The cases: one file for each part of the protocol, each with its own `SCENARIOS`."""

from tests.differential.cases import (
    batches,
    class_permissions,
    credentials,
    invalid_input,
    keys_configuration,
    objects,
    operations,
    operators,
    permissions,
    protected_fields,
    queries,
    relations,
    request_forms,
    schemas,
    sessions,
    types,
    updates,
    users,
)
from tests.differential.scenario import Scenario

SCENARIOS: list[Scenario] = [
    *objects.SCENARIOS,
    *types.SCENARIOS,
    *updates.SCENARIOS,
    *operators.SCENARIOS,
    *queries.SCENARIOS,
    *relations.SCENARIOS,
    *users.SCENARIOS,
    *sessions.SCENARIOS,
    *permissions.SCENARIOS,
    *class_permissions.SCENARIOS,
    *protected_fields.SCENARIOS,
    *schemas.SCENARIOS,
    *batches.SCENARIOS,
    *request_forms.SCENARIOS,
    *credentials.SCENARIOS,
    *keys_configuration.SCENARIOS,
    *invalid_input.SCENARIOS,
    *operations.SCENARIOS,
]
