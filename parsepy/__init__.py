"""parsepy: a Parse-compatible backend server in Python."""

__version__ = "0.1.0"
