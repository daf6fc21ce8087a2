"""The model card: what it says, what it keeps to itself, and that it needs nothing but itself."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from prompt_capture.adapters.model_artifact import Manifest, ModelArtifact
from tests.unit.answers import answers
from training.evaluate import Latency
from training.predictions import Predictions
from training.report.card import MAX_LABELS, write_card

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
    """Collects the tags of a page, and checks that they close as they opened."""

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
def manifest() -> Manifest:
    return ModelArtifact.load(SHIPPED).manifest


def _written(file: Path, manifest: Manifest, predictions: Predictions, texts: bool = True) -> str:
    write_card(file, manifest, predictions, texts=texts)
    return file.read_text("utf-8")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory, manifest: Manifest) -> str:
    file = tmp_path_factory.mktemp("card") / "card.html"
    write_card(
        file,
        manifest,
        answers(ROWS, SCOPE),
        measured_on="messages of a test",
        latency=Latency(p50=1.25, p99=6.5),
    )
    return file.read_text("utf-8")


def test_the_card_says_what_the_model_is_and_what_it_scored(html: str, manifest: Manifest) -> None:
    for fact in (
        manifest.version,
        f"{manifest.training_examples:,} labelled messages",
        manifest.training_data_sha256,
        manifest.base_model.name,
        f"licence {manifest.base_model.licence}",
        *(f"temperature {stage.temperature}" for stage in manifest.stages),
        "7 messages of a test",
        "71.4%",  # five of seven are right
        "50.0%",  # of two out of scope, one is found at 95% kept
        "1.25 ms",
        "6.50 ms p99",
        "What it is not for",
    ):
        assert fact in html


def test_each_intent_has_its_own_threshold(html: str, manifest: Manifest) -> None:
    assert manifest.thresholds is not None
    for intent in ("greeting", "email", "reminder"):
        threshold = manifest.thresholds.per_intent[intent]
        assert threshold is not None
        table = html[html.index('id="intents"') :]
        row = table[table.index(f'<th scope="row">{intent}</th>') :].split("</tr>")[0]
        assert f">{threshold:.1%}</td>" in row


def test_texts_and_labels_are_escaped(tmp_path: Path, manifest: Manifest) -> None:
    rows = [*ROWS, ("plain", "<b>label</b>", "greeting", 0.9)]

    html = _written(tmp_path / "card.html", manifest, answers(rows))

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in html
    assert "&lt;b&gt;label&lt;/b&gt;" in html
    assert not {tag for tag, _ in _Page(html).tags} & {"script", "b", "link", "img", "iframe"}


def test_texts_can_be_left_out(tmp_path: Path, manifest: Manifest) -> None:
    html = _written(tmp_path / "card.html", manifest, answers(ROWS, SCOPE), texts=False)

    assert "prompts are private" in html
    assert not [text for text, *_ in ROWS if text in html]
    assert "alert(1)" not in html


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, manifest: Manifest) -> None:
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    for file in (one, two):
        write_card(file, manifest, answers(ROWS, SCOPE))

    assert one.read_bytes() == two.read_bytes()


def test_the_page_needs_nothing_but_itself(html: str) -> None:
    page = _Page(html)
    assert "http" not in html.replace("http-equiv", "")
    assert not page.values("src") + page.values("href")
    assert all(str(link).startswith("#") for link in page.values("xlink:href"))
    assert "default-src 'none'" in html


def test_every_picture_has_words_and_ids_of_its_own(html: str) -> None:
    page = _Page(html)
    pictures = [attributes for _, attributes in page.tags if attributes.get("role") == "img"]
    assert len(pictures) == len([tag for tag, _ in page.tags if tag == "svg"]) == 3
    assert "email was taken for reminder: 1 times" in str(pictures[1]["aria-label"])
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = {str(link)[1:] for link in page.values("xlink:href")}
    clips = set(re.findall(r"url\(#([^)]+)\)", html))
    assert links | clips
    assert links | clips <= set(ids)


def test_pictures_take_their_colours_from_the_page(html: str) -> None:
    assert "prefers-color-scheme: dark" in html
    drawn = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert "var(--good)" in drawn
    assert not re.findall(r": #[0-9a-f]{6}", drawn)


def test_the_worst_intents_and_the_surest_mistakes_come_first(html: str) -> None:
    table = html[html.index('id="intents"') :]
    places = [table.index(f'<th scope="row">{label}<') for label in ("email", "greeting")]
    assert places == sorted(places)
    worst = html[html.index('id="worst"') :]
    assert worst.index("alert(1)") < worst.index("capital of peru")


def test_of_many_intents_the_most_confused_are_shown(tmp_path: Path, manifest: Manifest) -> None:
    rows = [(f"text {n}", f"intent {n}", f"intent {n}", 0.9) for n in range(150)]
    rows += [("text", "intent 7", "intent 99", 0.8)] * 5
    rows += [(f"text {n}", f"intent {n}", f"intent {n + 1}", 0.8) for n in range(100, 149)]

    html = _written(tmp_path / "card.html", manifest, answers(rows))

    assert f"Of 150 intents these {MAX_LABELS} are the most often confused" in html
    picture = html[html.index("Confusion matrix") : html.index('id="scope"')]
    assert ">intent 7</text>" in picture
    assert ">intent 99</text>" in picture
    assert ">intent 8</text>" not in picture


def test_a_model_that_is_always_right_has_a_card_too(tmp_path: Path, manifest: Manifest) -> None:
    rows = [(f"text {n}", f"intent {n}", f"intent {n}", 1.0) for n in range(30)]

    html = _written(tmp_path / "card.html", manifest, answers(rows))

    assert html.count("every answer was right") == 2
    assert "Not measured: the messages were not of both kinds" in html


@pytest.mark.parametrize("odd", ["日本語 🎉", "a$b$^", "x" * 100, 'id="#000001', "tab\tand \x1b"])
def test_odd_labels_and_texts_break_nothing(tmp_path: Path, manifest: Manifest, odd: str) -> None:
    html = _written(
        tmp_path / "card.html", manifest, answers([*ROWS, (odd, odd, "email", 0.9)], [*SCOPE, 0.5])
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
def test_odd_texts_are_shown_as_far_as_they_go(
    tmp_path: Path, manifest: Manifest, text: str, shown: str
) -> None:
    rows = [*ROWS, (text, "greeting", "email", 0.9)]

    html = _written(tmp_path / "card.html", manifest, answers(rows))

    assert shown in html
    assert html.count("long ") < 70
