"""A change that somebody asks for, before anybody has agreed: what stands, what would stand, and where."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab.arm.ids import Target
from lab.arm.kinds import Kind, kind_of
from lab.arm.messages import Json, Refusal
from lab.arm.preparing import written
from lab.arm.references import Link, links_of
from lab.arm.settings import Settings
from lab.arm.world import Document, Place, World


@dataclass(frozen=True)
class Change:
    """One PUT or DELETE, completed by the provider and not yet carried out.

    Attributes:
        verb: create, update or delete.
        world: as it stands; rules only read it.
        settings: what the subscription may do.
        target: what the path names, which may be a child.
        place: where that is kept.
        kind: of the document.
        asked: the body as it was sent; empty for a DELETE.
        old: the document, if it stands.
        new: its whole body afterwards; None: it is deleted as a whole.
        now_s: the time.
        base_url: where operation URLs begin.
    """

    verb: str
    world: World
    settings: Settings
    target: Target
    place: Place
    kind: Kind
    asked: Json
    old: Document | None
    new: Json | None
    now_s: float
    base_url: str = ""

    @property
    def is_delete(self) -> bool:
        """Whether something is taken away."""
        return self.verb == "delete"

    @property
    def is_create(self) -> bool:
        """Whether a document is made."""
        return self.old is None and self.new is not None

    @property
    def old_body(self) -> Json:
        """The document's body as it stands; empty where it does not."""
        return self.old.body if self.old else {}

    @property
    def new_body(self) -> Json:
        """The document's body afterwards; empty where it is deleted."""
        return self.new or {}

    def is_of(self, resource_type: str) -> bool:
        """Whether the document is of this type."""
        return self.kind.type.lower() == resource_type.lower()

    def new_links(self) -> tuple[Link, ...]:
        """What the document refers to afterwards."""
        return links_of(self.kind.type, self.place.document, self.new_body)

    def asked_links(self) -> tuple[Link, ...]:
        """What the caller named: every link is looked at in every PUT, changed or not."""
        kind = kind_of(self.target.type)
        return links_of(kind.type, self.target.id, written(kind, self.asked)) if kind and self.asked else ()


Rule = Callable[[Change], Iterator[Refusal]]
"""Gives every reason why the real provider would refuse; the first is the answer."""
