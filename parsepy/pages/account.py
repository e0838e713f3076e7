"""The pages behind links in mails: a new password, a confirmed address (protocol §16.3)."""

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import dumps
from parsepy.operations import accounts
from parsepy.pages.renderer import Renderer, Values
from parsepy.pages.requests import Answer, Asked

_JSON = "application/json; charset=utf-8"


async def verify_email(context: RequestContext, asked: Asked, pages: Renderer) -> Answer:
    """A link that confirms an address was followed."""
    token = asked.text("token")
    if token is not None and await accounts.verify_email(context, token):
        return pages.page(asked, "emailVerificationSuccess")
    return pages.page(asked, "emailVerificationLinkInvalid")


async def resend_verification(context: RequestContext, asked: Asked, pages: Renderer) -> Answer:
    """A new link is asked for, by username or by an old one; which names exist is not told."""
    username, token = asked.text("username"), asked.text("token")
    if username is None and token is None:
        return pages.page(asked, "emailVerificationLinkInvalid")
    is_sent = await accounts.resend_verification(context, username, token)
    if is_sent or context.config.email_verify_success_on_invalid_email:
        return pages.page(asked, "emailVerificationSendSuccess")
    return pages.page(asked, "emailVerificationSendFail")


async def choose_password(context: RequestContext, asked: Asked, pages: Renderer) -> Answer:
    """The form for a new password, as older versions linked to it."""
    values: Values = {"token": asked.text("token"), "username": asked.text("username")}
    return pages.page(asked, "passwordReset", values)


async def show_reset(context: RequestContext, asked: Asked, pages: Renderer) -> Answer:
    """A link to a new password was followed: the form, if it is good."""
    token = asked.text("token")
    try:
        if token is None:
            return pages.page(asked, "passwordResetLinkInvalid")
        await accounts.check_reset_token(context.backend, token)
    except ParseError:
        return pages.page(asked, "passwordResetLinkInvalid")
    return pages.page(asked, "passwordReset", {"token": token})


async def reset(context: RequestContext, asked: Asked, pages: Renderer) -> Answer:
    """The form was sent: set the password, or show the form again with what is wrong."""
    token, password = asked.text("token"), asked.text("new_password")
    if asked.is_script:
        return await _reset_by_script(context, token, password)
    if token is None or password is None:
        return pages.page(asked, "passwordResetLinkInvalid")
    # Parse: its page compares the two by a script; without one, this is the place
    again = asked.form.get("confirm_new_password")
    if again is not None and again != password:
        return _again(asked, pages, token, "The two passwords are not the same.")
    try:
        await accounts.reset_password(context, token, password)
    except ParseError as error:
        return _again(asked, pages, token, error.message)
    return pages.page(asked, "passwordResetSuccess", shows=True)


def _again(asked: Asked, pages: Renderer, token: str, error: str) -> Answer:
    return pages.page(asked, "passwordReset", {"token": token, "error": error}, shows=True)


async def _reset_by_script(
    context: RequestContext, token: str | None, password: str | None
) -> Answer:
    try:
        if token is None:
            raise ParseError(Code.OTHER_CAUSE, "Missing token")
        if password is None:
            raise ParseError(Code.PASSWORD_MISSING, "Missing password")
        try:
            await accounts.reset_password(context, token, password)
        except ParseError as error:
            raise ParseError(Code.OTHER_CAUSE, error.message) from error
    except ParseError as error:
        return Answer(400, dumps({"code": error.code, "error": error.message}), _JSON)
    return Answer(200, dumps("Password successfully reset"), _JSON)
