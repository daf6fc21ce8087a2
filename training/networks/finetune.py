"""Fine-tune all of MiniLM with the head that it is served with (JAX; mode `full`).

The function is that of the graph in `minilm`, differentiable: what comes back are the weights of a
checkpoint, for `EncoderBuilder`. Dropout, AdamW with a rate that falls with depth (Howard and Ruder
2018), and a linear schedule, as is usual for BERT.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from training.networks.batches import TrainingBatch, batch_count
from training.networks.fitting import Parameters, fit_by_batches
from training.networks.minilm import HEADS, LAYERS, POOLED_LAYERS, WIDTH
from training.networks.optimisers import linear_warmup_decay
from training.progress import Told, ignored

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
class Recipe:
    """How to fine-tune; the decision record tells how the numbers were found."""

    epochs: int
    batch: int = 32
    rate: float = 1e-4
    head_rate: float = 1e-3
    layer_decay: float = 0.9
    dropout: float = 0.1
    weight_decay: float = 0.01
    seed: int = 0


@dataclass(frozen=True)
class Tuned:
    """`weights` by the names of a checkpoint; the head's `weights` [width, labels] and `bias`."""

    weights: dict[str, Floats]
    head: Floats
    bias: Floats


def fine_tune(
    weights: Mapping[str, Floats],
    head: tuple[Floats, Floats],
    lessons: TrainingBatch,
    recipe: Recipe,
    on_batch: Told = ignored,
) -> Tuned:
    """Fit to the lessons by cross entropy.

    `head` holds the weights [width, labels] and the bias of a regression on the encoder as it is:
    from a good start a few epochs are enough. The same seed gives the same weights.
    """
    used = np.unique(np.concatenate([np.asarray(text) for text in lessons.ids]))
    place = np.zeros(len(weights[_WORDS]), np.int32)
    place[used] = np.arange(len(used))
    local = TrainingBatch(
        [place[np.asarray(text)].tolist() for text in lessons.ids], lessons.targets
    )
    parameters = start(weights, head, used)
    steps = recipe.epochs * batch_count(local, recipe.batch)

    def scores(
        parameters: Parameters, ids: jax.Array, mask: jax.Array, key: jax.Array
    ) -> jax.Array:
        return logits(parameters, ids, mask, key, recipe.dropout)

    parameters = fit_by_batches(
        parameters, scores, _optimiser(parameters, recipe, steps), local, recipe, on_batch
    )
    return _tuned(parameters, weights, used)


def start(
    weights: Mapping[str, Floats], head: tuple[Floats, Floats], used: NDArray[np.integer]
) -> Parameters:
    """Answer what is trained: of the word embeddings the rows that the texts use."""

    def stacked(name: str) -> Floats:
        return np.stack([weights[f"encoder.layer.{layer}.{name}"] for layer in range(LAYERS)])

    return {
        "words": weights[_WORDS][used],
        "positions": weights[_POSITIONS] + weights[_SEGMENTS][0],
        "norm": _pair(weights, "embeddings.LayerNorm"),
        "layers": {
            name: (stacked(f"{name}.weight"), stacked(f"{name}.bias"))
            for name in (*_DENSE, *_NORMS)
        },
        "head": head,
    }


def _pair(weights: Mapping[str, Floats], name: str) -> tuple[Floats, Floats]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _optimiser(
    parameters: Parameters, recipe: Recipe, steps: int
) -> optax.GradientTransformationExtraArgs:
    depths = recipe.layer_decay ** np.arange(LAYERS - 1, -1, -1, dtype=np.float32)

    def per_layer(leaf: Floats) -> Floats:
        return recipe.rate * depths.reshape(-1, *[1] * (leaf.ndim - 1))

    bottom = recipe.rate * recipe.layer_decay**LAYERS
    rates = {
        "words": bottom,
        "positions": 0.0,
        "norm": (bottom, bottom),
        "layers": jax.tree.map(per_layer, parameters["layers"]),
        "head": (recipe.head_rate, recipe.head_rate),
    }
    decayed = jax.tree.map(lambda leaf: False, parameters) | {
        "layers": {name: (name in _DENSE, False) for name in parameters["layers"]},
        "head": (True, False),
    }

    def at_their_rates(updates: Any, parameters: Any = None) -> Any:
        return jax.tree.map(lambda update, rate: -rate * update, updates, rates)

    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.scale_by_adam(b1=0.9, b2=0.98),
        optax.add_decayed_weights(recipe.weight_decay, decayed),
        optax.stateless(at_their_rates),
        optax.scale_by_schedule(linear_warmup_decay(steps)),
    )


