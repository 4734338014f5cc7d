"""What an oracle counts, without any process."""

import pytest

from lab.api_faults import Fault, Kind
from tests.matrix.calls import Call
from tests.matrix.oracles import denials_begun


def invoked(nth: int, *, denied: bool) -> Call:
    fault = Fault("lambda", "Invoke", Kind.DENIED) if denied else None
    return Call(service="lambda", action="Invoke", nth=nth, sent_t=float(nth), virtual_s=float(nth), fault=fault)


@pytest.mark.parametrize(
    ("denied", "begun"),
    [((), 0), ((False,), 0), ((True,), 1), ((True, True, True), 1), ((True, False, True), 2), ((False, True, True), 1)],
)
def test_a_denial_begins_anew_only_after_it_was_permitted(denied: tuple[bool, ...], begun: int) -> None:
    calls = [invoked(nth, denied=each) for nth, each in enumerate(denied)]

    assert denials_begun(calls, "ask prober-a") == begun
    assert denials_begun(calls, "read the address") == 0
