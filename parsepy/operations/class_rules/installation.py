"""``_Installation``: which ids an installation needs, and which may not change."""

from parsepy.errors import Code, ParseError
from parsepy.operations.class_rules.base import ClassRules
from parsepy.operations.writes import Write

_TOKEN_LENGTH = 64


class InstallationRules(ClassRules):
    """Installations (protocol §28.1)."""

    async def check(self, write: Write) -> None:
        """Refuse one without ids or device type; lower-case what Apple and the SDKs send."""
        values = write.values
        token = values.get("deviceToken")
        if isinstance(token, str) and len(token) == _TOKEN_LENGTH:
            values["deviceToken"] = token.lower()
        if isinstance(values.get("installationId"), str):
            values["installationId"] = values["installationId"].lower()
        if not write.is_create:
            return
        # Parse: the header's id will do, but is not stored
        if not (
            values.get("deviceToken")
            or values.get("installationId")
            or write.context.installation_id
        ):
            raise ParseError(
                Code.MISSING_REQUIRED_FIELD,
                "at least one ID field (deviceToken, installationId) "
                "must be specified in this operation",
            )
        if not values.get("deviceType"):
            raise ParseError(
                Code.MISSING_REQUIRED_FIELD, "deviceType must be specified in this operation"
            )
