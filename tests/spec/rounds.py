"""Rounds written down: what each vantage was answered by each worker, in a few letters."""

from failover_lambda.model import AddressView, Answer, InstanceView, Power, ProbeReport, PublicAnswer, Round, Sight

LETTERS = {
    "H": Answer.HEALTHY,
    "R": Answer.REFUSED,
    "X": Answer.RESET,
    "T": Answer.TIMEOUT,
    "S": Answer.SILENT,
    "W": Answer.WRONG,
    "C": Answer.COULD_NOT_ASK,
}


def sight(zone: str, answers: str, *, anchor: bool = True) -> Sight:
    """The vantage in this zone; one letter for each worker in order, the holder wk1 first."""
    reports = tuple(ProbeReport(worker=f"wk{n}", answer=LETTERS[letter]) for n, letter in enumerate(answers, start=1))
    return Sight(vantage=f"prober-{zone}", zone=zone, anchor_reached=anchor, reports=reports)


def a_round(
    *sights: Sight,
    power: Power | None = None,
    public: Answer | None = None,
    name: str = "",
    address: AddressView | None = None,
) -> Round:
    """One round; `power` of wk1 by the cloud's word, `public` what the public port answered, by `name`."""
    machines = (InstanceView(worker="wk1", power=power, launched_s=1, isolated=False),) if power else None
    through = PublicAnswer(worker=name, boot_id="", answer=public) if public else None
    return Round(token=1, overrun=False, sights=sights, address=address, instances=machines, public=through)
