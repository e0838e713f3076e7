"""Static sites: folders of files for browsers, and the workspace that some are built from."""

from parsepy.sites.building import WebBuild
from parsepy.sites.files import StaticSite

__all__ = ["StaticSite", "WebBuild"]
