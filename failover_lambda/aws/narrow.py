"""What the SDK reads of an answer: of EC2's instances no more than the watchdog uses.

The SDK makes an object of every field that its description of the service knows. For a page of two hundred instances that
is most of what an arbiter of many sites has to compute. So its description is handed over with those fields only;
what is sent does not change, and an SDK that calls a field otherwise is left as it is. May import the SDK only.
"""

from datetime import datetime
from typing import Any, Final

from botocore.loaders import Loader
from botocore.session import Session
from botocore.utils import parse_timestamp

READ: Final = {
    "Instance": ("InstanceId", "LaunchTime", "State", "SecurityGroups", "NetworkInterfaces"),
    "InstanceNetworkInterface": ("NetworkInterfaceId", "Groups"),
}
"""By the shapes' names in EC2's API reference: the fields that `fence.Machines` reads."""


class NarrowLoader(Loader):
    """Loads descriptions of services as botocore does, and EC2's with `READ`."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """The description of a service; see `Loader`."""
        model: Any = super().load_service_model(service_name, type_name, api_version)
        if (service_name, type_name) != ("ec2", "service-2"):
            return model
        shapes = model["shapes"]
        known = {name: fields for name, fields in READ.items() if all(each in shapes[name]["members"] for each in fields)}
        narrow = {
            name: shapes[name] | {"members": {each: shapes[name]["members"][each] for each in fields}}
            for name, fields in known.items()
        }
        return model | {"shapes": shapes | narrow}


def narrowed() -> Session:
    """A session of botocore whose clients read so."""
    session = Session()
    loader = NarrowLoader()
    session.register_component("data_loader", loader)
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=time_of)
    return session


def time_of(told: Any) -> datetime:
    """A time as EC2 writes it; one that is written otherwise is botocore's to read.

    Raises:
        ValueError: it is none.
    """
    try:
        at = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        return parse_timestamp(told)
    return at if at.tzinfo else parse_timestamp(told)
