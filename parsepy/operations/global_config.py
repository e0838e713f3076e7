"""``read`` and ``change``: the global config, one document of parameters (protocol §23)."""

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model.ops import is_delete
from parsepy.model.values import JSONObject, dumps, loads
from parsepy.operations import access, hooks
from parsepy.triggers import CONFIG, ConfigEvent

CLASS = "_GlobalConfig"


async def read(context: RequestContext) -> JSONObject:
    """``{"params", "masterKeyOnly"}`` as the caller may see it; ``{"params": {}}`` if unset.

    Clients get what was read within ``cacheTTL``, the master key what is stored now. The
    answer is the caller's own to change.
    """
    stored = await _stored(context)
    if stored is None:
        return {"params": {}}
    params = stored.get("params") or {}
    flags = stored.get("masterKeyOnly") or {}
    if not context.principal.is_master:
        hidden = {name for name, flag in flags.items() if flag}
        params = {name: value for name, value in params.items() if name not in hidden}
        flags = {name: flag for name, flag in flags.items() if name not in hidden}
    return {"params": params, "masterKeyOnly": flags}


async def change(
    context: RequestContext, params: JSONObject, master_key_only: JSONObject | None = None
) -> None:
    """Set parameters one by one; the operation Delete removes one, with its flag.

    A parameter that ``master_key_only`` does not flag is for everybody. Runs `@Config`'s
    triggers. Raises OPERATION_FORBIDDEN for all but the (writing) master key, INVALID_KEY_NAME,
    INVALID_NESTED_KEY, and what a beforeSave raises.
    """
    _check_caller(context)
    access.check_keywords(context, params)
    flags = master_key_only or {}
    for name in params:
        _check_name(name)
    original = await _original(context)
    await context.backend.triggers.run(
        ConfigEvent(
            kind="beforeSave",
            class_name=CONFIG,
            request=context,
            object=_merged(original or {}, params),
            original=original,
            changes=params,
        )
    )
    stored = await _store(context, params, flags)
    if context.backend.triggers.has("afterSave", CONFIG):
        await hooks.run_after(
            context,
            ConfigEvent(
                kind="afterSave",
                class_name=CONFIG,
                request=context,
                object=stored.get("params") or {},
                original=original,
                changes=params,
            ),
        )


def _check_caller(context: RequestContext) -> None:
    if context.principal.is_read_only:
        raise denied(
            Code.OPERATION_FORBIDDEN, "read-only masterKey isn't allowed to update the config."
        )
    if not context.principal.is_master:
        raise denied(Code.OPERATION_FORBIDDEN, "unauthorized: master key is required")


def _check_name(name: str) -> None:
    """Refuse a name that would reach into another parameter, or into MongoDB's operators."""
    if not name or "." in name or "$" in name or "\0" in name:
        raise ParseError(Code.INVALID_KEY_NAME, f"Invalid parameter name: {name}")


async def _original(context: RequestContext) -> JSONObject | None:
    """The parameters before a change, if a trigger wants to know them; ``None``: never set."""
    has = context.backend.triggers.has
    if not has("beforeSave", CONFIG) and not has("afterSave", CONFIG):
        return None
    stored = await context.backend.storage.settings.read(CLASS)
    return None if stored is None else stored.get("params") or {}


def _merged(original: JSONObject, params: JSONObject) -> JSONObject:
    """The parameters as a change will leave them (other operations than Delete stay as such)."""
    merged = {**original, **params}
    return {name: value for name, value in merged.items() if not is_delete(value)}


async def _store(context: RequestContext, params: JSONObject, flags: JSONObject) -> JSONObject:
    backend = context.backend
    changes: JSONObject = {}
    for name, value in params.items():
        changes[f"params.{name}"] = value
        # Parse Server leaves the flag of a parameter behind when that goes
        flag = value if is_delete(value) else bool(flags.get(name))
        changes[f"masterKeyOnly.{name}"] = flag
    if not changes:
        return await backend.storage.settings.read(CLASS) or {}
    try:
        return await backend.storage.settings.change(CLASS, changes)
    finally:
        backend.settings.drop(CLASS)
        await backend.storage.after_commit(lambda: backend.settings.drop(CLASS))


async def _stored(context: RequestContext) -> JSONObject | None:
    backend = context.backend
    if context.principal.is_master or backend.storage.in_transaction:
        return await backend.storage.settings.read(CLASS)
    kept = backend.settings.get(CLASS)
    if kept is None:
        kept = await _read_and_keep(backend)
    stored: JSONObject | None = loads(kept)
    return stored


async def _read_and_keep(backend: Backend) -> bytes:
    mark = backend.settings.mark()
    kept = dumps(await backend.storage.settings.read(CLASS))
    backend.settings.put(CLASS, kept, mark)
    return kept
