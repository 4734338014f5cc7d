"""A rolling change on a running lab: image, type and user data reach one worker, a standby, while failover is paused.

    may it be?  ->  preview, judged  ->  pause  ->  may it still be?  ->  up  ->  back as a standby?  ->  resume

The program lifts what it else ignores for the worker that is named in the environment of that one run, and asks the cloud
itself who holds. What is done besides is what docs/RUNBOOK.md tells a person with the official `pulumi` to do; requests go
the operators' way (`lab.asking`). The pause has an end of its own, for the case that this process dies.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from failover_lambda.model import Phase, Verb
from lab import roll_limits, roll_plan
from lab.asking import Answer, Desk, new_id
from lab.half_replaced import half_replaced
from lab.pulumi_cli import LONGEST_S, Pulumi, PulumiError
from lab.pulumi_project import stored_outputs, stored_resources
from lab.roll_machines import Machines
from lab.roll_plan import Step

VARIABLE = "TANDEM_ROLL_WORKER"
"""As the program reads it (`infra.rolling`)."""

BACK_S = 300.0
"""From the end of the up until the worker has to be a standby again, and an arbiter leads that knows it."""

PAUSE_S = LONGEST_S + BACK_S + 120.0
"""Longer than everything that happens in it."""

ANSWER_S = 90.0
"""Longest wait for the watchdog's reply."""

HEALTHY_IN_A_ROW = 3

_POLL_S = 0.5


class RollRefusedError(Exception):
    """Nothing was changed; the message says why, and what to do first."""


