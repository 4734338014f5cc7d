"""Many sites with the real fleet over the fakes: arrange them, run them, break one, look at the others."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, ParamSpec, TypeVar

from failover_lambda.contract import Settings
from failover_lambda.errors import CouldNotAskError, StoreUnavailableError
from failover_lambda.fleet import Fleet, FleetPorts, Pools, SitePorts
from failover_lambda.leadership import Leadership
from failover_lambda.model import AddressView, InstanceView, Lease, Phase, Record, Sight
from failover_lambda.ports import BySite
from failover_lambda.sites import Listed
from tests.fakes import FakeClock, FakeCloud, InlineExecutor, ListReporter, MemoryStore, NoPublicPath, make_settings

P = ParamSpec("P")
T = TypeVar("T")


class Holding(InlineExecutor):
    """Runs what is submitted at once, but for what `holds` says of its arguments: that waits until it is let go."""

    def __init__(self, holds: Callable[..., bool]) -> None:
        self.holds = holds
        self.held: list[Callable[[], None]] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if not self.holds(*args):
            return super().submit(fn, *args, **kwargs)
        future: Future[T] = Future()
        self.held.append(lambda: future.set_result(fn(*args, **kwargs)))
        return future

    def let_go(self) -> None:
        """Whatever waits goes on; nothing waits any more."""
        self.holds = lambda *_: False
        while self.held:
            self.held.pop(0)()


class StoreOfShard(MemoryStore):
    """A site's record, and the lease of its shard."""

    def __init__(self, site: str, shard: MemoryStore) -> None:
        super().__init__(site=site)
        self._shard = shard
        self.drop_requests = shard.drop_requests  # type: ignore[method-assign]

    def _held(self, lease: Lease) -> Lease:
        return self._shard._held(lease)  # one table


@dataclass
class MemorySites:
    """The list of sites (port `Sites`), in memory."""

    entries: dict[str, Listed] = field(default_factory=dict[str, Listed])
    down: bool = False
    read: int = 0

    def list(self) -> Sequence[Listed]:
        self.read += 1
        if self.down:
            raise StoreUnavailableError("the table does not answer")
        return tuple(self.entries.values())

    def put(self, settings: Settings) -> None:
        self.entries[settings.site] = Listed(site=settings.site, settings=settings)

    def spoil(self, site: str, fault: str = "TANDEM_SITE is missing") -> None:
        self.entries[site] = Listed(site=site, fault=fault)


@dataclass
class SharedFakes:
    """The ports `SharedProbers` and `SharedCloud` over one `FakeCloud` for each site."""

    clouds: Mapping[str, FakeCloud]
    looks: list[tuple[str, tuple[str, ...], float]] = field(default_factory=list[tuple[str, tuple[str, ...], float]])
    """Calls of probers: which, for which sites, with which timeout."""
    reads: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    poisoned: set[str] = field(default_factory=set[str])
    """Sites of which nothing can be read."""
    deaf: set[str] = field(default_factory=set[str])
    """Vantages that cannot be asked at all."""

    def look(self, vantage: str, sites: Sequence[Settings], connect_s: float) -> BySite[Sight]:
        self.looks.append((vantage, tuple(each.site for each in sites), connect_s))
        if vantage in self.deaf:
            raise CouldNotAskError(f"{vantage} is throttled")
        return self._each(sites, lambda cloud: cloud.look(vantage, connect_s))

    def read_addresses(self, sites: Sequence[Settings]) -> BySite[AddressView]:
        self.reads.append(("address", len(sites)))
        return self._each(sites, lambda cloud: cloud.read_address())

    def read_instances(self, sites: Sequence[Settings]) -> BySite[tuple[InstanceView, ...]]:
        self.reads.append(("instances", len(sites)))
        return self._each(sites, lambda cloud: cloud.read_instances())

    def read_announcements(self, sites: Sequence[Settings]) -> BySite[Mapping[str, str]]:
        self.reads.append(("announcements", len(sites)))
        return self._each(sites, lambda cloud: cloud.read_announcements())

    def _each(self, sites: Sequence[Settings], ask: Callable[[FakeCloud], T]) -> BySite[T]:
        answers: dict[str, T | CouldNotAskError] = {}
        for settings in sites:
            if settings.site in self.poisoned:
                answers[settings.site] = CouldNotAskError("the answer cannot be read")
                continue
            try:
                answers[settings.site] = ask(self.clouds[settings.site])
            except CouldNotAskError as exc:
                answers[settings.site] = exc
        return answers


