"""``RULES``: the system classes' own steps; ``of(class_name)``."""

from parsepy.operations.class_rules.base import ClassRules
from parsepy.operations.class_rules.installation import InstallationRules
from parsepy.operations.class_rules.role import RoleRules
from parsepy.operations.class_rules.session import SessionRules
from parsepy.operations.class_rules.settings import SettingsRules
from parsepy.operations.class_rules.user import UserRules

RULES: dict[str, ClassRules] = {
    "_User": UserRules(),
    "_Session": SessionRules(),
    "_Role": RoleRules(),
    "_Installation": InstallationRules(),
    **{name: SettingsRules(name) for name in ("_GlobalConfig", "_GraphQLConfig")},
}
_NONE = ClassRules()
_NONE.has_steps = False


def of(class_name: str) -> ClassRules:
    """The rules of a class; an ordinary class has empty ones."""
    return RULES.get(class_name, _NONE)
