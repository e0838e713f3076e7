"""Users: sign up, log in and out, verify a password, become, read oneself, change (§13, §15).

One module a subject: ``lockout``, ``asking`` (the providers are asked), ``credentials`` (name and
password, age), ``providers`` (authData), ``answers`` (what a user is shown, and their session),
``events`` (what cloud code hears), and on top of them ``logging_in``, ``signing_up``, ``changing``
and ``challenging``.
"""

from parsepy.operations.users.answers import me
from parsepy.operations.users.challenging import challenge
from parsepy.operations.users.changing import update
from parsepy.operations.users.events import run_trigger
from parsepy.operations.users.logging_in import log_in, log_in_as, log_out, verify_password
from parsepy.operations.users.signing_up import sign_up

__all__ = [
    "challenge",
    "log_in",
    "log_in_as",
    "log_out",
    "me",
    "run_trigger",
    "sign_up",
    "update",
    "verify_password",
]
