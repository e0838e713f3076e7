"""The records of a save: what its caller asks beside the body, the write under way, its outcome."""

from dataclasses import dataclass, field
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject, stamp
from parsepy.model.where import Where


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveOptions:
    """What the caller of a save knows or wants beside the body."""

    object_id: str | None = None
    """The id of a new object; None: a random one, or the client's where that is allowed."""
    condition: Where = ()
    """An update is made only while this holds of the stored object (``ConditionFailed``)."""
    is_vouched_for: bool = False
    """Sign-in providers vouch for the user, who needs neither name nor password."""
    wants_stored: bool = False
    """The caller reads the object afterwards: ``Saved.stored`` spares it."""
    columns: frozenset[str] | None = None
    """The columns that ``Saved.stored`` of an update needs, the ACL among them; None: all."""
    verifies_email: bool = False
    """The user has confirmed the address: outstanding tokens for it go."""


PLAIN = SaveOptions()
"""A save as its body says it."""


@dataclass(slots=True)
class Write:
    """A create or update on its way to the storage.

    ``values`` are the columns that are written (plain values and operations), ``object_id``
    the object's id, ``echo`` what the answer carries beside the stamps; ``is_opened``: cloud
    code has opened this update to a caller whose rights do not reach the object;
    ``chosen_id``: that id, if the client has chosen it for a new object. Of an update of a user,
    ``before`` is the user as stored where a mail may tell of the change, and ``new_email`` an
    address that is yet to be confirmed.
    """

    context: RequestContext
    schema: ClassSchema
    values: JSONObject
    object_id: str
    is_create: bool
    stamp: str
    options: SaveOptions = PLAIN
    echo: JSONObject = field(default_factory=dict)
    is_opened: bool = False
    chosen_id: str | None = None
    before: JSONObject | None = None
    new_email: str | None = None

    @property
    def class_name(self) -> str:
        """The class written to."""
        return self.schema.name

    def again(self) -> "Write":
        """The same write, with values and echo of its own, made at this moment."""
        return Write(
            self.context,
            self.schema,
            dict(self.values),
            self.object_id,
            self.is_create,
            stamp(),
            self.options,
            dict(self.echo),
            self.is_opened,
            self.chosen_id,
            self.before,
            self.new_email,
        )


@dataclass(slots=True)
class Saved:
    """The outcome of a save.

    ``answer`` is what a save answers about the object; ``replacement`` an afterSave's JSON in
    its place. ``is_finished``: a beforeSave gave ``answer`` itself, and nothing was stored.
    ``has_location``: the answer goes with the address of the object. ``stored``: its state (the
    whole, or the columns that were wanted and those by which others are judged), if it was wanted,
    and nothing but the storage can have had a hand in it; of a new object as it was sent, without
    its relations.
    """

    object_id: str
    answer: JSONObject
    status: int = 200
    has_location: bool = False
    replacement: Any = None
    is_finished: bool = False
    stored: JSONObject | None = None

    @property
    def response(self) -> Any:
        """What the client is answered."""
        return self.answer if self.replacement is None else self.replacement


class ConditionFailed(ParseError):
    """A conditional save met an object of which its condition does not hold (any more)."""

    def __init__(self, class_name: str, object_id: str) -> None:
        super().__init__(
            Code.VALIDATION_ERROR,
            f"The condition of this save does not hold for {class_name} {object_id}.",
        )
