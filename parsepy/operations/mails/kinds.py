"""The kinds of mails, by the names that they have in the queue."""

from typing import NamedTuple

VERIFICATION = "verification"
PASSWORD_RESET = "passwordReset"
EMAIL_CHANGE = "emailChange"
EMAIL_CHANGE_REQUESTED = "emailChangeRequested"
EMAIL_CHANGED = "emailChanged"
PASSWORD_CHANGED = "passwordChanged"
SECOND_FACTOR_CHANGED = "secondFactorChanged"
SIGN_IN_CODE = "signInCode"

_DAY = 86_400.0


class MailKind(NamedTuple):
    """What one kind of mail is: the name of its template, and the page that its link opens.

    ``own`` is the method of a mailer with texts of its own; ``max_age`` are the seconds after
    which it is not tried any more.
    """

    template: str
    page: str | None = None
    own: str | None = None
    max_age: float = _DAY


KINDS = {
    VERIFICATION: MailKind("email_verification", "verify_email", "send_verification_email"),
    PASSWORD_RESET: MailKind(
        "password_reset", "request_password_reset", "send_password_reset_email"
    ),
    EMAIL_CHANGE: MailKind("email_change", "verify_email"),
    EMAIL_CHANGE_REQUESTED: MailKind("email_change_requested"),
    EMAIL_CHANGED: MailKind("email_changed"),
    PASSWORD_CHANGED: MailKind("password_changed"),
    SECOND_FACTOR_CHANGED: MailKind("second_factor_changed"),
    SIGN_IN_CODE: MailKind("sign_in_code", max_age=600.0),
}
