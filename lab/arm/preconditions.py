"""If-Match and If-None-Match: a write goes through only if the resource is the one that its writer has read. Pure."""

from collections.abc import Mapping

from lab.arm.messages import Refusal

ANY = "*"


def unmet(headers: Mapping[str, str], etag: str, *, stands: bool, arm_id: str) -> Refusal | None:
    """Why the headers forbid the write; None: they do not.

    Args:
        headers: of the request, names in lower case.
        etag: of the document; a child has its parent's.
        stands: whether the resource is there.
        arm_id: of the resource.
    """
    wanted, unwanted = headers.get("if-match"), headers.get("if-none-match")
    if wanted is not None and not (stands and (wanted == ANY or _opaque(wanted) == _opaque(etag))):
        return _mismatch(
            "PreconditionFailedEtagMismatch",
            f"Etag provided in if-match header {wanted} does not match etag "
            f"{etag or '(none)'} of resource {arm_id} in NRP data store.",
        )
    if unwanted is not None and stands and (unwanted == ANY or _opaque(unwanted) == _opaque(etag)):
        return _mismatch(
            "PreconditionFailedResourceExists", f"The if-none-match header {unwanted} names what stands at {arm_id}."
        )
    return None


def _mismatch(code: str, message: str) -> Refusal:
    return Refusal(412, "PreconditionFailed", "Precondition failed.", ((code, message),))


def _opaque(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')
