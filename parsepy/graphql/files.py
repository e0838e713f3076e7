"""``store``: a file that came with a request goes the way of REST's uploads."""

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.graphql.failures import PlainError
from parsepy.graphql.uploads import FileUpload
from parsepy.model.files import FileDraft, extension_for, type_of
from parsepy.model.values import JSONObject
from parsepy.operations import files


async def store(context: RequestContext, upload: object) -> JSONObject:
    """Store an upload; its ``name`` and ``url``.

    Raises FILE_SAVE_ERROR and what uploads are refused for; ``PlainError`` if no file came.
    """
    if not isinstance(upload, FileUpload) or upload.name is None:
        raise PlainError("File missing in the request.")
    if upload.is_too_large:
        most = context.config.max_upload_size
        raise PlainError(f"File truncated as it exceeds the {most} byte size limit.")
    name = full_name(upload)
    files.check_upload(context, name, upload.content_type)
    if not upload.data:
        raise ParseError(Code.FILE_SAVE_ERROR, "Invalid file upload.")
    draft = FileDraft(
        name=name, content_type=upload.content_type or type_of(name), data=upload.data
    )
    stored = await files.save(context, draft)
    return {"url": str(stored.url), "name": stored.name}


def full_name(upload: FileUpload) -> str:
    """The file's name; the extension of its type is added where it has another.

    Parse: a type that is not known adds ``.null``.
    """
    name = upload.name or ""
    ending = f".{extension_for(upload.content_type) or 'null'}"
    return name if name.endswith(ending) else f"{name}{ending}"
