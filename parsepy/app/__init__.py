"""One Parse application: its parts wired together, its doors, its start and its end."""

from parsepy.app.application import Application, websocket_class
from parsepy.app.schema_templates import files_of, template_of
from parsepy.app.wiring import build

__all__ = ["Application", "build", "files_of", "template_of", "websocket_class"]