class RollFailedError(Exception):
    """The change was begun and did not come to its end; the message says how things stand, and what to do next."""


Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Roll:
    """One rolling change of one worker."""

    pulumi: Pulumi
    desk: Desk
    silent: tuple[type[Exception], ...]
    """What the desk raises where its store does not answer."""
    machines: Machines
    is_healthy: Callable[[Mapping[str, str]], bool]
    """Asks a worker, as the stack's outputs name it."""
    worker: str
    say: Say
    agree: Callable[[Sequence[Step]], bool]
    """Shown what would be done."""

    def carry_out(self) -> str:
        """Roll it; what was done, in a sentence.

        Raises:
            RollRefusedError: nothing was changed.
            RollFailedError: the up failed, or the worker did not come back.
        """
        self._require()
        steps = self._plan()
        if not roll_plan.touches(steps, self.worker):
            return f"{self.worker} is as the stack file says; nothing to roll, and nothing was changed"
        for step in steps:
            self.say(f"  {step}")
        if not self.agree(steps):
            raise RollRefusedError("nobody agreed to it")
        record = self.desk.record()
        holder, epoch = str(record["holder"]), int(record["epoch"])
        before, known_id = self._machines(), self._known_id
        answer: Answer | None = None
        try:
            self.say(f"pausing failover, for {PAUSE_S:.0f} s at most: a pause ends by itself")
            answer = self._ask(Verb.PAUSE, duration_s=PAUSE_S)
            self._require_paused(answer, holder)
            self._up(holder, before)
            self._wait_back(holder, known_id)
        finally:  # without an answer the pause may be carried out all the same
            resumed = "" if answer and not answer.done else self._resume()
        how = "made anew" if roll_plan.is_made_anew(steps, self.worker) else "changed in place, by a stop and a start"
        return (
            f"{self.worker} was {how} ({_shown(before) or 'no machine'} -> {_shown(self._machines())}) and is a healthy "
            f"standby; {self._held(holder, epoch)}; {resumed}"
        )

    def _held(self, holder: str, epoch: int) -> str:
        """Who held meanwhile: a move that people ask for is carried out in a pause too."""
        record = self.desk.record()
        if (record["holder"], record["epoch"]) == (holder, epoch):
            return f"{holder} held the address throughout, epoch {epoch}"
        return f"the address moved meanwhile, from {holder} to {record['holder']} in epoch {record['epoch']}"

    def _require(self) -> None:
        workers, verb = tuple(self._workers()), self._moved_by
        why = roll_limits.limitation(
            self.desk.record(), self.worker, workers, stack=self._stack, now_s=time.time(), verb=verb
        )
        if why:
            raise RollRefusedError(why)

    def _plan(self) -> tuple[Step, ...]:
        self.say(f"previewing: what an up with {VARIABLE}={self.worker} would do")
        try:
            steps = roll_plan.read(self._rolling.preview_as_data())
        except PulumiError as exc:
            raise RollRefusedError(f"the preview failed.\n{exc}") from exc
        if found := list(roll_plan.faults(steps, self.worker)):
            raise RollRefusedError(
                f"this up would do more than roll {self.worker}:\n  "
                + "\n  ".join(found)
                + f"\nBring in what is not about {self.worker} first (make preview STACK={self._stack} "
                f"shows it, make up STACK={self._stack} does it); a protected worker needs deletionProtection: false and a "
                "make up before it is made anew"
            )
        return steps

    def _require_paused(self, answer: Answer | None, holder: str) -> None:
        """The address cannot move by itself any more; it may have moved before."""
        if not answer or not answer.done:
            why = answer.why if answer else f"no reply within {ANSWER_S:g} s, so nobody seems to lead"
            raise RollRefusedError(f"failover could not be paused ({why})")
        record = self.desk.record()
        if record["phase"] != Phase.PAUSED.value or record["holder"] != holder:
            raise RollRefusedError(
                f"meanwhile {record['holder']} holds and the phase is {record['phase']}; look, and "
                f"repeat: make roll STACK={self._stack} WORKER={self.worker}"
            )

    def _up(self, holder: str, before: Mapping[str, str]) -> None:
        try:
            if done := half_replaced(stored_resources(self.pulumi.project)):
                self.say("the last replacement did not come to its end: what it let go of is taken out of the state")
                self.pulumi.forget(done)
            self.say(f"pulumi up with {VARIABLE}={self.worker}")
            self._rolling.up()
        except PulumiError as exc:
            raise RollFailedError(
                f"{exc}\nThe up failed on its way. {self._stands(before)}; {holder} holds the address as before. Automatic "
                f"failover is resumed, or at the latest when the pause is over. {self._next_step}"
            ) from exc

    def _stands(self, before: Mapping[str, str]) -> str:
        """How the worker's machine is, as the cloud has it."""
        now = self._machines()
        if not now:
            gone = f"{', '.join(before)} is deleted and " if before else ""
            return f"{self.worker} has no machine: {gone}no new one was made, so there is no standby"
        if now.keys() == before.keys():
            return f"{self.worker} still has its machine ({_shown(now)})"
        return f"{self.worker} has a new machine ({_shown(now)}), not everything of the up is done"

    @property
    def _next_step(self) -> str:
        return (
            f"Mend what the error names, then repeat: make roll STACK={self._stack} WORKER={self.worker} (after an engine "
            f"that was killed: make repair first). Pulumi's words are in {self.pulumi.project.folder}/pulumi.log"
        )

    def _wait_back(self, holder: str, former_id: str) -> None:
        """Until its machine runs, it answers, no fence stands, and an arbiter leads that knows its new machine."""
        self.say(f"waiting until {self.worker} is back as a healthy standby")
        is_another = self._known_id != former_id
        leader = self.desk.leader() if is_another else ""
        end_s, healthy = time.monotonic() + BACK_S, 0
        while time.monotonic() < end_s:
            healthy = healthy + 1 if self._answers() else 0
            led = not is_another or self.desk.leader() != leader
            if healthy >= HEALTHY_IN_A_ROW and led and not self._is_fenced():
                return
            time.sleep(_POLL_S)
        raise RollFailedError(
            f"the up is done, but {self.worker} was not back as a healthy standby within {BACK_S:g} s "
            f"({_shown(self._machines()) or 'no machine'}); {holder} holds the address as before. Automatic failover is "
            f"resumed: it takes no standby that does not answer. Look at {self.worker}, and do not roll another one before"
        )

    def _answers(self) -> bool:
        return list(self._machines().values()) == ["running"] and self.is_healthy(self._workers()[self.worker])

    def _is_fenced(self) -> bool:
        return any(each["worker"] == self.worker for each in self.desk.record().get("fences", ()))

    def _resume(self) -> str:
        """End the pause; what became of it, for people."""
        self.say("resuming failover")
        answer = self._ask(Verb.RESUME)
        if answer and answer.done:
            return "failover is on again"
        why = answer.why if answer else "no reply"
        found = f"failover could not be resumed ({why}); the pause ends by itself. Sooner: make lab-ask VERB=resume"
        self.say(found)
        return found

    def _ask(self, verb: Verb, **more: Any) -> Answer | None:
        """The reply, or None where nobody gave one."""
        own_id = new_id()
        why = f"rolling change of {self.worker}"
        try:
            self.desk.put(self.desk.entry(verb.value, own_id=own_id, why=why, patience_s=ANSWER_S / 2, **more))
            return self.desk.wait(own_id, ANSWER_S)
        except self.silent as exc:
            self.say(f"the record's store did not answer: {exc}")
        return None

    def _machines(self) -> dict[str, str]:
        """Id to state of whatever machine the cloud has for the worker; empty if none."""
        return self.machines.of(self.worker, self._known_id)

    @property
    def _known_id(self) -> str:
        """The machine's id, as the stack has it and an arbiter is told it."""
        return self._workers()[self.worker]["instanceId"]

    def _workers(self) -> Mapping[str, Mapping[str, str]]:
        """As the stack's outputs name them now."""
        return stored_outputs(self.pulumi.project)["workers"]

    @property
    def _moved_by(self) -> Verb:
        """What brings the address to a standby: before a balancer nothing but a move that fences (RULE 9.15)."""
        in_a_pool = "/backendAddressPools/" in str(stored_outputs(self.pulumi.project).get("addressId", ""))
        return Verb.FAILOVER if in_a_pool else Verb.SWITCHOVER

    @property
    def _stack(self) -> str:
        return self.pulumi.project.stack

    @property
    def _rolling(self) -> Pulumi:
        """The same command, in the environment that lifts what is else ignored."""
        project = self.pulumi.project
        return replace(self.pulumi, project=replace(project, environment={**project.environment, VARIABLE: self.worker}))


def _shown(machines: Mapping[str, str]) -> str:
    return ", ".join(f"{instance_id} {state}" for instance_id, state in machines.items())
