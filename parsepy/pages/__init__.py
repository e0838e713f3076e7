"""The door of the account pages, which ask for no credentials; written with Starlette."""

from parsepy.pages.door import PagesDoor, routes

__all__ = ["PagesDoor", "routes"]
