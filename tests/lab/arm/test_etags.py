"""If-Match and If-None-Match: a writer whose reading is old changes nothing."""

from tests.lab.arm.clouds import ADDRESS, NETWORK, SUBNET, Cloud, address_body, nic_body, nic_id, nsg_id, rule_body


def test_an_etag_is_weak_and_stands_in_body_and_header(pair: Cloud) -> None:
    reply = pair.ask("GET", nic_id("wk1"))
    etag = (reply.body or {})["etag"]
    assert etag.startswith('W/"')
    assert reply.headers["ETag"] == etag


def test_a_write_with_the_etag_just_read_goes_through(pair: Cloud) -> None:
    etag = pair.get(nic_id("wk1"))["etag"]
    assert pair.put(nic_id("wk1"), nic_body("wk1"), if_match=etag).status == 200


def test_a_write_with_an_old_etag_is_refused_and_changes_nothing(pair: Cloud) -> None:
    old = pair.get(nic_id("wk1"))["etag"]
    pair.made(nic_id("wk1"), nic_body("wk1", address=ADDRESS))
    before = pair.get(nic_id("wk1"))
    reply = pair.put(nic_id("wk1"), nic_body("wk1"), if_match=old)
    assert pair.refused(reply) == (412, "PreconditionFailed")
    (detail,) = (reply.body or {})["error"]["details"]
    assert detail["code"] == "PreconditionFailedEtagMismatch"
    assert f"Etag provided in if-match header {old} does not match etag {before['etag']} of resource" in detail["message"]
    assert pair.get(nic_id("wk1")) == before


def test_any_etag_needs_something_that_stands(pair: Cloud) -> None:
    assert pair.put(nic_id("wk1"), nic_body("wk1"), if_match="*").status == 200
    assert pair.put(nic_id("new"), nic_body(), if_match="*").status == 412


def test_if_none_match_makes_and_never_replaces(pair: Cloud) -> None:
    path = f"{NETWORK}/publicIPAddresses/new"
    assert pair.put(path, address_body(), if_none_match="*").status == 201
    pair.wait(10)
    assert pair.put(path, address_body(), if_none_match="*").status == 412


def test_a_child_is_written_with_its_parents_etag(pair: Cloud) -> None:
    rule = f"{nsg_id('wk1')}/securityRules/fence"
    pair.made(rule, rule_body())
    etag = pair.get(nsg_id("wk1"))["etag"]
    assert pair.put(rule, rule_body(), if_match=etag).status == 200
    assert pair.put(rule, rule_body(), if_match=etag).status == 412


def test_a_delete_and_a_patch_heed_it_too(pair: Cloud) -> None:
    for method, body in (("PATCH", {"tags": {}}), ("DELETE", None)):
        assert pair.ask(method, nic_id("wk1"), body, if_match='W/"old"').status == 412


def test_another_tag_is_another_etag(pair: Cloud) -> None:
    before = pair.get(nic_id("wk1"))["etag"]
    assert pair.ask("PATCH", nic_id("wk1"), {"tags": {"tandem:epoch": "2"}}).status == 200
    assert pair.get(nic_id("wk1"))["etag"] != before
    assert pair.put(nic_id("wk1"), nic_body("wk1", address=ADDRESS), if_match=before).status == 412


def test_what_is_named_anew_has_another_etag(pair: Cloud) -> None:
    address, subnet = pair.get(ADDRESS)["etag"], pair.get(SUBNET)["etag"]
    pair.made(nic_id("wk1"), nic_body("wk1"))
    assert pair.get(ADDRESS)["etag"] != address
    assert pair.get(SUBNET)["etag"] == subnet
