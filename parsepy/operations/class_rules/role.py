"""``_Role``: the caches of roles are cleared when the role graph may have changed."""

from parsepy.backend import RequestContext
from parsepy.operations import principals
from parsepy.operations.class_rules.base import ClassRules
from parsepy.operations.writes import Write


class RoleRules(ClassRules):
    """Roles (protocol §17)."""

    async def after_save(self, write: Write) -> None:
        """Forget every cached role."""
        principals.forget_everybody(write.context.backend)

    async def after_delete(self, context: RequestContext, object_id: str) -> None:
        """Forget every cached role."""
        principals.forget_everybody(context.backend)
