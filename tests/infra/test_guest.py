"""What a worker is told at its first boot, read back as cloud-init reads it."""

import email
from dataclasses import replace
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.aws.guest import USER_DATA_BYTES_MAX, data_disk
from infra.guest import Guest, kind_of, script, user_data

USUAL = Guest(disk=data_disk("vol-0123456789abcdef0"), mount_path="/data", service_unit="", address_ip="", user_data="")


def parts(text: str) -> list[tuple[str, str, str]]:
    """Name, type and content of each part, as cloud-init's user_data.py takes them apart."""
    assert "mime-version:" in text[:4096].lower()
    message = email.message_from_string(text.encode().decode("utf-8"))
    found = [part for part in message.walk() if part.get_content_maintype() != "multipart"]
    return [(str(part.get_filename()), part.get_content_type(), decoded(part)) for part in found]


def decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode(part.get_content_charset() or "utf-8", "surrogateescape")


def test_our_part_comes_alone_where_the_user_has_none() -> None:
    ((name, kind, content),) = parts(user_data(USUAL))

    assert (name, kind) == ("00-tandem-guest", "text/x-shellscript")
    assert content == script(USUAL)
    assert content.startswith(
        "#!/bin/bash\nDATA_DISK=vol-0123456789abcdef0\n"
        "DISK_LINKS=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0\n"
        "OLDER_NAMES='/dev/xvdf /dev/sdf'\nOLDER_UNLESS='/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_*'\n"
        "DATA_MOUNT_PATH=/data\n"
        "ADDRESS_IP=''\nSERVICE_UNIT=''\nWAIT_S=300\n"
    )


def test_the_users_part_runs_between_ours_whose_last_one_starts_the_service() -> None:
    """cloud-init runs scripts in the order of their names, and the `runcmd` of a cloud-config under that name."""
    told = replace(USUAL, service_unit="engine.service", user_data="#!/bin/sh\ntrue\n")
    names = [name for name, _, _ in parts(user_data(told))]

    assert names == ["00-tandem-guest", "50-user-data", "zz-tandem-service"]
    assert sorted([*names, "runcmd"])[-2:] == ["runcmd", "zz-tandem-service"]
    assert parts(user_data(told))[-1][2] == "#!/bin/bash\nexec /usr/local/sbin/tandem-guest serve\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("#!/bin/sh\nFrom here\n.\n--tandem-\n", "text/x-shellscript"),
        ("#cloud-config\nruncmd:\n  - echo h\u00e4llo\n", "text/cloud-config"),
        ("#!/bin/sh\r\ntrue\r\n", "text/x-shellscript"),
        ("#!/bin/sh\n" + "x" * 3000, "text/x-shellscript"),
    ],
)
def test_the_users_part_arrives_as_it_was(text: str, kind: str) -> None:
    assert parts(user_data(replace(USUAL, user_data=text)))[1] == ("50-user-data", kind, text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_arrives_as_it_was(text: str) -> None:
    own = f"#!/bin/sh\n{text}"

    assert parts(user_data(replace(USUAL, user_data=own)))[1][2] == own


@pytest.mark.parametrize("text", ["<powershell>", "#include https://example.org", "echo", "", "Content-Type: text/plain"])
def test_what_cloud_init_would_not_take_or_fetch_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^it begins with "):
        kind_of(text)


def test_settings_are_quoted_for_the_shell() -> None:
    assert "\nDATA_MOUNT_PATH='/data; reboot'\n" in script(replace(USUAL, mount_path="/data; reboot"))


def test_equal_guests_get_equal_texts_and_others_other_ones() -> None:
    assert user_data(USUAL) == user_data(replace(USUAL))
    assert user_data(USUAL) != user_data(replace(USUAL, disk=data_disk("vol-1")))


def test_ours_leaves_half_of_the_room_to_the_user() -> None:
    told = replace(USUAL, service_unit="u" * 92 + ".service", mount_path="/" + "p" * 99, address_ip="255.255.255.255")

    assert len(user_data(told).encode()) < USER_DATA_BYTES_MAX / 1.8
