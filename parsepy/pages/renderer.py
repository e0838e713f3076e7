"""A page by its id: our own or the operator's, in a language, with its parameters; or elsewhere."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from parsepy.config import Config, ConfigError
from parsepy.pages.requests import PageRequest
from parsepy.pages.translations import TEXTS, problem
from parsepy.texts import languages, placeholders

if TYPE_CHECKING:
    from starlette.templating import Jinja2Templates

FILES = {
    "passwordReset": "password_reset.html",
    "passwordResetSuccess": "password_reset_success.html",
    "passwordResetLinkInvalid": "password_reset_link_invalid.html",
    "emailVerificationSuccess": "email_verification_success.html",
    "emailVerificationSendFail": "email_verification_send_fail.html",
    "emailVerificationSendSuccess": "email_verification_send_success.html",
    "emailVerificationLinkInvalid": "email_verification_link_invalid.html",
    "emailVerificationLinkExpired": "email_verification_link_expired.html",
}
_HEADER = "x-parse-page-param-"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Our own pages run nothing and load nothing; an operator's may.
_POLICY = (
    "content-security-policy",
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors {frames}",
)

_OWN_PAGES = Path(__file__).parent / "html"

Values = dict[str, str | None]


def _or_nothing(value: object) -> object:
    return "" if value is None else value


class Renderer:
    """Finds pages and fills them in, as the option ``pages`` says (§16.4, §16.5)."""

    def __init__(
        self,
        config: Config,
        placeholders_of: Callable[[Mapping[str, Any]], Awaitable[Any]] | None = None,
    ) -> None:
        """``placeholders_of``: the function of the option ``pages.placeholders``, if it is one."""
        self._config = config
        self._options = config.pages
        self._placeholders_of = placeholders_of
        self._translations = _read_translations(config.pages.localization_json_path)
        frame = urlsplit(config.parse_frame_url or "")
        frames = f"{frame.scheme}://{frame.netloc}" if frame.netloc else "'none'"
        self._policy = (_POLICY[0], _POLICY[1].format(frames=frames))

    @cached_property
    def _own(self) -> "Jinja2Templates":
        """Our own pages; the templates' library is loaded when the first one is shown."""
        from jinja2 import Environment, FileSystemLoader
        from starlette.templating import Jinja2Templates

        loader = FileSystemLoader(_OWN_PAGES)
        return Jinja2Templates(
            env=Environment(loader=loader, autoescape=True, finalize=_or_nothing)
        )

    def defaults(self) -> Values:
        """Return the parameters that every page has."""
        config = self._config
        return {
            "appId": config.app_id,
            "appName": config.app_name,
            "publicServerUrl": config.public_server_url,
        }

    def locale(self, request: PageRequest) -> str | None:
        """Return the locale that a request names: in its query, its form, or a header."""
        header = request.http.headers.get(f"{_HEADER}locale")
        given = request.query.get("locale") or request.form.get("locale") or header
        return languages.locale(given or None)

    async def page(
        self,
        request: PageRequest,
        page_id: str,
        values: Values | None = None,
        *,
        shows: bool | None = None,
    ) -> Response:
        """Answer a GET with the page, a POST with a redirect to it; ``shows`` overrides that."""
        url = self._options.custom_urls.get(page_id)
        return await self._page(request, FILES[page_id], url, values or {}, shows=shows)

    async def named_page(self, request: PageRequest, name: str, values: Values) -> Response:
        """Answer a page of the operator's own by its file, or redirect to its address (§16.3)."""
        url = self._options.custom_urls.get(name)
        return await self._page(request, name, url, values, shows=True)

    async def _page(
        self,
        request: PageRequest,
        name: str,
        url: str | None,
        values: Values,
        *,
        shows: bool | None,
    ) -> Response:
        given = {**values, **self.defaults(), "locale": self.locale(request)}
        if None in self.defaults().values():
            return not_found()
        if url and urlsplit(url).scheme in ("http", "https"):
            return self._redirect(url, given)
        redirects = request.http.method == "POST" if shows is None else not shows
        if self._options.force_redirect or redirects:
            found = self._find(name, given)
            base = f"{self._config.public_server_url}/{self._options.pages_endpoint}"
            return self._redirect(f"{base}/{name if found is None else found[0]}", given)
        return await self.file(request, name, given)

    async def file(self, request: PageRequest, name: str, values: Values) -> Response:
        """Answer a page by its file's name: the operator's, else our own, else 404."""
        filled: dict[str, Any] = {
            **values,
            "pagesEndpoint": self._options.pages_endpoint,
            **await self._placeholders(values),
            **self._translated(values),
        }
        headers = _param_headers(values, encodes=self._options.encode_page_param_headers)
        found = self._find(name, values)
        if found is not None:
            text = found[1].read_text(encoding="utf-8", errors="replace")
            return HTMLResponse(placeholders.render(text, filled), headers=headers)
        if name not in FILES.values():
            return not_found()
        headers[self._policy[0]] = self._policy[1]
        language = self.language(request)
        filled |= {"language": language, "t": TEXTS[language]}
        filled["problem"] = problem(values.get("error"), language)
        filled["request"] = request.http  # Starlette's own
        return self._own.TemplateResponse(request.http, name, filled, headers=headers)

    def language(self, request: PageRequest) -> str:
        """Return the language of our own pages: that of the link, else of the browser."""
        wanted = self.locale(request)
        header = request.http.headers.get("accept-language", "")
        return languages.built_in([*([wanted] if wanted else []), *languages.accepted(header)])

    async def _placeholders(self, values: Values) -> Mapping[str, Any]:
        """Return the values of the option ``pages.placeholders``, asking its function."""
        given: Any = self._options.placeholders
        if self._placeholders_of is not None:
            given = await self._placeholders_of(dict(values))
        return given if isinstance(given, Mapping) else {}

    def _find(self, name: str, values: Values) -> tuple[str, Path] | None:
        """Find the operator's own page, in the locale asked for, its language, or none."""
        folder = self._options.pages_path
        wanted = values.get("locale") if self._options.enable_localization else None
        for place in placeholders.localized(name, wanted) if folder is not None else ():
            path = placeholders.find(folder, place) if folder is not None else None
            if path is not None:
                return place, path
        return None

    def _translated(self, values: Values) -> dict[str, str]:
        """Return the translated texts of the page's language, with their parameters filled in."""
        if not self._options.enable_localization or not self._translations:
            return {}
        fallback = self._options.localization_fallback_locale
        wanted = values.get("locale") or fallback
        for name in (wanted, wanted.partition("-")[0], fallback):
            texts = self._translations.get(name)
            if isinstance(texts, dict) and isinstance(texts.get("translation"), dict):
                return {
                    key: _filled(str(text), values) for key, text in texts["translation"].items()
                }
        return {}

    def _redirect(self, url: str, values: Values) -> Response:
        """Redirect (303) to a URL, with the parameters in its query and in headers."""
        given = {name: value for name, value in values.items() if value is not None}
        parts = urlsplit(url)
        kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in given]
        location = urlunsplit(parts._replace(query=urlencode([*kept, *given.items()])))
        encodes = self._options.encode_page_param_headers
        response = RedirectResponse(location, 303, _param_headers(values, encodes=encodes))
        response.headers["content-type"] = "text/html; charset=utf-8"  # Parse: of a redirect, too
        return response


def _filled(text: str, values: Values) -> str:
    # a translation is put into a page, where all of it is escaped: here nothing is
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: values.get(found[1]) or "", text)


def _param_headers(values: Values, *, encodes: bool) -> dict[str, str]:
    """Return the parameters as headers, for scripts that read no HTML (§16.4)."""
    headers = {}
    for name, value in values.items():
        if value is None:
            continue
        text = _CONTROL.sub("", value)
        if encodes or not text.isascii():
            text = quote(text, safe="!'()*-._~")
        headers[_HEADER + name.lower()] = text
    return headers


def _read_translations(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError([f"pages.localizationJsonPath: {path}: {error}"]) from error
    if not isinstance(content, dict):
        raise ConfigError([f"pages.localizationJsonPath: {path} holds no object"])
    return content


def not_found() -> Response:
    """Make the 404 of pages, as Parse words it."""
    return HTMLResponse("Not found.", 404)
