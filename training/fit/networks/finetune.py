"""Fine-tune all of MiniLM together with its classification head, in JAX (mode `full`).

The network computes the same function as the graph of `minilm`. The result has the weights of a
checkpoint, which `EncoderBuilder` takes. Training is usual for BERT: dropout, AdamW with layer-wise
learning rate decay (Howard and Ruder 2018), and a linear schedule with warm-up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from training.config import ProgressCallback, ignore_progress
from training.fit.networks.batches import TrainingSet
from training.fit.networks.minilm import HEADS, LAYERS, POOLED_LAYERS, WIDTH
from training.fit.networks.optimisation import Parameters, TrainingStep, fit_by_batches

Floats = NDArray[np.float32]

_WORDS = "embeddings.word_embeddings.weight"
_POSITIONS = "embeddings.position_embeddings.weight"
_SEGMENTS = "embeddings.token_type_embeddings.weight"
_DENSE = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
_NORMS = ("attention.output.LayerNorm", "output.LayerNorm")


@dataclass(frozen=True)
class FineTuningHyperparameters:
    """How to fine-tune; docs/decisions describes how the values were chosen."""

    epochs: int
    batch_size: int = 32
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    layer_decay: float = 0.9
    dropout: float = 0.1
    weight_decay: float = 0.01
    seed: int = 0


@dataclass(frozen=True)
class FineTunedEncoder:
    """`weights` by their checkpoint names; `head` [embedding width, labels] and `bias` [labels]."""

    weights: dict[str, Floats]
    head: Floats
    bias: Floats


def fine_tune(
    weights: Mapping[str, Floats],
    head: tuple[Floats, Floats],
    training_set: TrainingSet,
    hyperparameters: FineTuningHyperparameters,
    on_batch: ProgressCallback = ignore_progress,
) -> FineTunedEncoder:
    """Minimise the cross entropy on the training set.

    `weights` are those of a checkpoint. `head` holds the weights [embedding width, labels] and the
    bias of a regression on the unchanged encoder: from that start, a few epochs are enough. The
    same seed gives the same weights.
    """
    used_ids = np.unique(np.concatenate([np.asarray(text) for text in training_set.ids]))
    rows = np.zeros(len(weights[_WORDS]), np.int32)
    rows[used_ids] = np.arange(len(used_ids))
    compact = TrainingSet(
        [rows[np.asarray(text)].tolist() for text in training_set.ids], training_set.targets
    )
    parameters = initial_parameters(weights, head, used_ids)

    def logits(
        parameters: Parameters, ids: jax.Array, mask: jax.Array, key: jax.Array
    ) -> jax.Array:
        return compute_logits(parameters, ids, mask, key, hyperparameters.dropout)

    step = TrainingStep(logits, _optimiser(parameters, hyperparameters))
    parameters = fit_by_batches(parameters, step, compact, hyperparameters, on_batch)
    return _to_checkpoint(parameters, weights, used_ids)


def initial_parameters(
    weights: Mapping[str, Floats], head: tuple[Floats, Floats], used_ids: NDArray[np.integer]
) -> Parameters:
    """Return the trainable parameters, with only the word embeddings of `used_ids`."""

    def stacked(name: str) -> Floats:
        return np.stack([weights[f"encoder.layer.{layer}.{name}"] for layer in range(LAYERS)])

    return {
        "words": weights[_WORDS][used_ids],
        "positions": weights[_POSITIONS] + weights[_SEGMENTS][0],
        "norm": _weight_and_bias(weights, "embeddings.LayerNorm"),
        "layers": {
            name: (stacked(f"{name}.weight"), stacked(f"{name}.bias"))
            for name in (*_DENSE, *_NORMS)
        },
        "head": head,
    }


def _weight_and_bias(weights: Mapping[str, Floats], name: str) -> tuple[Floats, Floats]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _optimiser(
    parameters: Parameters, hyperparameters: FineTuningHyperparameters
) -> optax.GradientTransformationExtraArgs:
    depths = hyperparameters.layer_decay ** np.arange(LAYERS - 1, -1, -1, dtype=np.float32)

    def per_layer(leaf: Floats) -> Floats:
        return hyperparameters.learning_rate * depths.reshape(-1, *[1] * (leaf.ndim - 1))

    bottom = hyperparameters.learning_rate * hyperparameters.layer_decay**LAYERS
    rates = {
        "words": bottom,
        "positions": 0.0,
        "norm": (bottom, bottom),
        "layers": jax.tree.map(per_layer, parameters["layers"]),
        "head": (hyperparameters.head_learning_rate, hyperparameters.head_learning_rate),
    }
    is_decayed = jax.tree.map(lambda leaf: False, parameters) | {
        "layers": {name: (name in _DENSE, False) for name in parameters["layers"]},
        "head": (True, False),
    }

    def scale_by_rates(updates: Any, parameters: Any = None) -> Any:
        return jax.tree.map(lambda update, rate: -rate * update, updates, rates)

    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.scale_by_adam(b1=0.9, b2=0.98),
        optax.add_decayed_weights(hyperparameters.weight_decay, is_decayed),
        optax.stateless(scale_by_rates),
    )


def compute_logits(
    parameters: Parameters, ids: jax.Array, mask: jax.Array, key: jax.Array, dropout: float
) -> jax.Array:
    """Compute logits [batch, labels] of texts [batch, tokens].

    With a dropout of 0, they are those of the served graph.
    """
    keys = jax.random.split(key, LAYERS + 2)
    summed = parameters["words"][ids] + parameters["positions"][: ids.shape[1]]
    first = _drop(_normalise(summed, parameters["norm"]), keys[0], dropout)
    attention_bias = jnp.where(mask[:, None, None, :] > 0, 0.0, -1e9)

    def layer(hidden: jax.Array, inputs: Any) -> tuple[jax.Array, jax.Array]:
        weights, key = inputs
        output = _layer(hidden, weights, key, attention_bias, dropout)
        return output, output

    _, later = jax.lax.scan(layer, first, (parameters["layers"], keys[1:-1]))
    states = [first if index == 0 else later[index - 1] for index in POOLED_LAYERS]
    pooled = jnp.concatenate([_pool(state, mask) for state in states], axis=1)
    weights, bias = parameters["head"]
    logits: jax.Array = _drop(pooled, keys[-1], dropout) @ weights + bias
    return logits


def _layer(
    hidden: jax.Array,
    weights: Mapping[str, tuple[jax.Array, jax.Array]],
    key: jax.Array,
    attention_bias: jax.Array,
    dropout: float,
) -> jax.Array:
    batch, tokens, _ = hidden.shape
    keys = jax.random.split(key, 3)
    query, key_, value = (
        _dense(hidden, weights[f"attention.self.{part}"]).reshape(batch, tokens, HEADS, -1)
        for part in ("query", "key", "value")
    )
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key_) / np.sqrt(WIDTH / HEADS)
    attention = _drop(jax.nn.softmax(scores + attention_bias), keys[0], dropout)
    context = jnp.einsum("bhqk,bkhd->bqhd", attention, value).reshape(batch, tokens, WIDTH)
    context = _drop(_dense(context, weights["attention.output.dense"]), keys[1], dropout)
    hidden = _normalise(hidden + context, weights["attention.output.LayerNorm"])
    wide = jax.nn.gelu(_dense(hidden, weights["intermediate.dense"]), approximate=False)
    narrow = _drop(_dense(wide, weights["output.dense"]), keys[2], dropout)
    return _normalise(hidden + narrow, weights["output.LayerNorm"])


def _dense(hidden: jax.Array, pair: tuple[jax.Array, jax.Array]) -> jax.Array:
    weight, bias = pair
    return hidden @ weight.T + bias


def _normalise(hidden: jax.Array, pair: tuple[jax.Array, jax.Array]) -> jax.Array:
    weight, bias = pair
    normal: jax.Array = jax.nn.standardize(hidden, epsilon=1e-12) * weight + bias
    return normal


def _pool(hidden: jax.Array, mask: jax.Array) -> jax.Array:
    """Average over the tokens and scale to unit length: [batch, width]."""
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    unit: jax.Array = mean / jnp.linalg.norm(mean, axis=1, keepdims=True)
    return unit


def _drop(values: jax.Array, key: jax.Array, rate: float) -> jax.Array:
    """Apply dropout."""
    if not rate:
        return values
    return jnp.where(jax.random.bernoulli(key, 1 - rate, values.shape), values / (1 - rate), 0)


def _to_checkpoint(
    parameters: Parameters, weights: Mapping[str, Floats], used_ids: NDArray[np.integer]
) -> FineTunedEncoder:
    """Merge trained parameters into the weights of the checkpoint."""
    fitted = jax.tree.map(np.asarray, parameters)  # JAX would compile each slice of a layer
    result = dict(weights)
    result[_WORDS] = weights[_WORDS].copy()
    result[_WORDS][used_ids] = fitted["words"]
    for name, leaves in {
        "embeddings.LayerNorm": (fitted["norm"],),
        **{name: _unstack(pair) for name, pair in fitted["layers"].items()},
    }.items():
        for layer, (weight, bias) in enumerate(leaves):
            prefix = name if name.startswith("embeddings") else f"encoder.layer.{layer}.{name}"
            result[f"{prefix}.weight"] = weight
            result[f"{prefix}.bias"] = bias
    return FineTunedEncoder(result, *fitted["head"])


def _unstack(pair: tuple[Floats, Floats]) -> Sequence[tuple[Floats, Floats]]:
    return list(zip(*pair, strict=True))
