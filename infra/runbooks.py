"""Copy the runbooks of the alerts into the console's page: `python -m infra.runbooks`.

They are the sections of `docs/how-to/operate.md` under *Alerts*. The console shows them beside the
alerts, since it cannot know where the documentation is published.
"""

import json
import re
import sys
from pathlib import Path

from prompt_capture.domain.monitoring.findings import RUNBOOK_PAGE

ROOT = Path(__file__).resolve().parents[1]
COPY = ROOT / "functions" / "console" / "page" / "health" / "runbooks.js"

_HEADER = (
    f"// The runbooks of the alerts. Written by `python -m infra.runbooks` from {RUNBOOK_PAGE}.\n\n"
)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_STEP = re.compile(r"\d+\. ")


def read_runbooks(page: str) -> dict[str, dict[str, list[str]]]:
    """Return the paragraphs and the steps of each runbook, by the anchor of its section."""
    chapter = page.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    runbooks = {}
    for section in chapter.split("\n### ")[1:]:
        title, _, body = section.partition("\n")
        blocks = [_plain(block) for block in _split_blocks(body)]
        runbooks[title.lower().replace(" ", "-")] = {
            "text": [block for block in blocks if not _STEP.match(block)],
            "steps": [_STEP.sub("", block, count=1) for block in blocks if _STEP.match(block)],
        }
    return runbooks


def _split_blocks(body: str) -> list[str]:
    """Return paragraphs and steps."""
    return [block for block in re.split(r"\n\n|\n(?=\d+\. )", body) if block.strip()]


def _plain(block: str) -> str:
    """Return a block in one line, without links; code keeps its backticks."""
    return _LINK.sub(r"\1", " ".join(block.split()))


def build() -> str:
    """Return the module of the page that holds the runbooks."""
    runbooks = read_runbooks((ROOT / RUNBOOK_PAGE).read_text("utf-8"))
    return f"{_HEADER}export const RUNBOOKS = {json.dumps(runbooks, indent=2)};\n"


def main() -> None:
    """Write the module."""
    COPY.write_text(build(), "utf-8")
    sys.stdout.write(f"Wrote {COPY.relative_to(ROOT)}.\n")


if __name__ == "__main__":
    main()
