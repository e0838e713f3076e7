"""Anonymous users: the id that a client made up is all that there is to check."""

from collections.abc import Mapping
from typing import Any

from parsepy.auth.base import AuthAdapter
from parsepy.model.values import JSONObject


class Anonymous(AuthAdapter):
    """Accepts every anonymous id; that it is a text is checked for all providers alike."""

    async def validate_auth_data(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> None:
        """Nothing that could be false."""