def logits(
    parameters: Parameters, ids: jax.Array, mask: jax.Array, key: jax.Array, dropout: float
) -> jax.Array:
    """Score texts [batch, tokens] as logits [batch, labels]; without dropout, as the graph does."""
    keys = jax.random.split(key, LAYERS + 2)
    summed = parameters["words"][ids] + parameters["positions"][: ids.shape[1]]
    first = _drop(_normalise(summed, parameters["norm"]), keys[0], dropout)
    attended = jnp.where(mask[:, None, None, :] > 0, 0.0, -1e9)

    def layer(hidden: jax.Array, inputs: Any) -> tuple[jax.Array, jax.Array]:
        weights, key = inputs
        after = _layer(hidden, weights, key, attended, dropout)
        return after, after

    _, later = jax.lax.scan(layer, first, (parameters["layers"], keys[1:-1]))
    states = [first if at == 0 else later[at - 1] for at in POOLED_LAYERS]
    pooled = jnp.concatenate([_pool(state, mask) for state in states], axis=1)
    weights, bias = parameters["head"]
    scores: jax.Array = _drop(pooled, keys[-1], dropout) @ weights + bias
    return scores


def _layer(
    hidden: jax.Array,
    weights: Mapping[str, tuple[jax.Array, jax.Array]],
    key: jax.Array,
    attended: jax.Array,
    dropout: float,
) -> jax.Array:
    batch, tokens, _ = hidden.shape
    keys = jax.random.split(key, 3)
    query, key_, value = (
        _dense(hidden, weights[f"attention.self.{part}"]).reshape(batch, tokens, HEADS, -1)
        for part in ("query", "key", "value")
    )
    scores = jnp.einsum("bqhd,bkhd->bhqk", query, key_) / np.sqrt(WIDTH / HEADS)
    shares = _drop(jax.nn.softmax(scores + attended), keys[0], dropout)
    context = jnp.einsum("bhqk,bkhd->bqhd", shares, value).reshape(batch, tokens, WIDTH)
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
    """Average over the tokens, at unit length: [batch, width]."""
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    unit: jax.Array = mean / jnp.linalg.norm(mean, axis=1, keepdims=True)
    return unit


def _drop(values: jax.Array, key: jax.Array, share: float) -> jax.Array:
    if not share:
        return values
    return jnp.where(jax.random.bernoulli(key, 1 - share, values.shape), values / (1 - share), 0)


def _tuned(
    parameters: Parameters, weights: Mapping[str, Floats], used: NDArray[np.integer]
) -> Tuned:
    result = dict(weights)
    result[_WORDS] = weights[_WORDS].copy()
    result[_WORDS][used] = np.asarray(parameters["words"])
    for name, leaves in {
        "embeddings.LayerNorm": (parameters["norm"],),
        **{name: _unstacked(pair) for name, pair in parameters["layers"].items()},
    }.items():
        for layer, (weight, bias) in enumerate(leaves):
            prefix = name if name.startswith("embeddings") else f"encoder.layer.{layer}.{name}"
            result[f"{prefix}.weight"] = np.asarray(weight)
            result[f"{prefix}.bias"] = np.asarray(bias)
    head, bias = parameters["head"]
    return Tuned(result, np.asarray(head), np.asarray(bias))


def _unstacked(pair: tuple[jax.Array, jax.Array]) -> Sequence[tuple[jax.Array, jax.Array]]:
    return list(zip(*pair, strict=True))
