"""Mail for development: it is not sent but shown on standard error, links and all."""

import sys

from parsepy.mail.base import Mail


class adapter:
    """Shows mails. Who can read the server's output can take over accounts: never in public."""

    async def send_mail(self, mail: Mail) -> None:
        """Show one mail; not by the log, which masks tokens and so would spoil the links."""
        text = f"mail (not sent)\n  To: {mail.to}\n  Subject: {mail.subject}\n\n{mail.text}"
        print(text, file=sys.stderr, flush=True)
