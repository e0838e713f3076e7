"""The pages behind links in mails: a new password, a confirmed address (protocol §16.3)."""

from starlette.responses import Response

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.values import dumps
from parsepy.operations import accounts
from parsepy.pages.renderer import Renderer, Values
from parsepy.pages.requests import PageRequest
from parsepy.pages.translations import DIFFERENT

_JSON = "application/json; charset=utf-8"


async def verify_email(request: PageRequest, pages: Renderer) -> Response:
    """Confirm an e-mail address by the token in its link."""
    token = request.text("token")
    if token is not None and await accounts.verify_email(request.context, token):
        return await pages.page(request, "emailVerificationSuccess")
    return await pages.page(request, "emailVerificationLinkInvalid")


async def resend_verification(request: PageRequest, pages: Renderer) -> Response:
    """Mail a new link, for a username or an old link; the answer is the same for unknown names."""
    username, token = request.text("username"), request.text("token")
    if username is None and token is None:
        return await pages.page(request, "emailVerificationLinkInvalid")
    is_sent = await accounts.resend_verification(
        request.context, username, token, pages.locale(request)
    )
    if is_sent or request.context.config.email_verify_success_on_invalid_email:
        return await pages.page(request, "emailVerificationSendSuccess")
    return await pages.page(request, "emailVerificationSendFail")


async def choose_password(request: PageRequest, pages: Renderer) -> Response:
    """Show the form for a new password, at the address to which older versions linked."""
    values: Values = {"token": request.text("token"), "username": request.text("username")}
    return await pages.page(request, "passwordReset", values)


async def show_reset(request: PageRequest, pages: Renderer) -> Response:
    """Show the form for a new password, if the token in the link is valid."""
    token = request.text("token")
    try:
        if token is None:
            return await pages.page(request, "passwordResetLinkInvalid")
        await accounts.check_reset_token(request.context.backend, token)
    except ParseError:
        return await pages.page(request, "passwordResetLinkInvalid")
    return await pages.page(request, "passwordReset", {"token": token})


async def reset(request: PageRequest, pages: Renderer) -> Response:
    """Set the new password, or show the form again with what is wrong."""
    token, password = request.text("token"), request.text("new_password")
    if request.is_script:
        return await _reset_by_script(request.context, token, password)
    if token is None or password is None:
        return await pages.page(request, "passwordResetLinkInvalid")
    # Parse: its page compares the two by a script; without one, this is the place
    again = request.form.get("confirm_new_password")
    if again is not None and again != password:
        return await _again(request, pages, token, DIFFERENT)
    try:
        await accounts.reset_password(request.context, token, password)
    except ParseError as error:
        return await _again(request, pages, token, error.message)
    return await pages.page(request, "passwordResetSuccess", shows=True)


async def _again(request: PageRequest, pages: Renderer, token: str, error: str) -> Response:
    return await pages.page(request, "passwordReset", {"token": token, "error": error}, shows=True)


async def _reset_by_script(
    context: RequestContext, token: str | None, password: str | None
) -> Response:
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
        return Response(dumps({"code": error.code, "error": error.message}), 400, media_type=_JSON)
    return Response(dumps("Password successfully reset"), media_type=_JSON)
