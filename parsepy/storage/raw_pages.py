"""``RawPage``: what a find has found, as MongoDB's reply, of which is made what is needed.

Where objects are included in others and nobody needs any of them as dictionaries, the replies are
read by the extension alone: the ids that the pointers of one name, and the JSON of both.
"""

from __future__ import annotations

import bson

from parsepy.model.selection import Selection
from parsepy.model.values import JSONObject, dumps
from parsepy.storage.documents import CODEC, Plan, to_object
from parsepy.storage.native import Joined, NativeReader, Reply


class RawPage:
    """The documents of one class in a whole reply to `find`."""

    def __init__(self, plan: Plan, native: NativeReader, reply: Reply) -> None:
        self._plan, self._native, self._reply = plan, native, reply

    def pointers(self, name: str) -> dict[str, int] | None:
        """How often a column points to each id; ``None``: only ``objects`` can tell."""
        return self._native.pointers(self._reply, name)

    def json(self, joined: Joined) -> bytes | None:
        """The objects as a JSON array, with others in place of pointers; ``None`` as above.

        A pointer to what is not among them is left out.
        """
        return self._native.json_with(self._reply, joined)

    def included(self, class_name: str, joined: Joined) -> dict[str, bytes] | None:
        """The objects by their ids, each as it stands in place of a pointer; ``None`` as above."""
        ending = b"," + dumps({"__type": "Object", "className": class_name})[1:-1]
        return self._native.json_by_id(self._reply, ending, joined)

    def selected(self, selection: Selection, joined: Joined) -> tuple[bytes, int] | None:
        """What is selected of the objects as a JSON array, and how many there are."""
        return self._native.selected(
            self._reply, selection.joined(joined), selection.opening, selection.closing
        )

    def selected_by_id(self, selection: Selection, joined: Joined) -> dict[str, bytes] | None:
        """What is selected of the objects by their ids; ``None`` as above."""
        return self._native.selected_by_id(self._reply, selection.joined(joined))

    def objects(self) -> list[JSONObject]:
        """The objects in REST form."""
        read = self._native.objects(self._reply)
        if read is not None:
            return read
        found = bson.decode(self._reply, CODEC)["cursor"]["firstBatch"]
        return [to_object(self._plan, document) for document in found]
