"""Virtual time: one strand at a time, in the order of the agenda; and what the watchdog waits with."""

from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED

import pytest

from prove.simulation.agenda import Agenda
from prove.simulation.replies import NEVER_S, Reply, Wire, WireExecutor, wait


def test_strands_take_turns_in_the_order_of_their_moments() -> None:
    agenda, said = Agenda(), list[str]()

    def counts(name: str, every_s: float) -> None:
        for number in range(3):
            agenda.wait_until(agenda.time_s + every_s)
            said.append(f"{name}{number} at {agenda.time_s:g}")

    agenda.spawn("a", lambda: counts("a", 1.0))
    agenda.spawn("b", lambda: counts("b", 1.5))
    agenda.at(2.5, lambda: said.append("an entry at 2.5"))
    agenda.run_until(10.0)
    agenda.close()
    assert said == [
        *("a0 at 1", "b0 at 1.5", "a1 at 2", "an entry at 2.5", "b1 at 3", "a2 at 3", "b2 at 4.5"),
    ]
    assert agenda.time_s == 10.0


def test_a_killed_strand_ends_where_it_waits_and_no_handler_keeps_it() -> None:
    agenda, said = Agenda(), list[str]()

    def stubborn() -> None:
        try:
            agenda.wait_until(5.0)
        except Exception:  # noqa: BLE001 - a handler of the watchdog's kind
            said.append("caught")
        said.append("went on")

    strand = agenda.spawn("stubborn", stubborn)
    agenda.at(2.0, lambda: agenda.kill(strand))
    agenda.run_until(3.0)
    assert strand.ended
    assert not said


def test_a_frozen_strand_wakes_late_and_sees_the_new_time() -> None:
    agenda, said = Agenda(), list[float]()

    def sleeps() -> None:
        agenda.wait_until(1.0)
        said.append(agenda.time_s)

    strand = agenda.spawn("sleeps", sleeps)
    strand.frozen_until_s = 7.0
    agenda.run_until(6.0)
    assert not said
    agenda.run_until(8.0)
    agenda.close()
    assert said == [7.0]


@pytest.mark.parametrize("where", ["strand", "entry"])
def test_a_mistake_anywhere_is_raised_in_the_driver(where: str) -> None:
    agenda = Agenda()

    def breaks() -> None:
        raise ZeroDivisionError(where)

    def lives() -> None:
        agenda.wait_until(100.0)

    agenda.spawn("lives", lives)
    if where == "strand":
        agenda.spawn("breaks", breaks)
    else:
        agenda.at(1.0, breaks)
    with pytest.raises(ZeroDivisionError, match=where):
        agenda.run_until(50.0)
    agenda.close()


def test_waiting_for_replies_ends_with_the_first_the_last_or_the_patience() -> None:
    agenda = Agenda()
    quick, slow, never = (Reply[str](agenda) for _ in range(3))
    quick.arrives(1.0, "quick")
    agenda.at(2.0, lambda: slow.arrives(3.0, "slow"))
    wait(agenda, [quick, slow], 10.0, FIRST_COMPLETED)
    assert (agenda.time_s, quick.result(), slow.done()) == (1.0, "quick", False)
    wait(agenda, [quick, slow], 10.0, ALL_COMPLETED)
    assert (agenda.time_s, slow.result()) == (3.0, "slow")
    wait(agenda, [never], 4.0)
    assert (agenda.time_s, never.done()) == (7.0, False)
    wait(agenda, [], 4.0)
    assert agenda.time_s == 7.0
    wait(agenda, [never], 0.0)
    assert agenda.time_s == 7.0
    wait(agenda, [never], 1e-17)
    assert agenda.time_s > 7.0  # else a loop until a patience is over would never end


def test_a_port_is_a_future_to_the_executor_and_waits_where_it_is_called() -> None:
    agenda = Agenda()
    wire = Wire(agenda)

    def port(took_s: float) -> str:
        return wire.now(f"after {took_s:g}", took_s)

    def deaf() -> str:
        return wire.fails(OSError("no answer"), 2.0)

    future = WireExecutor(wire).submit(port, 1.0)
    assert not future.done()
    assert port(0.5) == "after 0.5"
    assert agenda.time_s == 0.5
    with pytest.raises(OSError, match="no answer"):
        deaf()
    assert future.result() == "after 1"
    assert agenda.time_s == 2.5
    assert Reply[str](agenda).due_s == NEVER_S


def test_a_strand_that_ends_lets_one_begin_that_never_ran() -> None:
    agenda, said = Agenda(), list[str]()
    agenda.spawn("first", lambda: said.append("first"))
    agenda.spawn("second", lambda: said.append("second"))
    agenda.run_until(1.0)
    assert said == ["first", "second"]
    never = agenda.spawn("never", lambda: said.append("never"))
    agenda.close()
    assert never.ended
    assert said == ["first", "second"]
