"""Sign-in providers of third parties, a row each (protocol §15.1): ``THIRD_PARTIES``.

Each is opened only where it is configured. Below it, the bases that any provider may stand on are
chosen by ``"oauth2": true`` and ``"oidc": true``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from parsepy.auth.providers.code_rows import (
    Discord,
    GitHub,
    Instagram,
    LineLogin,
    LinkedIn,
    Microsoft,
    PlayGames,
    Spotify,
    WeChat,
    Weibo,
)
from parsepy.auth.providers.directory import Directory
from parsepy.auth.providers.facebook import Facebook
from parsepy.auth.providers.game_center import GameCenter
from parsepy.auth.providers.introspection import Introspection
from parsepy.auth.providers.janrain import JanrainCapture
from parsepy.auth.providers.keycloak import Keycloak
from parsepy.auth.providers.openid import (
    AnyIssuer,
    Apple,
    GitLab,
    Google,
    Kakao,
    Slack,
    Twitch,
)
from parsepy.auth.providers.proving import ProvingAdapter
from parsepy.auth.providers.qq import QQ
from parsepy.auth.providers.twitter import Digits, Twitter

__all__ = ["BASES", "GONE", "THIRD_PARTIES", "ProvingAdapter", "base_of"]

THIRD_PARTIES: Mapping[str, type[ProvingAdapter]] = MappingProxyType(
    {
        "apple": Apple,
        "digits": Digits,
        "discord": Discord,
        "facebook": Facebook,
        "gcenter": GameCenter,
        "github": GitHub,
        "gitlab": GitLab,
        "google": Google,
        "gpgames": PlayGames,
        "instagram": Instagram,
        "janraincapture": JanrainCapture,
        "kakao": Kakao,
        "keycloak": Keycloak,
        "ldap": Directory,
        "line": LineLogin,
        "linkedin": LinkedIn,
        "microsoft": Microsoft,
        "qq": QQ,
        "slack": Slack,
        "spotify": Spotify,
        "twitch": Twitch,
        "twitter": Twitter,
        "wechat": WeChat,
        "weibo": Weibo,
    }
)

BASES: Mapping[str, type[ProvingAdapter]] = MappingProxyType(
    {"oauth2": Introspection, "oidc": AnyIssuer}
)
"""Providers of any name, by the option that says how they are asked."""

GONE: Mapping[str, str] = MappingProxyType(
    {
        "janrainengage": "its service (rpxnow.com) has been shut down",
        "meetup": "the API that it asked (api.meetup.com/2) has been shut down",
        "phantauth": "it signs anybody in as anybody, for tests",
        "vkontakte": "it took tokens of any other application, and VK ID has replaced its API",
    }
)
"""Names of Parse Server's that are not built in, and why not."""


def base_of(options: Mapping[str, Any]) -> type[ProvingAdapter] | None:
    """The base that the options of a provider choose, if they do."""
    return next((base for name, base in BASES.items() if options.get(name) is True), None)
