"""The small worlds that are searched: several small ones instead of a huge one.

The first ones are so small that they are searched to their end at either size. In the others more can go wrong, and they are
searched as far as the states go. The names are those of `python -m prove search --world NAME`.
"""

from failover_lambda.model import Verb
from prove.asked import request
from prove.rounds import REFUSED, View
from prove.small import Budget, Small

WORLDS: tuple[Small, ...] = (
    Small(
        name="one-lost-call",
        about="a service dies, and one call has no answer",
        budget=Budget(kill=1, lost=1),
    ),
    Small(
        name="one-recovery",
        about="a service dies and answers again, and one call has no answer",
        budget=Budget(kill=1, heal=1, lost=1),
    ),
    Small(
        name="one-silence",
        about="a service dies, and the store is silent once",
        budget=Budget(kill=1, store=1),
    ),
    Small(
        name="one-hand",
        about="a service dies, and an operator moves the address once",
        budget=Budget(kill=1, hand=1),
    ),
    Small(
        name="three-errors",
        about="three rounds are wrong, and no worker is",
        budget=Budget(wrong=3),
        views=(View.TRUE, View.BLIND, View.STALE),
    ),
    Small(
        name="repeated",
        about="a service dies, one call lands twice and one is refused",
        budget=Budget(kill=1, twice=1, refuse=1),
    ),
    Small(
        name="pair",
        about="a service dies and heals, one other arbiter takes over, one call is lost",
        budget=Budget(kill=1, heal=1, takeover=1, lost=1),
    ),
    Small(
        name="wrong-verdicts",
        about="the vantages miss a living holder, reads of the address are old",
        budget=Budget(wrong=4, lost=1),
        views=(View.TRUE, View.BLIND, View.STALE),
    ),
    Small(
        name="views",
        about="every way in which a round can be wrong or partial, with a public health port",
        budget=Budget(kill=1, wrong=3),
        views=tuple(view for view in View if view is not View.AHEAD),
        public=True,
        failing=REFUSED,
    ),
    Small(
        name="calls",
        about="calls are lost, late, repeated, reordered and refused",
        budget=Budget(kill=1, lost=2, twice=1, refuse=1),
    ),
    Small(
        name="fences",
        about="stops and isolations on their way to a worker that is promoted again",
        budget=Budget(wrong=4, on=1, lost=1),
        views=(View.TRUE, View.BLIND),
    ),
    Small(
        name="two-arbiters",
        about="three arbiters follow each other, each may freeze with a round in hand",
        budget=Budget(kill=1, wrong=1, takeover=2),
        views=(View.TRUE, View.BLIND),
        slow_rounds=True,
    ),
    Small(
        name="store",
        about="the store is silent: not written, written, or written later",
        budget=Budget(kill=1, store=3, takeover=1),
    ),
    Small(
        name="three",
        about="three workers, two of which die",
        workers=3,
        budget=Budget(kill=2, lost=1, takeover=1),
    ),
    Small(
        name="both-down",
        about="all workers die and one comes back; machines stop and are started",
        budget=Budget(kill=2, heal=1, off=1, on=2),
    ),
    Small(
        name="first-tick",
        about="a site without a record, its address somewhere by an operator's hand",
        budget=Budget(kill=1, hand=2, takeover=1, lost=1),
        born=False,
    ),
    Small(
        name="hands",
        about="an operator moves the address by hand at any time",
        budget=Budget(kill=1, hand=2, wrong=1, lost=1),
        views=(View.TRUE, View.STALE),
    ),
    Small(
        name="switch",
        about="`enabled` is switched off and on between any two actions",
        budget=Budget(kill=1, hand=1, toggle=2, takeover=2),
    ),
    Small(
        name="budgets",
        about="so many failovers that holds and budgets bind",
        budget=Budget(kill=2, heal=2, on=2),
        moves_max=1,
    ),
    Small(
        name="one-request",
        about="a switchover is asked for, be it twice, and one call has no answer",
        budget=Budget(lost=1, ask=2),
        requests=(request(1, Verb.SWITCHOVER),),
        turns=False,
    ),
    Small(
        name="one-pause",
        about="a pause is asked for and ended, and an operator moves the address once",
        budget=Budget(hand=1, ask=2),
        requests=(request(1, Verb.PAUSE, duration_s=50.0), request(2, Verb.RESUME)),
        turns=False,
    ),
    Small(
        name="one-window",
        about="home may take back: a window opens and closes, and a clock is wrong once",
        budget=Budget(window=2, wrong=1),
        views=(View.TRUE, View.AHEAD),
        failback=True,
        at=1,
        turns=False,
    ),
    Small(
        name="one-loss",
        about="the record is lost once, and so is one call",
        budget=Budget(lose=1, kill=1, lost=1),
    ),
    Small(
        name="asked",
        about="switchover and failover are asked for, be it twice; a service dies, a call is lost, an arbiter takes over",
        budget=Budget(kill=1, lost=1, takeover=1, ask=3),
        requests=(request(1, Verb.SWITCHOVER, "wk2"), request(2, Verb.FAILOVER)),
        turns=False,
    ),
    Small(
        name="asked-of-a-store",
        about="a switchover is asked for, be it twice, and the store is silent",
        budget=Budget(store=2, takeover=1, ask=2),
        requests=(request(1, Verb.SWITCHOVER),),
        turns=False,
    ),
    Small(
        name="paused",
        about="a pause is asked for and ended at any time; a service dies, an operator moves the address, a call is lost",
        budget=Budget(kill=1, hand=1, lost=1, ask=2),
        requests=(request(1, Verb.PAUSE, duration_s=50.0), request(2, Verb.RESUME)),
        turns=False,
    ),
    Small(
        name="worked-on",
        about="a worker is announced to be worked on, stopped and started; a switchover is asked for",
        budget=Budget(off=1, on=1, kill=1, ask=2),
        requests=(request(1, Verb.MAINTENANCE, "wk1", duration_s=50.0), request(2, Verb.SWITCHOVER)),
        turns=False,
    ),
    Small(
        name="window",
        about="home may take back: windows open and close, a clock is wrong, services die, an arbiter takes over",
        budget=Budget(kill=1, heal=1, window=2, wrong=1, takeover=1),
        views=(View.TRUE, View.AHEAD),
        failback=True,
        at=1,
        turns=False,
    ),
    Small(
        name="window-and-hands",
        about="home may take back in a window and by request; calls are lost, the address is moved by hand",
        budget=Budget(hand=1, lost=1, window=1, ask=1),
        requests=(request(1, Verb.FAILBACK),),
        failback=True,
        at=1,
        turns=False,
    ),
    Small(
        name="record-lost",
        about="the record is lost at any time; a service dies, a call is lost, an arbiter takes over",
        budget=Budget(kill=1, lose=1, lost=1, takeover=1),
    ),
    Small(
        name="one-switch",
        about="`enabled` is switched off and on twice, and an operator moves the address once, be it to another card",
        budget=Budget(hand=1, toggle=4),
        fleet=True,
        cards=True,
    ),
    Small(
        name="switched",
        about="`enabled` is switched off and on twice under one leader; the address is moved by hand, a service dies",
        budget=Budget(kill=1, hand=2, toggle=4, lost=1),
        fleet=True,
        cards=True,
    ),
    Small(
        name="resumed",
        about="in manual, since a stranger has the address: it is moved by hand, a service dies, manual is ended by request",
        workers=3,
        out=(2,),
        at=2,
        budget=Budget(kill=1, hand=2, ask=1),
        requests=(request(1, Verb.RESUME),),
        cards=True,
        turns=False,
    ),
    Small(
        name="paused-by-hand",
        about="a pause is asked for and ended; the address is moved by hand, be it to another card; a service dies",
        budget=Budget(kill=1, hand=2, ask=2),
        requests=(request(1, Verb.PAUSE, duration_s=50.0), request(2, Verb.RESUME)),
        cards=True,
        turns=False,
    ),
    Small(
        name="one-taken-out",
        about="a worker, be it the holder, is taken out of the configuration and put back",
        workers=3,
        budget=Budget(member=2, hand=1),
        fleet=True,
        turns=False,
    ),
    Small(
        name="taken-out",
        about="a worker is taken out and put back under one leader; a service dies, a call is lost, `enabled` is switched",
        workers=3,
        budget=Budget(kill=1, member=2, toggle=2, lost=1),
        fleet=True,
        turns=False,
    ),
    Small(
        name="taken-out-in-a-move",
        about="the next arbiter is told of other workers, at any moment of a move; a call is lost",
        workers=3,
        budget=Budget(kill=1, member=1, takeover=1, lost=1),
        turns=False,
    ),
    Small(
        name="one-watch",
        about="`watchOnly` is switched on and off twice, the address is moved by hand once, be it to another card",
        budget=Budget(hand=1, watch=4),
        fleet=True,
        cards=True,
    ),
    Small(
        name="watching",
        about="`watchOnly` is switched under one leader, and so is `enabled`; a service dies, the address is moved by hand",
        budget=Budget(kill=1, hand=1, watch=3, toggle=1, lost=1),
        fleet=True,
        cards=True,
    ),
    Small(
        name="one-tag",
        about="the address carries another site's owner tag, and is ours again; a service dies, manual is ended by request",
        budget=Budget(kill=1, tag=2, ask=1),
        requests=(request(1, Verb.RESUME),),
        turns=False,
    ),
    Small(
        name="tagged",
        about="the same in a move, whose calls are lost and late, under arbiters that take over",
        budget=Budget(kill=1, tag=2, ask=1, lost=1, wrong=1, takeover=1),
        views=(View.TRUE, View.STALE),
        requests=(request(1, Verb.RESUME),),
        turns=False,
    ),
    Small(
        name="one-card",
        about="a move on Azure: a service dies, one half of the move has no answer or fails",
        budget=Budget(kill=1, lost=1, fail=1),
        azure=True,
    ),
    Small(
        name="cards",
        about="moves on Azure: a living holder is missed, halves are lost, late and overtaken, an arbiter takes over",
        budget=Budget(wrong=2, lost=1, takeover=1, fail=1),
        views=(View.TRUE, View.BLIND),
        azure=True,
    ),
)


def named(name: str) -> Small:
    """The world called so. SystemExit with the names there are, where there is none."""
    for world in WORLDS:
        if world.name == name:
            return world
    raise SystemExit(f"there is no world {name!r}; there are {', '.join(world.name for world in WORLDS)}")
