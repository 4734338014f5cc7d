"""All that the emulator knows: documents and running operations, by the lower-cased id. No rules, no time of its own.

A document is kept without what is derived: ids of children, back-references, states and ETags are added when it is shown
(`lab.arm.views`), so they cannot contradict each other. Everything here is plain data, so that it can be kept in a file
(`lab.arm.keeping`).
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from lab.arm.ids import Target, key_of, parse
from lab.arm.kinds import Kind, kind_of
from lab.arm.messages import Json

SUCCEEDED, FAILED, CANCELED = "Succeeded", "Failed", "Canceled"
CREATING, UPDATING, DELETING = "Creating", "Updating", "Deleting"
IN_PROGRESS = "InProgress"
_NAMESPACE = uuid.UUID("6b0c0a52-5a3c-4a38-9f1e-0d5a7c1d7a11")


@dataclass
class Document:
    """One resource with everything inside it.

    Attributes:
        id: as it was first written.
        type: in Azure's letter case.
        body: what was written, completed by the provider.
        etag: with its quotes, `W/"..."`.
        state: provisioningState.
        children: key of a child -> its own state, while it is not the document's.
        previous: the body before the last PUT; of several PUTs that took each other's place, before the first of them.
        made_s: when it was accepted first.
        changed_s: when it was last written.
        ended_s: when its last operation ended.
        power: of a machine, the word in PowerState; else empty.
    """

    id: str
    type: str
    body: Json
    etag: str = ""
    state: str = SUCCEEDED
    children: dict[str, str] = field(default_factory=dict[str, str])
    previous: Json | None = None
    made_s: float = 0.0
    changed_s: float = 0.0
    ended_s: float = 0.0
    power: str = ""

    @property
    def key(self) -> str:
        """How it is looked up."""
        return key_of(self.id)

    def state_of(self, child_key: str) -> str:
        """The state of a child: its own or that of the child it stands in, or the document's unless only others change."""
        own = (state for key, state in self.children.items() if child_key == key or child_key.startswith(key + "/"))
        return next(own, SUCCEEDED if self.children else self.state)


@dataclass
class Operation:
    """One long-running operation.

    Attributes:
        id: a guid.
        name: as messages call it, "PutSubnetOperation".
        verb: create, update, delete, or a machine's start, powerOff, restart, deallocate.
        target: id of what is changed, a child too.
        document: key of the document that holds it.
        location: in its URL.
        started_s: when it was accepted.
        due_s: when it ends.
        status: InProgress until then.
        error: the error object of one that ended badly.
        will_fail: the error object that it will end with; None: it will succeed.
        power_before: of an operation that takes a machine's power for a while: what to go back to when it fails.
    """

    id: str
    name: str
    verb: str
    target: str
    document: str
    location: str
    started_s: float
    due_s: float
    status: str = IN_PROGRESS
    error: Json | None = None
    will_fail: Json | None = None
    power_before: str = ""

    @property
    def pending(self) -> bool:
        """Whether it still runs."""
        return self.status == IN_PROGRESS


@dataclass
class World:
    """Everything, and the events that nobody was told yet.

    Attributes:
        seed: of the guids.
        serial: how many guids were given.
        documents: by key, in the order of their making.
        operations: by id.
        deleted_vaults: names of vaults that were deleted and not purged, in lower case.
        lingering: key of a subnet -> until when the link of a deleted app holds it.
        events: name and fields of what has happened, oldest first; taken away by whoever tells them.
    """

    seed: int = 1
    serial: int = 0
    documents: dict[str, Document] = field(default_factory=dict[str, Document])
    operations: dict[str, Operation] = field(default_factory=dict[str, Operation])
    deleted_vaults: list[str] = field(default_factory=list[str])
    lingering: dict[str, float] = field(default_factory=dict[str, float])
    events: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])

    def guid(self) -> str:
        """The next guid; the same seed gives the same ones."""
        self.serial += 1
        return str(uuid.uuid5(_NAMESPACE, f"{self.seed}-{self.serial}"))

    def etag(self) -> str:
        """A new ETag."""
        return f'W/"{self.guid()}"'

    def tell(self, event: str, **fields: object) -> None:
        """Note what happened."""
        self.events.append((event, dict(fields)))

    def of_type(self, resource_type: str) -> list[Document]:
        """Every document of a type."""
        return [document for document in self.documents.values() if document.type.lower() == resource_type.lower()]

    def pending(self, document_key: str) -> list[Operation]:
        """The operations that run on a document or something inside it."""
        return [each for each in self.operations.values() if each.pending and each.document == document_key]


@dataclass(frozen=True)
class Place:
    """Where a resource is kept: in a document of this id, down these steps (none: it is the document)."""

    document: str
    steps: tuple[tuple[Kind, str], ...] = ()

    @property
    def key(self) -> str:
        """The document's key."""
        return key_of(self.document)


def place_of(target: Target) -> Place | None:
    """Where the target is or would be kept; None for a type that the emulator does not have."""
    kind = kind_of(target.type)
    if kind is None:
        return None
    if not kind.collection:
        return Place(target.id)
    above = place_of(parse(target.parent_id))
    return Place(above.document, (*above.steps, (kind, target.name))) if above else None


def locations(world: World) -> Iterator[str]:
    """The locations in use."""
    yield from {str(document.body.get("location", "")) for document in world.documents.values()} - {""}
