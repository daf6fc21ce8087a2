"""The model card: its content, its privacy, and that it loads no other resource."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from pydantic import ValidationError

from prompt_capture.adapters.onnx.model_artifact import (
    MeasuredOn,
    ModelArtifact,
    ModelManifest,
)
from tests.unit.predictions import make_predictions
from training.calibrate.confidence import ReliabilityBin
from training.calibrate.predictions import Predictions
from training.report.card import MAX_LABELS, write_card
from training.report.charts import draw_confusion_matrix, draw_reliability_diagram
from training.report.error_analysis import ConfusionMatrix
from training.report.evaluation import LatencyPercentiles
from training.report.writing import write_report

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"
ROWS = [
    ("hi there", "greeting", "greeting", 0.9),
    ("hello", "greeting", "greeting", 0.8),
    ("<script>alert(1)</script> & co", "email", "reminder", 0.97),
    ("write to anna", "email", "email", 0.7),
    ("at six please", "reminder", "reminder", 0.6),
    ("what is the capital of peru", "unknown", "greeting", 0.86),
    ("purple monkey", "unknown", "unknown", 0.99),
]
SCOPE = [0.9, 0.8, 0.7, 0.95, 0.6, 0.65, 0.1]


class _Page(HTMLParser):
    """Collects the tags of a page, and checks that they are balanced."""

    VOID = ("meta",)

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def values(self, attribute: str) -> list[str | None]:
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


@pytest.fixture(scope="module")
def manifest() -> ModelManifest:
    return ModelArtifact.load(SHIPPED).manifest


def _write(
    file: Path, manifest: ModelManifest, predictions: Predictions, include_texts: bool = True
) -> str:
    write_card(file, manifest, predictions, include_texts=include_texts)
    return file.read_text("utf-8")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory, manifest: ModelManifest) -> str:
    file = tmp_path_factory.mktemp("card") / "card.html"
    write_card(
        file,
        manifest,
        make_predictions(ROWS, SCOPE),
        evaluated_on="messages of a test",
        latency=LatencyPercentiles(p50=1.25, p99=6.5),
    )
    return file.read_text("utf-8")


def test_the_card_shows_what_the_model_is_and_its_metrics(
    html: str, manifest: ModelManifest
) -> None:
    for fact in (
        manifest.version,
        f"{manifest.training_examples:,} labelled messages",
        manifest.training_data_sha256,
        manifest.base_model.name,
        f"licence {manifest.base_model.licence}",
        *(f"temperature {stage.temperature}" for stage in manifest.stages),
        "7 messages of a test",
        "71.4%",  # five of seven are correct
        "50.0%",  # of two out-of-scope messages, one is found at 95% kept
        "1.25 ms",
        "6.50 ms p99",
        "Not intended for",
    ):
        assert fact in html


def test_each_intent_has_its_own_threshold(html: str, manifest: ModelManifest) -> None:
    assert manifest.thresholds is not None
    for intent in ("greeting", "email", "reminder"):
        threshold = manifest.thresholds.per_intent[intent]
        assert threshold is not None
        table = html[html.index('id="intents"') :]
        row = table[table.index(f'<th scope="row">{intent}</th>') :].split("</tr>")[0]
        assert f">{threshold:.1%}</td>" in row


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "the thresholds do not decide which predictions need a review"),
        ({"decide_review": True}, "below the threshold of their intent need a review"),
        (
            {"target_precision": None, "target_recall": 0.8},
            "reached a recall of 0.8 on the fair sample in training",
        ),
        ({"per_intent": {"email": None}}, ">not reached</td>"),
    ],
)
def test_the_card_says_what_the_thresholds_reach_and_decide(
    tmp_path: Path, manifest: ModelManifest, changes: dict[str, object], shown: str
) -> None:
    assert manifest.thresholds is not None
    thresholds = manifest.thresholds.model_copy(update=changes)
    changed = manifest.model_copy(update={"thresholds": thresholds})

    assert shown in _write(tmp_path / "card.html", changed, make_predictions(ROWS))


def test_texts_and_labels_are_escaped(tmp_path: Path, manifest: ModelManifest) -> None:
    rows = [*ROWS, ("plain", "<b>label</b>", "greeting", 0.9)]

    html = _write(tmp_path / "card.html", manifest, make_predictions(rows))

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in html
    assert "&lt;b&gt;label&lt;/b&gt;" in html
    assert not {tag for tag, _ in _Page(html).tags} & {"script", "b", "link", "img", "iframe"}


def test_texts_can_be_omitted(tmp_path: Path, manifest: ModelManifest) -> None:
    html = _write(
        tmp_path / "card.html", manifest, make_predictions(ROWS, SCOPE), include_texts=False
    )

    assert "prompts are private" in html
    assert not [text for text, *_ in ROWS if text in html]
    assert "alert(1)" not in html


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, manifest: ModelManifest) -> None:
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    for file in (one, two):
        write_card(file, manifest, make_predictions(ROWS, SCOPE))

    assert one.read_bytes() == two.read_bytes()


def test_the_page_loads_no_other_resource(html: str) -> None:
    page = _Page(html)
    assert "http" not in html.replace("http-equiv", "")
    assert not page.values("src") + page.values("href")
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_every_chart_has_an_alternative_text(html: str) -> None:
    page = _Page(html)
    charts = [attributes for _, attributes in page.tags if attributes.get("role") == "img"]
    assert len(charts) == len([tag for tag, _ in page.tags if tag == "svg"]) == 3
    assert "email predicted as reminder (1 times)" in str(charts[1]["aria-label"])
    ids = page.values("id")
    assert len(ids) == len(set(ids))


def test_charts_use_the_colours_of_the_page(html: str) -> None:
    assert "prefers-color-scheme: dark" in html
    drawn = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert "var(--good)" in drawn
    assert not re.findall(r"#[0-9a-f]{3,6}", drawn)
    assert set(re.findall(r"var\((--[a-z]+)\)", drawn)) <= set(re.findall(r"(--[a-z]+):", html))


def test_bars_and_cells_are_drawn_from_the_figures() -> None:
    bins = [ReliabilityBin(0.8, 1.0, count=3, share=1, confidence=0.9, accuracy=0.5)]
    diagram = draw_reliability_diagram(bins)
    matrix = draw_confusion_matrix(ConfusionMatrix(("one", "two"), np.array([[5, 0], [2, 7]])))

    heights = [float(each) for each in re.findall(r'<rect [^>]*height="([0-9.]+)"', diagram)]
    assert heights == [120, 74]  # half of 240, and the whole of the lower part
    assert re.findall(r">(\d)</text>", matrix) == ["5", "2", "7"]
    assert matrix.count("fill: var(--good)") == 2
    assert matrix.count("fill: var(--bad)") == 1


def test_the_worst_intents_and_the_most_confident_mistakes_come_first(html: str) -> None:
    table = html[html.index('id="intents"') :]
    positions = [table.index(f'<th scope="row">{label}<') for label in ("email", "greeting")]
    assert positions == sorted(positions)
    worst = html[html.index('id="worst"') :]
    assert worst.index("alert(1)") < worst.index("capital of peru")


def test_only_the_most_confused_of_many_intents_are_shown(
    tmp_path: Path, manifest: ModelManifest
) -> None:
    rows = [(f"text {n}", f"intent {n}", f"intent {n}", 0.9) for n in range(150)]
    rows += [("text", "intent 7", "intent 99", 0.8)] * 5
    rows += [(f"text {n}", f"intent {n}", f"intent {n + 1}", 0.8) for n in range(100, 149)]

    html = _write(tmp_path / "card.html", manifest, make_predictions(rows))

    assert f"the {MAX_LABELS} most often confused of 150 intents" in html
    chart = html[html.index("Confusion matrix") : html.index('id="scope"')]
    assert ">intent 7</text>" in chart
    assert ">intent 99</text>" in chart
    assert ">intent 8</text>" not in chart


def test_a_model_without_mistakes_has_a_card_too(tmp_path: Path, manifest: ModelManifest) -> None:
    rows = [(f"text {n}", f"intent {n}", f"intent {n}", 1.0) for n in range(30)]

    html = _write(tmp_path / "card.html", manifest, make_predictions(rows))

    assert html.count("every prediction is correct") == 2
    assert "Not measured: the labels are not both in scope and out of scope" in html


@pytest.mark.parametrize(
    "unusual", ["日本語 🎉", "a$b$^", "x" * 100, 'id="#000001', "tab\tand \x1b"]
)
def test_unusual_labels_and_texts_are_shown(
    tmp_path: Path, manifest: ModelManifest, unusual: str
) -> None:
    html = _write(
        tmp_path / "card.html",
        manifest,
        make_predictions([*ROWS, (unusual, unusual, "email", 0.9)], [*SCOPE, 0.5]),
    )

    assert len(_Page(html).tags) > 100


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\ud800 alone", "? alone"),
        ("{{ 7 * 7 }}", "{{ 7 * 7 }}"),
        ("long " * 800, "long long…"),
    ],
)
def test_texts_that_need_escaping_or_truncation_are_shown(
    tmp_path: Path, manifest: ModelManifest, text: str, shown: str
) -> None:
    rows = [*ROWS, (text, "greeting", "email", 0.9)]

    html = _write(tmp_path / "card.html", manifest, make_predictions(rows))

    assert shown in html
    assert html.count("long ") < 70


@pytest.mark.parametrize(
    ("sample", "described"),
    [
        ("audited", "7 messages of the uniform audit, labelled by people"),
        ("seed", "7 examples that were written for training"),
    ],
)
def test_the_card_of_a_training_run_names_the_sample_of_its_figures_and_of_its_thresholds(
    manifest: ModelManifest, tmp_path: Path, sample: Literal["audited", "seed"], described: str
) -> None:
    measured_on = MeasuredOn(sample=sample, messages=len(ROWS), is_unbiased=True)
    predictions = make_predictions(ROWS, SCOPE)

    write_report(
        tmp_path, manifest.model_copy(update={"measured_on": measured_on}), predictions, predictions
    )

    html = (tmp_path / "report" / "card.html").read_text("utf-8")
    assert f"All metrics were measured on {described}, each held out" in html
    facts = dict(re.findall(r'<th scope="row">([^<]+)</th><td>(.*?)</td>', html))
    assert facts["Fair sample in training"] == described
    assert f"accuracy {manifest.metrics['accuracy']}" in facts["Metrics on the fair sample"]
    assert facts["Confidence threshold"].endswith("on the fair sample")
    assert "reached a precision of 0.95 on the fair sample in training" in html


def test_the_card_of_an_evaluation_keeps_the_sample_of_training_apart(
    html: str, manifest: ModelManifest
) -> None:
    assert manifest.measured_on is not None
    assert "All metrics were measured on 7 messages of a test." in html
    facts = dict(re.findall(r'<th scope="row">([^<]+)</th><td>(.*?)</td>', html))
    assert facts["Fair sample in training"].startswith(f"{manifest.measured_on.messages:,} ")


def test_a_manifest_with_figures_and_without_their_sample_is_invalid(
    manifest: ModelManifest,
) -> None:
    without_sample = manifest.model_dump(mode="json") | {"measured_on": None}

    assert manifest.metrics
    with pytest.raises(ValidationError, match="measured_on"):
        ModelManifest.model_validate(without_sample)


def test_the_card_of_a_model_without_a_fair_sample_shows_no_figures(
    manifest: ModelManifest, tmp_path: Path
) -> None:
    unmeasured = manifest.model_copy(
        update={"metrics": {}, "thresholds": None, "measured_on": None}
    )

    write_card(tmp_path / "card.html", unmeasured, None)

    html = (tmp_path / "card.html").read_text("utf-8")
    _Page(html)
    assert "Nothing was measured" in html
    assert "Accuracy" not in html
