"""A classifier that runs the frozen encoder once for each text, whichever model answers."""

from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from prompt_capture.adapters.onnx.classifier import Floats, OnnxClassifier, TextGraph
from prompt_capture.adapters.onnx.model_artifact import CascadeStage, ModelArtifact
from training.artifact import PREFIX
from training.fit.encoders import Encoder


class CachedClassifier(OnnxClassifier):
    """The model of an artifact with one stage, whose encoder is `encoder`.

    Hundreds of models of a benchmark share an encoder, which takes most of the time of an answer.
    Answers are those of `OnnxClassifier`, since the same graph computes everything after it.
    """

    def __init__(self, artifact: ModelArtifact, encoder: Encoder) -> None:
        self._encoder = encoder
        super().__init__(artifact)

    def _open(self, artifact: ModelArtifact, stage: CascadeStage) -> TextGraph:
        return _HeadGraph(artifact, stage, self._encoder)


class _HeadGraph(TextGraph):
    """The part of a stage's graph that follows its encoder."""

    def __init__(self, artifact: ModelArtifact, stage: CascadeStage, encoder: Encoder) -> None:
        model = onnx.load(artifact.folder / stage.graph)
        width = encoder.graph.output_width("embedding")
        head = helper.make_graph(
            [node for node in model.graph.node if node.name.startswith(PREFIX)],
            "head",
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, width])],
            [output for output in model.graph.output if output.name != "embedding"],
            [tensor for tensor in model.graph.initializer if tensor.name.startswith(PREFIX)],
        )
        small = helper.make_model(
            head, opset_imports=model.opset_import, ir_version=model.ir_version
        )
        tokenizer = Tokenizer.from_str(encoder.tokenizer)
        super().__init__(small.SerializeToString(), tokenizer, stage.max_tokens)
        self._encoder = encoder

    def run_ids(self, ids: Sequence[int], *outputs: str) -> list[Floats]:
        """Return outputs for the token ids of one text."""
        embedding = self._encoder.embed_ids([ids])
        results = self._session.run(outputs, {"embedding": embedding})
        return [result.reshape(-1) for result in results]
