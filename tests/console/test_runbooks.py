"""The runbooks of the page are those of the documentation, one for each rule."""

from infra.runbooks import COPY, ROOT, build, read_runbooks
from prompt_capture.domain.monitoring.findings import RULES, RUNBOOK_PAGE


def test_the_page_has_the_runbooks_of_the_documentation() -> None:
    assert COPY.read_text("utf-8") == build(), "Run `python -m infra.runbooks`."


def test_every_rule_has_a_runbook_that_says_what_to_do() -> None:
    runbooks = read_runbooks((ROOT / RUNBOOK_PAGE).read_text("utf-8"))

    assert set(runbooks) == {rule.replace("_", "-") for rule in RULES}
    assert all(runbook["text"] or runbook["steps"] for runbook in runbooks.values())


def test_a_section_becomes_paragraphs_and_steps_without_links() -> None:
    page = (
        "# Page\n\n## Alerts\n\nIntroduction.\n\n### Jobs stopped\n\nCaptures\nwait.\n\n"
        "1. Run [`doctor`](check.md).\n   It says why.\n2. Wait.\n\n## Other\n\n### No runbook\n"
    )

    assert read_runbooks(page) == {
        "jobs-stopped": {
            "text": ["Captures wait."],
            "steps": ["Run `doctor`. It says why.", "Wait."],
        }
    }
