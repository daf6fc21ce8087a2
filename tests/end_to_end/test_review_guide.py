"""The steps of the review guide, from an empty project to a label in a dataset."""

import json
import os
import shutil
from pathlib import Path

import httpx
import psycopg

from infra.local.stack import Stack
from tests.conftest import GENEROUS_TIMEOUTS
from tests.database.server import ROOT, Server
from tests.database.supabase_cli import supabase
from tests.database.table_editor import run_table_editor

GUIDE = (ROOT / "docs/how-to/review.md").read_text("utf-8")


def test_the_guide_leads_from_an_empty_project_to_a_corrected_message(tmp_path: Path) -> None:
    overrides = {"classify-and-log": GENEROUS_TIMEOUTS}
    with (
        Stack(f"guide-{os.getpid()}", overrides, migrated=False) as stack,
        httpx.Client(timeout=30) as http,
    ):
        with psycopg.connect(stack.postgres_dsn) as empty:
            tables = empty.execute("select from pg_tables where schemaname = 'public'")
            assert tables.rowcount == 0
        shutil.copytree(
            ROOT / "supabase", tmp_path / "supabase", ignore=shutil.ignore_patterns(".temp")
        )
        remote = f"--remote={stack.postgres_dsn}"
        supabase(tmp_path, "db", "push", "--yes", remote)

        text = "the thing with the numbers, or when is it"
        assert text in GUIDE
        user = stack.create_user("ada@example.com")
        response = http.post(
            stack.classify_url,
            headers={"X-Api-Key": stack.keys.api_key},
            json={"message": text, "user_id": user.id},
        ).json()
        assert (response["needs_review"], response["captured"]) == (True, "stored")

        server = Server(lambda role, database: stack.postgres_dsn)
        with run_table_editor(server, "postgres", tmp_path) as editor:
            (row, *others) = editor.open_table("review_queue")
            assert others == []
            assert (row["text"], row["predicted_intent"]) == (text, response["intent"])
            assert row["runner_up_intent"] not in (None, row["predicted_intent"])
            assert 0 < float(str(row["runner_up_confidence"])) <= float(str(row["confidence"]))
            saved = editor.edit("review_queue", row, corrected_intent="search", reviewer="grace")
            assert saved.is_success, saved.text
            (event,) = editor.open_table("correction_events")
            assert (event["from_intent"], event["to_intent"]) == (response["intent"], "search")
            assert (event["reviewer"], event["channel"]) == ("grace", "dashboard")

        dataset = json.loads(
            stack.lambda_client()
            .invoke(FunctionName="export", Payload=b'{"mode": "retraining", "days": 1}')["Payload"]
            .read()
        )
        exported = stack.s3_client().get_object(Bucket=dataset["bucket"], Key=dataset["key"])
        (line,) = [json.loads(line) for line in exported["Body"].read().splitlines()]
        assert (line["text"], line["label"], line["corrected"]) == (text, "search", True)
