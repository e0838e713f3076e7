"""The same requests to Parse Server and to parsepy, with the same answers expected."""
