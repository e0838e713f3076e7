"""What every way in over HTTP needs, once: requests, answers, routes, credentials, limits, logs.

The doors (``rest``, ``pages``, ``livequery``, …) use this room and it knows none of them;
``operations`` know nothing of it.
"""
