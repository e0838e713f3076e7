"""``memory:``: an in-process stand-in for ``AsyncMongoClient``, over mongomock-motor.

For quick trials and for tests of cloud code; the data end with the process. It has of the
driver's surface what ``Storage`` uses, and refuses all else with COMMAND_UNAVAILABLE. mongomock
matches, sorts and changes; unique indexes, any-case comparison, refused updates that leave
nothing half-written and transactions are ours. Regular expressions are Python's, and nothing
stops a slow one.

One transaction runs at a time. What it has written is seen by others at once, though they wait
for its end before they change the same documents.
"""

from parsepy.storage.memory.client import SCHEME, open_client

__all__ = ["SCHEME", "open_client"]
