"""Mail for development: it is not sent but printed on standard error, links included."""

import sys

from parsepy.mail.base import Mail


class adapter:
    """Prints mails. Anyone who can read the server's output can take over accounts."""

    async def send_mail(self, mail: Mail) -> None:
        """Print one mail; not through the log, which would mask the tokens in the links."""
        text = f"mail (not sent)\n  To: {mail.to}\n  Subject: {mail.subject}\n\n{mail.text}"
        print(text, file=sys.stderr, flush=True)
