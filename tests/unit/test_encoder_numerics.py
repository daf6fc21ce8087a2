"""The encoder's graph agrees with an implementation of the papers in NumPy."""

from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator
from scipy.special import erf, softmax

from training.fit.networks.minilm import HEADS, LAYERS, WIDTH, EncoderBuilder

SHAPES = {
    "attention.self.query": (WIDTH, WIDTH),
    "attention.self.key": (WIDTH, WIDTH),
    "attention.self.value": (WIDTH, WIDTH),
    "attention.output.dense": (WIDTH, WIDTH),
    "intermediate.dense": (4 * WIDTH, WIDTH),
    "output.dense": (WIDTH, 4 * WIDTH),
}


def test_the_graph_agrees_with_numpy() -> None:
    random = np.random.default_rng(0)
    table = random_weights(random)
    ids = random.integers(0, 50, 9)

    run: Any = ReferenceEvaluator(EncoderBuilder(table).build()).run

    assert np.abs(run(None, {"input_ids": ids[None]})[0][0] - _bert(table, ids)).max() < 1e-5


def random_weights(random: np.random.Generator) -> dict[str, np.ndarray]:
    def weights(*shape: int) -> np.ndarray:
        return random.normal(0, 0.05, shape).astype(np.float32)

    table = {
        "embeddings.word_embeddings.weight": weights(50, WIDTH),
        "embeddings.position_embeddings.weight": weights(512, WIDTH),
        "embeddings.token_type_embeddings.weight": weights(2, WIDTH),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        norms += [f"{prefix}.attention.output.LayerNorm", f"{prefix}.output.LayerNorm"]
        for name, shape in SHAPES.items():
            table[f"{prefix}.{name}.weight"] = weights(*shape)
            table[f"{prefix}.{name}.bias"] = weights(shape[0])
    for name in norms:
        table[f"{name}.weight"], table[f"{name}.bias"] = 1 + weights(WIDTH), weights(WIDTH)
    return table


def _bert(table: dict[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
    """Compute the embedding in NumPy, implemented from the papers and not from the graph."""
    words = table["embeddings.word_embeddings.weight"]
    scale = np.abs(words).max(axis=1, keepdims=True) / np.float32(127)
    stored = np.round(words / scale) * scale

    def layer_norm(x: np.ndarray, name: str) -> Any:
        centred = x - x.mean(axis=-1, keepdims=True)
        unit = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return unit * table[f"{name}.weight"] + table[f"{name}.bias"]

    def dense(x: np.ndarray, name: str) -> Any:
        return x @ table[f"{name}.weight"].T + table[f"{name}.bias"]

    positions = table["embeddings.position_embeddings.weight"][: len(ids)]
    segment = table["embeddings.token_type_embeddings.weight"][0]
    states = [layer_norm(stored[ids] + positions + segment, "embeddings.LayerNorm")]
    for layer in range(LAYERS):
        hidden, name = states[-1], f"encoder.layer.{layer}"
        query, key, value = (
            np.split(dense(hidden, f"{name}.attention.self.{part}"), HEADS, axis=1)
            for part in ("query", "key", "value")
        )
        context = [
            softmax(q @ k.T / np.sqrt(WIDTH / HEADS), axis=-1) @ v
            for q, k, v in zip(query, key, value, strict=True)
        ]
        attended = dense(np.hstack(context), f"{name}.attention.output.dense")
        hidden = layer_norm(attended + hidden, f"{name}.attention.output.LayerNorm")
        wide = dense(hidden, f"{name}.intermediate.dense")
        wide = wide * (1 + erf(wide / np.sqrt(2))) / 2
        states.append(
            layer_norm(dense(wide, f"{name}.output.dense") + hidden, f"{name}.output.LayerNorm")
        )
    means = [states[layer].mean(axis=0) for layer in (0, 2, 4, 6)]
    return np.concatenate([mean / np.linalg.norm(mean) for mean in means])
