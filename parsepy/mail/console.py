"""Mail for development: it is not sent but written to the log, links and all."""

import logging

from parsepy.mail.base import Mail

log = logging.getLogger("parsepy.mail")


class adapter:
    """Writes mails to the log. Who can read the log can take over accounts: never in public."""

    async def send_mail(self, mail: Mail) -> None:
        """Write one mail to the log."""
        log.warning(
            "mail (not sent)\n  To: %s\n  Subject: %s\n\n%s", mail.to, mail.subject, mail.text
        )
