"""Plain values: to the wire and back, secrets, and the zip that a function's code becomes."""

import io
import zipfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given

from lab.providers.archives import zip_bytes
from lab.providers.plain import (
    SIGNATURE,
    UNKNOWNS,
    AssetArchive,
    Elided,
    FileArchive,
    FileAsset,
    Mark,
    Secret,
    TextAsset,
    Unknown,
    from_wire,
    has_unknowns,
    hide,
    reveal,
    secrets_in,
    to_wire,
)

JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3) | st.builds(Secret, inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_plain_values_survive_the_wire(values: dict[str, Any]) -> None:
    assert from_wire(to_wire(values)) == values


def test_whole_numbers_arrive_as_integers_and_nothing_is_left_out() -> None:
    struct = Struct()
    struct.update({"whole": 3.0, "part": 0.5, "nothing": None, "list": [1.0, None]})
    values = from_wire(struct)
    assert values == {"whole": 3, "part": 0.5, "list": [1, None]}
    assert isinstance(values["whole"], int)


def test_true_does_not_become_one() -> None:
    assert from_wire(to_wire({"yes": True}))["yes"] is True


def test_an_unknown_mark_on_the_wire_is_refused() -> None:
    struct = Struct()
    struct.update({"value": {SIGNATURE: "0123"}})
    with pytest.raises(TypeError, match="signature 0123"):
        from_wire(struct)


def test_what_the_wire_cannot_carry_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes cannot be sent to the program as an output"):
        to_wire({"code": b"x"})


def test_assets_survive_the_wire_with_the_engines_hash() -> None:
    inner = {"a.py": TextAsset("x"), "b.py": FileAsset("/b", hash="b1"), "lib": FileArchive("/lib", hash="c1")}
    values = {"code": AssetArchive(inner, hash="d1"), "bare": FileArchive("/bare")}
    assert from_wire(to_wire(values)) == values
    assert FileArchive("/lib", hash="c1") != FileArchive("/lib", hash="c2")


def test_an_asset_of_a_state_is_its_hash_and_one_at_an_address_is_refused() -> None:
    values = {"file": Elided(Mark.ASSET, "a1"), "code": Elided(Mark.ARCHIVE, "b1")}
    assert from_wire(to_wire(values)) == values
    for mark, what in ((Mark.ASSET, "a path or a text"), (Mark.ARCHIVE, "a path or a set of assets")):
        struct = Struct()
        struct.update({"value": {SIGNATURE: mark, "hash": "c1", "uri": "http://127.0.0.1/x"}})
        with pytest.raises(TypeError, match=f"the lab fetches nothing: an .* is {what}, not an address"):
            from_wire(struct)


@pytest.mark.parametrize("mark", sorted(UNKNOWNS))
def test_every_unknown_value_of_a_preview_is_known_as_such(mark: str) -> None:
    struct = Struct()
    struct.update({"id": mark, "list": [{"a": mark}]})
    values = from_wire(struct)
    assert values == {"id": Unknown(mark), "list": [{"a": Unknown(mark)}]}
    assert to_wire(values) == struct
    assert has_unknowns(Secret([{"a": Unknown()}]))
    assert not has_unknowns({"a": [Secret("b")]})


def test_an_empty_object_and_an_empty_list_are_sent_as_such() -> None:
    wire = to_wire({"object": {}, "list": []})
    assert {key: value.WhichOneof("kind") for key, value in wire.fields.items()} == {
        "object": "struct_value",
        "list": "list_value",
    }


def test_secrets_are_revealed_at_every_depth_and_hidden_in_text() -> None:
    value = {"a": [Secret("one"), {"b": Secret({"c": "two", "d": ["three"]})}], "e": "open"}
    assert reveal(value) == {"a": ["one", {"b": {"c": "two", "d": ["three"]}}], "e": "open"}
    assert hide("one, two, three and open", secrets_in(value)) == "[secret], [secret], [secret] and open"
    assert "one" not in repr(value)


def test_equal_sources_give_an_equal_zip(tmp_path: Path) -> None:
    for name in ("one", "other"):
        folder = tmp_path / name / "pack"
        folder.mkdir(parents=True)
        (folder / "b.py").write_text("b")
        (folder / "a.py").write_text("a")
    (tmp_path / "c.py").write_text("c")

    def archive(name: str) -> AssetArchive:
        content = {"lib/pack": FileArchive(str(tmp_path / name / "pack")), "c.py": FileAsset(str(tmp_path / "c.py"))}
        return AssetArchive({**content, "d.py": TextAsset("d")})

    content = zip_bytes(archive("one"))
    assert content == zip_bytes(archive("other"))
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert [(name, package.read(name).decode()) for name in package.namelist()] == [
            ("c.py", "c"),
            ("d.py", "d"),
            ("lib/pack/a.py", "a"),
            ("lib/pack/b.py", "b"),
        ]
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_zip_file_goes_as_it_is_and_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"ready made")
    assert zip_bytes(FileArchive(str(tmp_path / "bundle.zip"))) == b"ready made"
    with pytest.raises(NotADirectoryError, match="there is no such folder"):
        zip_bytes(FileArchive(str(tmp_path / "nowhere")))
