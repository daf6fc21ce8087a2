"""microresolve, as its authors serve it from Python: a folder of phrases, and `resolve`."""

from pathlib import Path

from microresolve import MicroResolve

from benchmarks.served.answer import OUT_OF_SCOPE, Answer

NAMESPACE = "intents"


class ServedIndex:
    """A namespace of phrases."""

    def __init__(self, folder: Path) -> None:
        # The index lives as long as the engine that holds it.
        self._engine = MicroResolve(data_dir=str(folder))
        self._intents = self._engine.namespace(NAMESPACE)

    def answer(self, text: str) -> Answer:
        """Name the first match; its score, which is not bounded, serves as the scope score."""
        matches = self._intents.resolve(text).intents
        if not matches:
            return Answer(None, 0.0, 0.0)
        best = matches[0]
        scope = -best.score if best.id == OUT_OF_SCOPE else best.score
        return Answer(best.id, best.confidence, scope)
