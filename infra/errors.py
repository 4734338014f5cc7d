"""What the program cannot build. Everybody in `infra` may import this file."""


class BundleError(Exception):
    """The bundle cannot be built as it must be."""
