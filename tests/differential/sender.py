"""parsepy's push adapter in the differential test: hands each device's message to a URL.

Tokens that begin with "gone" are unknown to it, those that begin with "bad" fail.
"""

import httpx

from parsepy.push.base import Message, Outcome


class adapter:
    """Posts what each device is sent to `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def send(self, message: Message) -> Outcome:
        """Hand one message over."""
        kind = str(message.device["deviceType"])
        expires = message.body.get("expiration_time")
        facts = {"token": message.token, "type": kind, "data": message.data, "expires": expires}
        async with httpx.AsyncClient() as client:
            await client.post(self.url, json=facts)
        errors = {"gone": "Unregistered", "bad": "PayloadTooLarge"}
        error = errors.get(message.token.split("-")[0], "")
        return Outcome(not error, kind, error, error == "Unregistered")
