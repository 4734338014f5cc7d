"""The network is a value before it is a network."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from infra.addressing import PREFIX_LONGEST, PREFIX_SHORTEST, WORKER_HOST, Band, is_private, plan

ZONES = ["za", "zb", "zc", "zd"]
AWS_RESERVED = 4
"""The first four hosts of a subnet are AWS's, and its last."""


@st.composite
def networks(draw: st.DrawFn) -> IPv4Network:
    prefix = draw(st.integers(PREFIX_SHORTEST, PREFIX_LONGEST))
    return next(IPv4Network(f"10.{draw(st.integers(0, 255))}.0.0/16").subnets(new_prefix=prefix))


def test_a_usual_network_is_laid_out_like_this() -> None:
    network = plan(IPv4Network("10.80.0.0/16"), ["za", "zb"], ["za", "zb", "zc"])

    assert [(subnet.band.name, subnet.zone, str(subnet.cidr)) for subnet in network.subnets] == [
        ("PUBLIC", "za", "10.80.0.0/20"),
        ("PUBLIC", "zb", "10.80.16.0/20"),
        ("PRIVATE", "za", "10.80.64.0/20"),
        ("PRIVATE", "zb", "10.80.80.0/20"),
        ("PROBER", "za", "10.80.128.0/20"),
        ("PROBER", "zb", "10.80.144.0/20"),
        ("PROBER", "zc", "10.80.160.0/20"),
    ]
    assert [str(network.worker_ip(zone)) for zone in ("za", "zb")] == ["10.80.0.10", "10.80.16.10"]


@given(networks(), st.integers(1, 4), st.integers(1, 4))
def test_subnets_lie_inside_and_never_overlap(vpc: IPv4Network, workers: int, probers: int) -> None:
    network = plan(vpc, ZONES[:workers], ZONES[:probers])

    assert all(subnet.cidr.subnet_of(vpc) for subnet in network.subnets)
    assert not any(one.cidr.overlaps(other.cidr) for one, other in combinations(network.subnets, 2))
    assert len(network.subnets) == 2 * workers + probers


WORKER_BANDS = [Band.PUBLIC, Band.WORKER]


@given(networks(), st.sampled_from(WORKER_BANDS))
def test_a_worker_has_an_address_that_the_cloud_can_give(vpc: IPv4Network, band: Band) -> None:
    network = plan(vpc, ZONES, ZONES, band)

    for zone in ZONES:
        (subnet,) = (subnet for subnet in network.of(band) if subnet.zone == zone)
        assert network.worker_ip(zone) in subnet.cidr
        assert AWS_RESERVED <= WORKER_HOST < WORKER_HOST + 1 < subnet.cidr.num_addresses - 1
        assert network.worker_ip(zone) + 1 in subnet.cidr


@given(networks(), st.sampled_from(WORKER_BANDS))
def test_another_zone_moves_nothing_that_is_there(vpc: IPv4Network, band: Band) -> None:
    two, three = plan(vpc, ZONES[:2], ZONES[:3], band), plan(vpc, ZONES[:3], ZONES[:3], band)

    assert set(two.subnets) < set(three.subnets)


@given(networks(), st.integers(1, 4), st.integers(1, 4))
def test_workers_that_leave_the_public_subnets_move_no_subnet(vpc: IPv4Network, zones: int, probers: int) -> None:
    public = plan(vpc, ZONES[:zones], ZONES[:probers])
    private = plan(vpc, ZONES[:zones], ZONES[:probers], Band.WORKER)

    assert private.subnets[: len(public.subnets)] == public.subnets
    assert {subnet.band for subnet in private.subnets[len(public.subnets) :]} == {Band.WORKER}
    assert not any(one.cidr.overlaps(other.cidr) for one, other in combinations(private.subnets, 2))
    assert all(subnet.cidr.subnet_of(vpc) for subnet in private.subnets)


def test_private_workers_stand_in_the_last_quarter() -> None:
    network = plan(IPv4Network("10.80.0.0/16"), ["za", "zb", "zc"], ["za"], Band.WORKER)

    assert [str(subnet.cidr) for subnet in network.of(Band.WORKER)] == ["10.80.192.0/20", "10.80.208.0/20", "10.80.224.0/20"]
    assert str(network.worker_ip("zb")) == "10.80.208.10"


def test_private_means_routed_nowhere() -> None:
    assert [is_private(IPv4Network(text)) for text in ("172.16.0.0/16", "172.32.0.0/16", "127.64.0.0/16")] == [
        True,
        False,
        False,
    ]
