"""How long things take in the simulated cloud and how often they get lost, each figure with its source.

Times are seconds. Where `lab.profiles` has a figure it is taken from there, with its basis; the residual latencies of the
services are the presets of microburst 0.10.0 (rules.py, LATENCY_PRESETS: observed against us-east-1 in 2026-02, eight
samples each; the spread is that file's own inference). What nobody published is marked as chosen.
"""

import random
from dataclasses import dataclass
from typing import Final

from lab.profiles import AWS


@dataclass(frozen=True)
class Latency:
    """A normal distribution with a floor, and now and then a tail: evenly distributed from `tail_low_s` to `tail_high_s`."""

    mean_s: float
    spread_s: float
    floor_s: float = 0.001
    tail: float = 0.0
    tail_low_s: float = 0.0
    tail_high_s: float = 0.0

    def draw(self, dice: random.Random) -> float:
        """One value in seconds."""
        if self.tail and dice.random() < self.tail:
            return dice.uniform(self.tail_low_s, self.tail_high_s)
        return max(self.floor_s, dice.gauss(self.mean_s, self.spread_s))


STORE: Final = Latency(0.0084, 0.005, tail=0.002, tail_low_s=0.1, tail_high_s=1.0)
"""DynamoDB: preset `dynamodb`. The tail is chosen."""

DESCRIBE: Final = Latency(0.0491, 0.0172, tail=0.003, tail_low_s=0.3, tail_high_s=2.0)
"""EC2, reads: preset `ec2`. The tail is chosen."""

INVOKE: Final = Latency(0.0536, 0.0188, tail=0.003, tail_low_s=0.12, tail_high_s=0.6)
"""One synchronous call of a prober: preset `lambda`. The tail is a cold start: 80 to 90 ms of init (maxday/lambda-perf,
Python 3.13 on arm64), and more where the code is loaded as well."""

TOPIC: Final = Latency(0.0052, 0.005, tail=0.002, tail_low_s=0.1, tail_high_s=1.0)
"""SNS: preset `sns`."""

HEALTH_PAGE: Final = Latency(0.012, 0.006, tail=0.0005, tail_low_s=0.05, tail_high_s=0.3)
"""A worker's answer to a prober, way there and back included. Chosen: a page that looks at its own queues."""

PUBLIC_PAGE: Final = Latency(0.03, 0.01, tail=0.002, tail_low_s=0.1, tail_high_s=0.5)
"""The same through the public address. Chosen."""

PROBE_LOSS: Final = 0.02
"""Of one question to one worker, always: DESIGN goal G9. A lost SYN is sent again after a second, so the probe times out."""

PUBLIC_LOSS: Final = 0.02
"""The same on the way through the public address."""

INVOKE_LOSS: Final = 0.003
"""A prober that could not be asked in a round, for no reason of the network. Chosen."""

CALL_LOSS: Final = 0.003
"""An answer of the cloud that is lost on an ordinary day; half of them after the call was applied. Chosen."""

STORE_LOSS: Final = 0.001
"""The same of the record table. Chosen."""

CALL = {name: AWS.call(name) for name in AWS.calls}
"""EC2's calls that change something: `lab.profiles`. Half of it passes before the call takes effect, half after."""

PROPAGATION: Final = AWS.propagation
STOPPING: Final = AWS.stop
PENDING: Final = AWS.start

BOOT_S: Final = (20.0, 60.0)
"""From `running` until the service answers. Chosen: "tens of seconds until reachable are usual" (`lab.profiles`)."""

GIVE_UP_S: Final = 3.0
"""After so long the watchdog's SDK gives a call up: 1 s to connect and 2 s to read (`failover_lambda.aws.clients`)."""

ARBITER_START_S: Final = (0.4, 1.1)
"""From the schedule's firing to the first line of the handler: import with clients p50 0.40 s, max 0.87 s in the lab
(docs/BENCHMARKS.md), and the way there."""

CLOCK_OFFSET_S: Final = 0.5
"""By so much at most the wall clock of a healthy machine is off. Chosen."""

CLOCK_RATE: Final = 200e-6
"""By so much at most a clock runs fast or slow. Quartz is specified at 20 to 100 ppm; chosen above it."""
