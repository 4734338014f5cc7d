"""The report says the same thing to people and machines, fits into one file, and escapes what it did not write."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from lab.checkers import RULES, Findings
from lab.drawing import axis_seconds, draw_failover, draw_run
from lab.report import render_page, render_text, write_report
from lab.summary import document
from tests.lab.stories.failover import Story, at, failover
from tests.lab.stories.plants import PLANTS, drop_after_ack, leak_through_the_relay

REPO = Path(__file__).parents[2]

KEYS = {
    "schema_version", "cloud", "profile", "engine", "fault", "detected_s", "decided_s", "moved_s", "verified_s", "outage_s",
    "messages", "double_serving_s", "stale_deliveries", "epoch_before", "epoch_after", "holder_before", "holder_after",
    "promises", "violations", "versions",
}  # fmt: skip
"""What readers of report.json may rely on."""


def _findings(folder: Path, *plants: str) -> Findings:
    story = failover("cut" if "leak_through_the_relay" in plants else "kill")
    for plant in PLANTS:
        if plant.name in plants:
            plant.plant(story)
    return story.check(folder)


def _json(findings: Findings, folder: Path) -> dict[str, Any]:
    write_report(findings, folder)
    return json.loads((folder / "report.json").read_text())


def test_the_json_has_every_key_that_readers_rely_on(tmp_path: Path) -> None:
    report = _json(_findings(tmp_path), tmp_path)
    assert set(report) >= KEYS
    assert set(report["messages"]) >= {"sent", "acked", "lost", "repeated", "doubled", "reordered", "stranded"}
    assert [set(promise) for promise in report["promises"]] == [{"name", "kept", "evidence"}] * len(RULES)


def test_the_json_of_a_good_story(tmp_path: Path) -> None:
    report = _json(_findings(tmp_path), tmp_path)
    figures = {key: report[key] for key in ("detected_s", "decided_s", "moved_s", "verified_s", "outage_s", "http_outage_s")}
    assert figures == {
        "detected_s": 1.0, "decided_s": 1.5, "moved_s": 1.7, "verified_s": 2.4, "outage_s": 2.4, "http_outage_s": 3.0,
    }  # fmt: skip
    assert (report["schema_version"], report["cloud"], report["profile"], report["fault"]) == (1, "aws", "instant", "kill")
    assert (report["epoch_before"], report["epoch_after"]) == (1, 2)
    assert (report["holder_before"], report["holder_after"]) == ("wk1", "wk2")
    assert (report["double_serving_s"], report["stale_deliveries"], report["violations"]) == (0.0, 0, [])
    assert report["messages"]["stranded_delivered_late"] == 1
    assert all(promise["kept"] is True for promise in report["promises"])


def test_violations_list_the_evidence_of_broken_promises(tmp_path: Path) -> None:
    report = _json(_findings(tmp_path, "drop_after_ack"), tmp_path)
    (violation,) = report["violations"]
    assert violation["promise"] == "no-acknowledged-message-lost"
    assert "adt-000020" in violation["evidence"]
    assert report["messages"]["lost"] == 1


def test_a_promise_that_was_not_tried_is_null(tmp_path: Path) -> None:
    story = failover()
    del story.logs["function-starts"]
    kept = {promise["name"]: promise["kept"] for promise in document(story.check(tmp_path))["promises"]}
    assert kept["schedule-started-the-arbiter"] is None


def test_what_was_not_seen_is_null_and_not_zero(tmp_path: Path) -> None:
    story = failover()
    story.drop("record", lambda row: row["event"] == "record" and row["t"] > at(0))
    report = document(story.check(tmp_path))
    assert [report[key] for key in ("detected_s", "decided_s", "verified_s")] == [None, None, None]
    assert "was not verified on another worker" in report["headline"]


MOVED = "wk1 was killed and wk2 took over 127.80.250.1"
OUTAGE = "HL7 senders went 2.40 s without service (lab, profile instant)"
NONE_LOST = "no acknowledged message was lost."


@pytest.mark.parametrize(
    ("plants", "parts"),
    [
        ((), (MOVED, OUTAGE, NONE_LOST)),
        (("drop_after_ack",), (MOVED, OUTAGE, "1 acknowledged message was lost.")),
        (("forget_a_sender",), (MOVED, "at least one HL7 sender was never served again", NONE_LOST)),
        (("leak_through_the_relay",), (MOVED.replace("killed", "cut off from the network"), OUTAGE, NONE_LOST)),
    ],
)
def test_one_sentence_says_what_happened(tmp_path: Path, plants: tuple[str, ...], parts: tuple[str, str, str]) -> None:
    moved, outage, losses = parts
    assert document(_findings(tmp_path, *plants))["headline"] == f"{moved}; {outage}, and {losses}"


# Terminal


def test_the_text_says_what_when_and_where(tmp_path: Path) -> None:
    text = render_text(_findings(tmp_path), tmp_path / "report.html")
    assert text.startswith("wk1 was killed and wk2 took over")
    assert "lab, profile instant" in text
    assert re.search(r"^ +2\.400 s  Outage, HL7$", text, re.MULTILINE)
    assert re.search(r"^ +1\.700  cloud's gate +AssociateAddress: put the address on wk2", text, re.MULTILINE)
    assert "Promises: all 17 promises kept" in text
    assert text.endswith(f"Page: {tmp_path / 'report.html'}\n")


def test_the_text_shows_the_evidence_of_a_broken_promise(tmp_path: Path) -> None:
    text = render_text(_findings(tmp_path, "leak_through_the_relay"))
    assert "15 of 17 promises kept, 2 BROKEN" in text
    assert re.search(r"^ +BROKEN  one-server-at-a-time\n +two workers served for 0\.245 s$", text, re.MULTILINE)
    assert "Page:" not in text


# The page


class _Page(HTMLParser):
    """Collects what a test asks about a page, and fails on tags that do not close."""

    VOID = frozenset({"meta", "br", "line", "rect", "path"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID or tag == "rect":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_is_one_file_without_script_or_anything_from_elsewhere(tmp_path: Path) -> None:
    page = _Page(render_page(_findings(tmp_path)))
    assert page.open == []
    assert {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "embed", "foreignobject"} == set()
    names = {name for _, attributes in page.tags for name in attributes}
    assert names & {"src", "href", "srcset", "xlink:href", "style"} == set()
    assert not [name for name in names if name.startswith("on")]


def test_the_page_fits_in_a_mail(tmp_path: Path) -> None:
    assert len(render_page(_findings(tmp_path)).encode()) < 200_000


def _hostile(story: Story) -> Story:
    """Somebody put markup wherever a log or lab.json has free text."""
    bad = "<script>alert('x')</script>\"&"
    story.lab.update(profile=bad, engine=bad, cloud=bad, versions={bad: bad}, spent={bad: bad}, address=bad)
    story.lab["profile_times"] = [{"name": bad, "seconds": bad, "basis": bad, "source": bad}]
    story.add("lab", 25, "act", act=bad, worker=bad)
    drop_after_ack(story)
    for row in story.logs["sender-adt"]:
        if row.get("key", ["", ""])[1] == "adt-000020":
            row["key"] = [bad, bad, bad]
    return story


def test_markup_in_a_log_stays_text(tmp_path: Path) -> None:
    html = render_page(_hostile(failover()).check(tmp_path))
    assert "<script" not in html
    page = _Page(html)
    assert page.open == []
    assert sum("<script>alert('x')</script>\"&" in text for text in page.text) > 8


def test_every_drawing_and_table_can_be_read_without_seeing_it(tmp_path: Path) -> None:
    page = _Page(render_page(_findings(tmp_path)))
    ids = {attributes.get("id") for _, attributes in page.tags}
    for svg in page.attributes("svg"):
        assert svg["role"] == "img"
        assert set((svg["aria-labelledby"] or "").split()) <= ids
    assert len(page.attributes("svg")) == 2
    assert len(page.attributes("caption")) == len(page.attributes("table"))
    assert all(header.get("scope") in {"col", "row"} for header in page.attributes("th"))
    assert page.attributes("html") == [{"lang": "en"}]
    described = " ".join(page.text)
    assert re.search(r"wk1 killed at 0\.00 seconds; .*wk2 acknowledged 279 times, from 2\.16 to 29\.91 seconds\.", described)


def test_every_figure_stands_beside_the_word_lab_and_its_profile(tmp_path: Path) -> None:
    html = render_page(_findings(tmp_path))
    rows = html[html.index('id="h-figures"') : html.index('id="h-timeline"')].split("<tr>")[2:]
    assert len(rows) == 8
    assert all("lab, profile instant" in row for row in rows)


def _colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "place"), [("light", 0), ("dark", 1), ("print", 2)])
def test_text_has_the_contrast_that_wcag_aa_asks_for(tmp_path: Path, theme: str, place: int) -> None:
    css = render_page(_findings(tmp_path)).split(":root {")[1:]
    colour = _colours(css[place].partition("}")[0])
    pairs = [("ink", "page"), ("quiet", "page"), ("good", "good-band"), ("bad", "bad-band"), ("open", "open-band")]
    pairs += [("good", "page"), ("bad", "page"), ("on", "w0"), ("on", "w1"), ("on", "w2")]
    pairs += [("bar-ink", band) for band in ("steady", "suspect", "busy", "down")]
    low = {pair: round(_contrast(colour[pair[0]], colour[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}, theme


# The drawing


def test_shapes_stay_inside_the_drawing(tmp_path: Path) -> None:
    case = _findings(tmp_path).case
    for drawing in (draw_failover(case), draw_run(case)):
        assert all(drawing.left <= bar.x and bar.x + bar.width <= drawing.right + 1 for bar in drawing.bars)
        assert all(drawing.left <= mark.x <= drawing.right for mark in drawing.marks)
        assert all(0 < mark.label_y < drawing.top for mark in drawing.marks)
        assert drawing.bottom < drawing.height


def test_labels_of_marks_do_not_touch_each_other(tmp_path: Path) -> None:
    drawing = draw_failover(_findings(tmp_path).case)
    by_row: dict[float, float] = {}
    assert len(drawing.marks) == 6
    for mark in drawing.marks:
        start = mark.x - len(mark.label) * 6.6 if mark.from_end else mark.x
        assert start >= by_row.get(mark.label_y, 0)
        by_row[mark.label_y] = start + len(mark.label) * 6.6


def test_the_address_is_drawn_pale_until_packets_follow(tmp_path: Path) -> None:
    tips = [bar.tip for bar in draw_failover(_findings(tmp_path).case).bars]
    assert "wk2, packets do not follow yet: 1.68 s to 2.00 s" in tips
    assert "nobody: 1.58 s to 1.68 s" in tips
    assert "killed: 0.00 s to 20.50 s" in tips


@pytest.mark.parametrize(
    ("from_s", "to_s", "first", "step", "last"),
    [
        (-0.7, 3.0, -0.5, 0.5, 3.0),
        (-10.0, 30.0, -10.0, 5.0, 30.0),
        (-1.0, 1.0, -1.0, 0.5, 1.0),
        (0.0, 900.0, 0.0, 100.0, 900.0),
    ],
)
def test_the_axis_has_round_steps(from_s: float, to_s: float, first: float, step: float, last: float) -> None:
    seconds = axis_seconds(from_s, to_s)
    assert (seconds[0], round(seconds[1] - seconds[0], 6), seconds[-1]) == (first, step, last)


# The command


def _run(lab_dir: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab.report", str(lab_dir), "--out", str(out)]
    return subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_judges_a_folder_again(tmp_path: Path) -> None:
    done = _run(failover().write(tmp_path), tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.html", "report.json"}
    assert done.stdout.endswith(f"Page: {tmp_path / 'out' / 'report.html'}\n")


def test_the_command_fails_when_a_promise_is_broken(tmp_path: Path) -> None:
    story = failover("cut")
    leak_through_the_relay(story)
    assert _run(story.write(tmp_path), tmp_path / "out").returncode == 1


def test_the_command_says_why_logs_cannot_be_judged(tmp_path: Path) -> None:
    story = failover()
    story.logs["lab"] = []
    done = _run(story.write(tmp_path), tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The raw logs in {tmp_path} cannot be judged: lab.jsonl: no fault in this run\n"


def test_the_document_names_every_promise_and_every_field(tmp_path: Path) -> None:
    text = (REPO / "docs" / "REPORT.md").read_text()
    report = document(_findings(tmp_path))
    wanted = [*report, *report["messages"], *(promise["name"] for promise in report["promises"])]
    assert [name for name in wanted if f"`{name}`" not in text] == []
