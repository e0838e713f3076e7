"""``MAILERS``: the built-in mailers, by the short names of the option ``emailAdapter``."""

MAILERS = {
    "smtp": "parsepy.mail.smtp",
    "console": "parsepy.mail.console",
}
