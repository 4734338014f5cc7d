"""Which types have an ETag, and when it changes. Pure.

network     W/"guid", new with every write, when the operation ends, and when others begin or cease to name it;
            in the header of a GET (azure-cli, test_network_nic_subresources.yaml)
machine     "1", "2", ...: one more with every write and every verb of power, the same when the operation ends;
            in the header of a PUT (azure-cli, test_vm_create_state_modifications.yaml)
all others  none
"""

from lab.arm.world import Document, World

_NETWORK, _MACHINE = "microsoft.network/", "microsoft.compute/virtualmachines"


def is_network(document: Document) -> bool:
    """Whether a document is the network provider's."""
    return document.type.lower().startswith(_NETWORK)


def is_machine(document: Document) -> bool:
    """Whether a document is a machine."""
    return document.type.lower() == _MACHINE


def renew(world: World, document: Document) -> None:
    """Give a document that is being written its next ETag."""
    if is_network(document):
        document.etag = world.etag()
    elif is_machine(document):
        document.etag = f'"{int(document.etag.strip(chr(34)) or 0) + 1}"'


def renew_unwritten(world: World, document: Document) -> None:
    """Give a document that changed without being written its next ETag."""
    if is_network(document):
        document.etag = world.etag()