def settings_of(site: str, **changes: Any) -> Settings:
    """A pair whose ids are its own."""
    settings = make_settings(**changes)
    workers = tuple(
        replace(worker, instance_id=f"i-{site}-{worker.name}", network_interface_id=f"eni-{site}-{worker.name}")
        for worker in settings.workers
    )
    return replace(settings, site=site, address_id=f"eipalloc-{site}", workers=workers)


class FleetWorld:
    """A fleet that is led by hand; time passes by its own interval."""

    def __init__(self, *sites: str, **changes: Any) -> None:
        self.clock = FakeClock()
        self.shard = MemoryStore()
        self.sites = MemorySites()
        self.clouds: dict[str, FakeCloud] = {}
        self.stores: dict[str, StoreOfShard] = {}
        self.reporter = ListReporter()
        self.site_reporters: dict[str, ListReporter] = {}
        self.shared = SharedFakes(self.clouds)
        self.broken: set[str] = set()
        """Sites for which no ports can be made."""
        for site in sites:
            self.add(settings_of(site, **changes))
        self.arbiters = 0
        self.new_arbiter()

    def add(self, settings: Settings) -> None:
        """A site joins the list."""
        self.sites.put(settings)
        self.clouds[settings.site] = FakeCloud(settings=settings)
        self.stores[settings.site] = StoreOfShard(settings.site, self.shard)
        self.site_reporters[settings.site] = ListReporter()

    def _ports_of(self, settings: Settings) -> SitePorts:
        if settings.site in self.broken:
            raise OSError("no such time zone in the bundle")
        site = settings.site
        return SitePorts(
            cloud=self.clouds[site], public=NoPublicPath(), store=self.stores[site], reporter=self.site_reporters[site]
        )

    def new_arbiter(self, pools: Pools | None = None) -> None:
        """The leader is gone; another one takes the lease after its time."""
        self.arbiters += 1
        ports = FleetPorts(
            clock=self.clock,
            sites=self.sites,
            store=self.shard,
            probers=self.shared,
            cloud=self.shared,
            reporter=self.reporter,
            of=self._ports_of,
        )
        inline = InlineExecutor()
        self.fleet = Fleet(ports, pools or Pools(eyes=inline, ticks=inline, calls=inline))
        settings = make_settings()
        self.leadership = Leadership(f"arbiter-{self.arbiters}", settings, self.shard, self.clock, inline)
        self.lease = self.leadership.acquire(3 * settings.lease_ttl_s)

    def run(self, seconds: float) -> None:
        """Lead for so long."""
        until_s = self.clock.time_s + seconds
        while self.clock.time_s < until_s:
            lease = self.leadership.keep()
            assert lease is not None
            began_s = self.clock.time_s
            self.fleet.tick(lease)
            self.clock.sleep(max(0.01, began_s + self.fleet.interval_s - self.clock.time_s))

    def settled(self, seconds: float = 10.0) -> "FleetWorld":
        """New sites in their steady state."""
        self.run(seconds)
        assert {site: self.record(site).phase for site in self.clouds} == dict.fromkeys(self.clouds, Phase.STEADY)
        for cloud in self.clouds.values():
            cloud.calls.clear()
        self.shared.looks.clear()
        self.shared.reads.clear()
        return self

    def record(self, site: str) -> Record:
        """What is stored of a site."""
        record = self.stores[site].record
        assert record is not None, f"{site} has no record"
        return record

    def said(self, name: str) -> list[Mapping[str, object]]:
        """What the fleet's reporter told under this name."""
        return [fields for each, fields in self.reporter.events if each == name]
