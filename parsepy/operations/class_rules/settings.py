"""``_GlobalConfig``, ``_GraphQLConfig``: what is kept of them in memory goes with a change."""

from parsepy.backend import RequestContext
from parsepy.operations.class_rules.base import ClassRules
from parsepy.operations.writes import Write


class SettingsRules(ClassRules):
    """A class of one document, which the master key may also reach as an object (protocol §6.9)."""

    def __init__(self, class_name: str) -> None:
        self._class_name = class_name

    async def after_save(self, write: Write) -> None:
        """Forget what was kept."""
        await self._forget(write.context)

    async def after_delete(self, context: RequestContext, object_id: str) -> None:
        """Forget what was kept."""
        await self._forget(context)

    async def _forget(self, context: RequestContext) -> None:
        name, backend = self._class_name, context.backend
        backend.settings.drop(name)
        await backend.storage.after_commit(lambda: backend.settings.drop(name))
