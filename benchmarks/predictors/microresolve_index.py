"""microresolve, loaded as its authors load it from Python: a folder of phrases and `resolve`."""

from pathlib import Path

from microresolve import MicroResolve

from benchmarks.predictors.base import OUT_OF_SCOPE, ScoredIntent

NAMESPACE = "intents"


class MicroResolvePredictor:
    """A namespace of phrases."""

    def __init__(self, folder: Path) -> None:
        # The index lives only as long as the engine that owns it.
        self._engine = MicroResolve(data_dir=str(folder))
        self._intents = self._engine.namespace(NAMESPACE)

    def predict(self, text: str) -> ScoredIntent:
        """Return the first match; its unbounded score serves as the scope score."""
        matches = self._intents.resolve(text).intents
        if not matches:
            return ScoredIntent(None, 0.0, 0.0)
        best = matches[0]
        scope = -best.score if best.id == OUT_OF_SCOPE else best.score
        return ScoredIntent(best.id, best.confidence, scope)
