"""How the lab changes single methods of moto's EC2, and the types that the two changing files share.

moto is pinned, and the methods named in `lab.ec2_semantics` and `lab.ec2_machines` are not all part of what it
promises; so each replacement checks first that the method is there, and a newer moto that moved it stops the server
with a sentence that says so.
"""

import functools
from collections.abc import Callable
from typing import Any, Protocol

from moto.ec2.exceptions import EC2ClientError

Around = Callable[..., Any]
"""Called as `around(original, this, *arguments)` in place of `this.method(*arguments)`."""


class Publish(Protocol):
    """Where the shim tells what happened: the lab's log and the lab itself, at once and in order."""

    def __call__(self, event: str, /, **fields: object) -> None:
        """Tell one event; its time is now, unless a field `t` (seconds, monotonic) says otherwise."""


class MissingMethodError(Exception):
    """moto is not the one that this file was written for."""

    def __init__(self, owner: type, name: str) -> None:
        self.owner = owner
        self.name = name
        super().__init__(
            f"moto's {owner.__module__}.{owner.__name__} has no {name}: the lab's changes to moto were written for another "
            f"version; pin that one again, or adapt lab/ec2_semantics.py and lab/ec2_machines.py"
        )


def wrap(owner: type, name: str, around: Around) -> None:
    """Put `around` in place of a method that `owner` itself defines; for the whole process, for good.

    Raises:
        MissingMethodError: there is no such method.
    """
    original = vars(owner).get(name)
    if not callable(original):
        raise MissingMethodError(owner, name)

    @functools.wraps(original)
    def method(this: Any, *arguments: Any, **options: Any) -> Any:
        return around(original, this, *arguments, **options)

    setattr(owner, name, method)


def replace_property(owner: type, name: str, read: Callable[[Any], Any]) -> None:
    """Put a property of ours in place of one that `owner` itself defines; for the whole process, for good.

    Raises:
        MissingMethodError: there is no such property.
    """
    if not isinstance(vars(owner).get(name), property):
        raise MissingMethodError(owner, name)
    setattr(owner, name, property(read))


def refuse(code: str, message: str) -> EC2ClientError:
    """AWS's error with this code, for the caller to raise."""
    return EC2ClientError(code, message)
