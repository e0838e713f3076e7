"""parsepy's mailer in the differential test: hands each mail's facts to a URL."""

import re

import httpx

from parsepy.mail.base import Mail


class adapter:
    """Posts what a mail says to `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def send_mail(self, mail: Mail) -> None:
        """Hand one mail over."""
        link = re.search(r"https?://\S+", mail.text)
        assert link is not None
        path, _, token = link[0].partition("token=")
        facts = {"to": mail.to, "subject": mail.subject, "path": path, "token": token}
        async with httpx.AsyncClient() as client:
            await client.post(self.url, json=facts)
