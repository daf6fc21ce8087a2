"""The steps of one run, in their order."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from prompt_capture.adapters.onnx.model_folder import read_model_folder
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.errors import RetrainingNotReady
from prompt_capture.domain.evaluation import SCHEDULE_ACTOR
from prompt_capture.domain.models import DatasetReference, ModelAddress
from prompt_capture.workflows.models.decisions import decision_of
from prompt_capture.workflows.models.publish import PublishModel
from training.allocator import return_freed_memory
from training.gate.candidate_looks import open_look, record_look, run_backtest
from training.gate.comparison import CandidateComparison, ComparedModel, ComparedModelLoader
from training.gate.description import describe_verdict
from training.gate.verdict import Verdict
from training.retrain.candidates import describe_left_out, fit_candidate
from training.retrain.datasets import AUDITED, GOLD, BucketCopy, newest_dataset
from training.retrain.occasions import find_held_candidate, has_enough_new_labels
from training.retrain.ports import RetrainingOptions, RetrainingPorts
from training.retrain.progress import SavedProgress
from training.retrain.requests import Occasion, Outcome, RetrainingReport
from training.retrain.rescoring import rescore_queue


class Steps:
    """Carries out one run. Files are in `folder` while it lasts."""

    def __init__(
        self,
        ports: RetrainingPorts,
        options: RetrainingOptions,
        saved: SavedProgress,
        folder: Path,
    ) -> None:
        self._ports = ports
        self._options = options
        self._saved = saved
        self._folder = folder
        self._bucket = BucketCopy(ports.datasets, folder / "datasets", options.prefixes)
        self._loader = ComparedModelLoader(ports.files, options.packaged, folder / "published")

    async def carry_out(self, occasion: Occasion, report: RetrainingReport) -> RetrainingReport:
        """Run all steps, or those that are left, and return the completed report.

        Raise `RetrainingNotReady`, `InvalidExamples` or the errors of the ports.
        """
        if not self._saved.progress.has_started:
            await self._start()
        champion = await self._loader.load(self._saved.progress.champion)
        rescored = await self._rescore_queue(champion)
        report = report.model_copy(update={"rescored": rescored})
        if self._saved.progress.candidate is None:
            address = await self._choose_held(occasion, champion)
            if address is None and not await self._should_train(occasion, champion):
                return report.model_copy(update={"outcome": "nothing_new"})
            if address is None:
                await self._publish_candidate(champion)
            else:
                await self._saved.update(candidate=address)
        candidate = await self._loader.load(self._saved.progress.candidate)
        return await self._judge(candidate, champion, report)

    @property
    def _catalogue(self) -> Sequence[str]:
        return self._saved.progress.catalogue

    async def _start(self) -> None:
        """Choose the inputs, so that whoever continues the run has the same."""
        prefixes = self._options.prefixes
        latest = await self._ports.runs.latest_run()
        await self._saved.update(
            has_started=True,
            rescored_by=latest.progress.get("rescored_by") if latest else None,
            catalogue=tuple(sorted(await self._ports.catalogue.known_intents())),
            dataset=newest_dataset(self._ports.datasets, prefixes.of(AUDITED)),
            gold=newest_dataset(self._ports.datasets, prefixes.of(GOLD)),
            champion=(await self._ports.serving.serving()).champion,
        )

    async def _choose_held(
        self, occasion: Occasion, champion: ComparedModel
    ) -> ModelAddress | None:
        """Return the candidate that a day brought enough evidence for."""
        if occasion != "day":
            return None
        held = await find_held_candidate(self._ports, champion.version)
        return held.address if held else None

    async def _should_train(self, occasion: Occasion, champion: ComparedModel) -> bool:
        """Return whether to train a candidate, unless the champion learnt the same dataset."""
        key = self._dataset_key()
        if occasion == "request":
            return True
        content = self._ports.datasets.read(key) or b""
        digest = hashlib.sha256(content).hexdigest()
        if any(each.manifest_sha256 == digest for each in _datasets_of(champion)):
            return False
        if occasion == "month":
            return True
        manifest = Manifest.model_validate_json(content)
        return await has_enough_new_labels(self._ports, manifest, self._options.min_new_labels)

    def _dataset_key(self) -> str:
        key = self._saved.progress.dataset
        if key is None:
            prefix = self._options.prefixes.of(AUDITED)
            raise RetrainingNotReady(
                f"The bucket has no dataset below {prefix}. Export one: prompt-capture export "
                "--mode retraining --policy audited, or wait for the schedule."
            )
        return key

    async def _publish_candidate(self, champion: ComparedModel) -> None:
        data = self._bucket.read_training_data(self._dataset_key())
        folder = self._folder / "candidate"
        candidate = fit_candidate(
            champion.artifact, data, self._catalogue, folder, self._options.name
        )
        return_freed_memory()
        version = candidate.artifact.manifest.version
        card = self._ports.objects.put_card(version, candidate.card)
        publish = PublishModel(self._ports.objects, self._ports.registry)
        reason = f"Retrained on {self._saved.progress.dataset}."
        published = await publish(
            read_model_folder(candidate.artifact.folder), SCHEDULE_ACTOR, reason
        )
        await self._saved.update(
            candidate=published.model.address,
            card=card,
            omitted_stages=candidate.omitted_stages,
            left_out=describe_left_out(data.examples, self._catalogue),
        )

    async def _judge(
        self,
        candidate: ComparedModel,
        champion: ComparedModel,
        report: RetrainingReport,
    ) -> RetrainingReport:
        report = report.model_copy(
            update={
                "candidate": candidate.version,
                "champion": champion.version,
                "card": self._saved.progress.card,
            }
        )
        evaluation = self._ports.evaluation
        comparison = self._compare(candidate, champion)
        look = await open_look(evaluation, self._ports.registry, comparison)
        recorded = look.of_tick(report.tick) or look.standing
        if recorded is None:
            result = await run_backtest(evaluation, look)
            made = await record_look(evaluation, look, result, SCHEDULE_ACTOR, report.tick)
            recorded = made.recorded
            report = report.model_copy(update={"drawn": made.drawn})
        verdict = recorded.verdict
        messages = (*self._remarks(), *describe_verdict(verdict))
        report = report.model_copy(update={"decision": verdict.decision, "messages": messages})
        if recorded.tick != report.tick:
            return report.model_copy(update={"outcome": "unchanged"})
        return await self._act(candidate, verdict, report)

    def _remarks(self) -> list[str]:
        progress = self._saved.progress
        omitted = "The student no longer fits, so the candidate lacks it."
        remarks = [omitted if progress.omitted_stages else None, progress.left_out]
        return [remark for remark in remarks if remark]

    def _compare(self, candidate: ComparedModel, champion: ComparedModel) -> CandidateComparison:
        gold = self._saved.progress.gold
        return CandidateComparison(
            candidate,
            champion,
            self._read_learnt_texts(candidate, champion),
            self._bucket.read_gold_ids(gold) if gold else (),
            self._catalogue,
            self._options.days,
            self._options.gate,
        )

    def _read_learnt_texts(
        self, candidate: ComparedModel, champion: ComparedModel
    ) -> Sequence[str]:
        """Return what either model learnt. What the champion learnt may have expired.

        Raise `RetrainingNotReady` where it is not known what the candidate learnt.
        """
        texts = self._bucket.read_learnt_texts(_datasets_of(candidate))
        if texts is None:
            raise RetrainingNotReady(
                f"A dataset that {candidate.version} learnt has expired, so that no evidence about "
                "it can be told from what it learnt. Retrain."
            )
        return [*texts, *(self._bucket.read_learnt_texts(_datasets_of(champion)) or [])]

    async def _act(
        self,
        candidate: ComparedModel,
        verdict: Verdict,
        report: RetrainingReport,
    ) -> RetrainingReport:
        outcome: Outcome = "held" if verdict.decision == "hold" else "rejected"
        if verdict.decision == "promote":
            doubts = await self._doubts(verdict)
            if doubts:
                messages = (*report.messages, *doubts)
                return report.model_copy(
                    update={"outcome": "waits_for_a_person", "messages": messages}
                )
            await self._ports.registry.promote(
                candidate.version, decision_of(SCHEDULE_ACTOR, "The verdict of this retraining.")
            )
            outcome = "promoted"
            rescored = await self._rescore_queue(candidate)
            report = report.model_copy(update={"rescored": report.rescored + rescored})
        return report.model_copy(update={"outcome": outcome})

    async def _doubts(self, verdict: Verdict) -> list[str]:
        """Return why a person decides about a candidate whose verdict is `promote`."""
        doubts = []
        if not self._options.auto_promotes:
            doubts.append("A person decides, since autoPromote is off.")
        if verdict.robustness is None or not verdict.robustness.holds:
            doubts.append(
                "A person decides, since the verdict rests on one reviewer or on one sender."
            )
        if sorted(await self._ports.catalogue.known_intents()) != list(self._catalogue):
            doubts.append("A person decides, since the catalogue changed during the retraining.")
        serving = await self._ports.serving.serving()
        if serving.champion not in {self._saved.progress.champion, self._saved.progress.candidate}:
            doubts.append(
                f"A person decides, since another model than {verdict.champion} serves by now."
            )
        if serving.split is not None:
            doubts.append(
                "A person decides, since a split is under way, and a promotion would end it."
            )
        return doubts

    async def _rescore_queue(self, model: ComparedModel) -> int:
        """Score the review queue by a registered model that serves, once."""
        if model.registered in {None, self._saved.progress.rescored_by}:
            return 0
        rescored = await rescore_queue(self._ports.queue, model.open())
        await self._saved.update(rescored_by=model.registered)
        return rescored


def _datasets_of(model: ComparedModel) -> Sequence[DatasetReference]:
    return model.artifact.manifest.training.datasets
