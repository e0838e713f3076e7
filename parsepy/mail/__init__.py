"""``MAILERS``: how mail can go out, by the short names of the option ``emailAdapter``."""

MAILERS = {
    "smtp": "parsepy.mail.smtp",
    "console": "parsepy.mail.console",
}
