"""The portal: what runs here, for people, made from the live schema."""

from parsepy.portal.door import OPENAPI, PATH, PortalDoor, islands_folder

__all__ = ["OPENAPI", "PATH", "PortalDoor", "islands_folder"]
