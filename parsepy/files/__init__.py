"""``STORES``: the built-in file stores, by the short names of the option ``filesAdapter``."""

STORES = {
    "gridfs": "parsepy.files.gridfs",
    "local": "parsepy.files.local",
    "s3": "parsepy.files.s3",
}
