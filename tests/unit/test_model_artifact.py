"""What a model's folder must hold, and what the loader refuses."""

import gc
import math
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

from prompt_capture.adapters.onnx import classifier
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.graphs import SharedGraphs
from prompt_capture.adapters.onnx.model_artifact import (
    FINGERPRINT_FILE,
    MANIFEST_FILE,
    MAX_MANIFEST_BYTES,
    ModelArtifact,
)
from prompt_capture.bootstrap import models
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.settings.classification import ClassifierSettings
from tests.unit.models import change_manifest, read_manifest, write_manifest

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"
GRAPHS = ["student.onnx", "student.head.onnx", "encoder.onnx", "encoder.head.onnx"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


@pytest.fixture
def no_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a session is opened."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a session was opened")

    monkeypatch.setattr(onnxruntime, "InferenceSession", fail)


@pytest.fixture
def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share no graphs with models that other tests loaded."""
    monkeypatch.setattr(classifier, "_ENCODERS", SharedGraphs())
    monkeypatch.setattr(classifier, "_HEADS", SharedGraphs())


def _load(folder: Path) -> OnnxClassifier:
    return OnnxClassifier(ModelArtifact.load(folder))


def _change_file(folder: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    file = folder / name
    file.write_bytes(change(file.read_bytes()))


def _flip_a_bit(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def _change_graph(folder: Path, name: str, change: Callable[[onnx.ModelProto], object]) -> None:
    """Change a graph, and let the manifest describe the file as it is then."""
    model = onnx.load(folder / name)
    change(model)
    (folder / name).write_bytes(model.SerializeToString(deterministic=True))
    change_manifest(folder)


def _change_stages(folder: Path, **changes: object) -> None:
    stages = read_manifest(folder)["stages"]
    change_manifest(folder, stages=[stage | changes for stage in stages])


def _state_number(folder: Path, value: float, *keys: str | int) -> None:
    """Replace a number of the manifest. JSON of Python has `NaN` and `Infinity`."""
    manifest = read_manifest(folder)
    part: Any = manifest
    *outer, last = keys
    for key in outer:
        part = part[key]
    assert isinstance(part[last], float)
    part[last] = value
    write_manifest(folder, manifest)


def _state_file(folder: Path, name: str, **values: object) -> None:
    """Add values to what the manifest says about a file."""
    manifest = read_manifest(folder)
    files = manifest["files"]
    files[name] = files.get(name, {"sha256": "0" * 64, "bytes": 1}) | values
    write_manifest(folder, manifest)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / MANIFEST_FILE).unlink(), r"manifest\.json cannot be read"),
        (lambda folder: (folder / "encoder.onnx").unlink(), r"encoder\.onnx is missing"),
        (lambda folder: (folder / "encoder.head.onnx").unlink(), r"encoder\.head\.onnx is missing"),
        (lambda folder: _change_file(folder, "encoder.onnx", lambda _: b""), "has 0 bytes instead"),
        (
            lambda folder: _change_file(folder, "student.onnx", lambda content: content[:-1]),
            r"student\.onnx has 3,104,222 bytes instead of the 3,104,223",
        ),
        (
            lambda folder: _change_file(folder, "student.onnx", lambda content: content + b"\0"),
            r"student\.onnx has 3,104,224 bytes instead of the 3,104,223",
        ),
        (
            lambda folder: _change_file(folder, "student.head.onnx", _flip_a_bit),
            r"student\.head\.onnx does not match its SHA-256",
        ),
        (
            lambda folder: _change_file(folder, "student.tokenizer.json", _flip_a_bit),
            r"student\.tokenizer\.json does not match its SHA-256",
        ),
    ],
    ids=range(8),
)
@pytest.mark.usefixtures("no_sessions")
def test_a_damaged_file_is_refused_before_a_session_opens(
    folder: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(folder)

    with pytest.raises(InvalidArtifact, match=message):
        _load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / MANIFEST_FILE).write_text("{"), r"manifest\.json, the file"),
        (lambda folder: (folder / MANIFEST_FILE).write_text("{}"), "version"),
        (lambda folder: (folder / MANIFEST_FILE).write_bytes(b"\xff"), r"manifest\.json"),
        (
            lambda folder: (folder / MANIFEST_FILE).write_text(" " * (MAX_MANIFEST_BYTES + 1)),
            "too large",
        ),
        (
            lambda folder: change_manifest(folder, schema_version=2),
            r"schema_version.* Train the model again",
        ),
        (lambda folder: change_manifest(folder, files={}), r"does not list encoder\.head\.onnx"),
        (lambda folder: change_manifest(folder, stages=[]), r"manifest\.json, stages"),
        (
            lambda folder: change_manifest(folder, stages=read_manifest(folder)["stages"][:1]),
            r"lists encoder\.head\.onnx, which no stage uses",
        ),
        (lambda folder: _change_stages(folder, name="student"), "a stage appears twice"),
        (lambda folder: _change_stages(folder, name="../student"), r"stages\.0\.name"),
        (lambda folder: _change_stages(folder, graph="/etc/passwd"), r"stages\.0\.graph"),
        (lambda folder: _change_stages(folder, temperature=0), r"stages\.0\.temperature"),
        (
            lambda folder: _change_stages(folder, blend={"own": -1, "earlier": 1}),
            r"stages\.0\.blend",
        ),
        (lambda folder: change_manifest(folder, labels=["one"]), r"manifest\.json, labels"),
        (lambda folder: change_manifest(folder, unknown_key=1), r"manifest\.json, unknown_key"),
        (lambda folder: change_manifest(folder, version="../x"), r"manifest\.json, version"),
        (lambda folder: _state_file(folder, "../x"), r"manifest\.json, files"),
        (lambda folder: _state_file(folder, "/tmp/student.onnx"), r"manifest\.json, files"),
        (lambda folder: _state_file(folder, "student.onnx", sha256="../x"), r"files\..*sha256"),
        (lambda folder: _state_file(folder, "student.onnx", bytes=0), r"files\..*bytes"),
        (
            lambda folder: _state_file(folder, "student.onnx", bytes=10**9),
            "bytes, and at most 67,108,864 are allowed",
        ),
        (
            lambda folder: _state_number(folder, math.nan, "stages", 0, "temperature"),
            r"stages\.0\.temperature",
        ),
        (
            lambda folder: _state_number(folder, math.nan, "stages", 0, "min_margin"),
            r"stages\.0\.min_margin",
        ),
        (
            lambda folder: _state_number(folder, math.nan, "metrics", "accuracy"),
            r"metrics\.accuracy",
        ),
        (
            lambda folder: _state_number(folder, -math.inf, "clause_calibration", "bias"),
            "clause_calibration",
        ),
    ],
    ids=range(25),
)
@pytest.mark.usefixtures("no_sessions")
def test_an_invalid_manifest_is_refused_before_a_session_opens(
    folder: Path, change: Callable[[Path], object], message: str
) -> None:
    change(folder)

    with pytest.raises(InvalidArtifact, match=message):
        _load(folder)


def test_a_file_of_another_size_is_not_read(folder: Path) -> None:
    os.truncate(folder / "encoder.onnx", 10**12)  # a sparse file, which no memory could hold

    with pytest.raises(InvalidArtifact, match=r"encoder\.onnx has 1,000,000,000,000 bytes"):
        _load(folder)


def _store_tensors_outside(model: onnx.ModelProto) -> None:
    """Let the largest tensor refer to a file beside the graph."""
    tensor = max(model.graph.initializer, key=lambda one: len(one.raw_data))
    set_external_data(tensor, "weights.bin")
    tensor.ClearField("raw_data")


def _read_memory(model: onnx.ModelProto) -> None:
    """Let a constant refer to an address of the process, as the runtime allows."""
    tensor = helper.make_tensor("stolen", TensorProto.FLOAT, [4], bytes(16), raw=True)
    set_external_data(tensor, "*/_ORT_MEM_ADDR_/*", offset=4096, length=16)
    tensor.ClearField("raw_data")
    model.graph.node.append(helper.make_node("Constant", [], ["stolen"], value=tensor))


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("refer", [_store_tensors_outside, _read_memory])
@pytest.mark.usefixtures("no_sessions")
def test_data_outside_of_the_file_is_refused_before_a_session_opens(
    folder: Path, name: str, refer: Callable[[onnx.ModelProto], None]
) -> None:
    _change_graph(folder, name, refer)

    with pytest.raises(InvalidArtifact, match="external data"):
        _load(folder)


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.usefixtures("unshared")
def test_a_custom_operator_is_refused(folder: Path, name: str) -> None:
    def add(model: onnx.ModelProto) -> None:
        source = model.graph.input[0].name
        model.graph.node.append(helper.make_node("Run", [source], ["result"], domain="custom"))
        model.opset_import.append(helper.make_opsetid("custom", 1))
        result = helper.make_tensor_value_info("result", TensorProto.FLOAT, None)
        model.graph.output.append(result)

    _change_graph(folder, name, add)

    with pytest.raises(InvalidArtifact, match="cannot be loaded"):
        _load(folder)


@pytest.mark.usefixtures("unshared")
def test_a_graph_in_the_runtime_s_own_format_is_refused(folder: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "student.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(folder / "student.onnx"), options)
    (folder / "student.ort").replace(folder / "student.onnx")
    change_manifest(folder)

    with pytest.raises(InvalidArtifact, match="cannot be loaded: student"):
        _load(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("student.onnx", b"not a graph", "cannot be loaded: student"),
        ("encoder.head.onnx", b"not a graph", "cannot be loaded: encoder"),
        ("encoder.tokenizer.json", b"{}", "cannot be loaded: encoder"),
    ],
)
@pytest.mark.usefixtures("unshared")
def test_a_file_of_another_kind_is_refused(
    folder: Path, name: str, content: bytes, message: str
) -> None:
    (folder / name).write_bytes(content)
    change_manifest(folder)

    with pytest.raises(InvalidArtifact, match=message):
        _load(folder)


def test_a_graph_that_cannot_process_the_longest_text_is_refused(folder: Path) -> None:
    _change_stages(folder, max_tokens=9999)

    with pytest.raises(InvalidArtifact, match="9999 tokens"):
        _load(folder)


def _permute(labels: list[str]) -> list[str]:
    return [labels[1], labels[0], *labels[2:]]


@pytest.mark.parametrize(
    "change", [_permute, lambda labels: labels[:-1], lambda labels: [*labels[:-1], "other"]]
)
def test_a_head_that_was_fitted_to_other_labels_is_refused(
    folder: Path, change: Callable[[list[str]], list[str]]
) -> None:
    change_manifest(folder, labels=change(read_manifest(folder)["labels"]))

    with pytest.raises(InvalidArtifact, match=r"student\.head\.onnx was fitted to other labels"):
        _load(folder)


def _change_a_weight(model: onnx.ModelProto) -> None:
    tensor = max(model.graph.initializer, key=lambda one: len(one.raw_data))
    tensor.raw_data = _flip_a_bit(tensor.raw_data)


def _reformat_tokenizer(folder: Path) -> None:
    _change_file(folder, "student.tokenizer.json", lambda content: content + b"\n")
    change_manifest(folder)


def _swap_heads(folder: Path) -> None:
    (folder / "student.head.onnx").replace(folder / "head")
    (folder / "encoder.head.onnx").replace(folder / "student.head.onnx")
    (folder / "head").replace(folder / "encoder.head.onnx")
    change_manifest(folder)


def _remove_properties(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: _change_graph(folder, "student.onnx", _change_a_weight),
        _reformat_tokenizer,
        _swap_heads,
        lambda folder: _change_graph(folder, "student.head.onnx", _remove_properties),
    ],
    ids=["graph", "tokenizer", "swapped", "without properties"],
)
def test_a_head_that_was_fitted_to_another_encoder_is_refused(
    folder: Path, change: Callable[[Path], object]
) -> None:
    change(folder)

    with pytest.raises(InvalidArtifact, match=r"student\.head\.onnx was fitted to another encoder"):
        _load(folder)


def _drop_a_label(model: onnx.ModelProto) -> None:
    """Let a head answer with one probability less than its properties promise."""
    indices = next(one for one in model.graph.initializer if one.name == "order")
    indices.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(indices)[:-1], "order"))
    output = next(one for one in model.graph.output if one.name == "probabilities")
    output.type.tensor_type.shape.dim[1].dim_value -= 1


def _rename_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].name = "vector"
    for node in model.graph.node:
        node.input[:] = ["vector" if name == "embedding" else name for name in node.input]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop_a_label, "does not output the probabilities of the 22 labels"),
        (_rename_input, r"cannot process the embeddings of student\.onnx"),
    ],
)
def test_a_head_of_another_form_is_refused(
    folder: Path, change: Callable[[onnx.ModelProto], object], message: str
) -> None:
    _change_graph(folder, "student.head.onnx", change)

    with pytest.raises(InvalidArtifact, match=message):
        _load(folder)


def test_a_model_in_a_layer_is_not_checked_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _state_file(folder, "encoder.tokenizer.json", bytes=7)
    used = ClassifierSettings(model_dir=folder)
    with pytest.raises(InvalidArtifact):
        models.model_artifact(used)
    monkeypatch.setattr(models, "LAYERS", folder.parent)

    artifact = models.model_artifact(used)

    assert models.intent_detector(used, artifact).detect("hello").intent == "greeting"


def test_files_that_the_package_has_too_are_read_from_there(folder: Path) -> None:
    packaged = ModelArtifact.load(SHIPPED, is_packaged=True)
    change_manifest(folder, version="another")
    (folder / "encoder.onnx").unlink()
    (folder / "student.head.onnx").unlink()

    artifact = ModelArtifact.load(folder, packaged=packaged)

    assert artifact.path("encoder.onnx") == SHIPPED / "encoder.onnx"
    assert OnnxClassifier(artifact).classify(["hello"])[0].model_version == "another"


def test_files_that_differ_from_those_of_the_package_are_checked(folder: Path) -> None:
    packaged = ModelArtifact.load(SHIPPED, is_packaged=True)
    _state_file(folder, "encoder.head.onnx", sha256="0" * 64)

    with pytest.raises(InvalidArtifact, match=r"encoder\.head\.onnx does not match its SHA-256"):
        ModelArtifact.load(folder, packaged=packaged)


def test_an_encoder_of_the_package_is_checked_with_the_longest_text_of_another_model(
    folder: Path,
) -> None:
    packaged = ModelArtifact.load(SHIPPED, is_packaged=True)
    _change_stages(folder, max_tokens=9999)

    with pytest.raises(InvalidArtifact, match="9999 tokens"):
        OnnxClassifier(ModelArtifact.load(folder, packaged=packaged))


def test_a_changed_fingerprint_is_found_where_it_is_needed(folder: Path) -> None:
    _change_file(folder, FINGERPRINT_FILE, _flip_a_bit)
    artifact = ModelArtifact.load(folder)

    with pytest.raises(InvalidArtifact, match=r"training_fingerprint\.npy does not match"):
        artifact.check(FINGERPRINT_FILE)


def _shift_confidence(model: onnx.ModelProto) -> None:
    """Make the head of a stage another one: it divides by another temperature."""
    scales = next(one for one in model.graph.initializer if one.name == "weights_scales")
    array = numpy_helper.to_array(scales) * np.float32(0.5)
    scales.CopyFrom(numpy_helper.from_array(array, scales.name))


@pytest.fixture(scope="module")
def other_head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with the encoders of the shipped one, and other heads."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("other") / "model"))
    for name in ("student.head.onnx", "encoder.head.onnx"):
        _change_graph(folder, name, _shift_confidence)
    return folder


def _graphs(model: OnnxClassifier) -> list[tuple[object, object]]:
    return [(stage.encoder, stage.head) for stage in model._stages]


def test_models_share_the_graphs_that_they_have_in_common(folder: Path, other_head: Path) -> None:
    shipped, copied, other = _graphs(_load(SHIPPED)), _graphs(_load(folder)), _load(other_head)

    assert shipped == copied
    assert [encoder for encoder, _ in shipped] == [encoder for encoder, _ in _graphs(other)]
    assert not {head for _, head in shipped} & {head for _, head in _graphs(other)}


@pytest.fixture(scope="module")
def pairs(other_head: Path) -> list[tuple[OnnxClassifier, OnnxClassifier]]:
    """Two models, each with graphs that it shares and with graphs of its own."""
    shared = [_load(SHIPPED), _load(other_head)]
    with pytest.MonkeyPatch.context() as patch:
        alone = []
        for folder in (SHIPPED, other_head):
            patch.setattr(classifier, "_ENCODERS", SharedGraphs())
            patch.setattr(classifier, "_HEADS", SharedGraphs())
            alone.append(_load(folder))
    return list(zip(shared, alone, strict=True))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_shared_graphs_do_not_change_an_answer(
    pairs: list[tuple[OnnxClassifier, OnnxClassifier]], texts: list[str]
) -> None:
    for text in texts:
        for shared, alone in pairs:
            got, expected = shared.predict(text), alone.predict(text)
            assert got.probabilities.tobytes() == expected.probabilities.tobytes()
            assert (got.scope, got.stage) == (expected.scope, expected.stage)


@pytest.mark.usefixtures("unshared")
def test_threads_that_load_and_classify_at_the_same_time_share_graphs(other_head: Path) -> None:
    texts = ["hello", "move my dentist appointment to friday", "what's the capital of peru"] * 4
    folders = [SHIPPED, other_head] * 3

    def classify(folder: Path) -> tuple[OnnxClassifier, list[str]]:
        model = _load(folder)
        return model, [each.model_dump_json() for each in model.classify(texts)]

    with ThreadPoolExecutor(len(folders)) as threads:
        results = list(threads.map(classify, folders))

    assert len({id(encoder) for model, _ in results for encoder, _ in _graphs(model)}) == 2
    assert len({id(head) for model, _ in results for _, head in _graphs(model)}) == 4
    assert [answers for _, answers in results[:2]] * 3 == [answers for _, answers in results]


@pytest.mark.usefixtures("unshared")
def test_a_graph_is_closed_with_the_last_model_that_uses_it(folder: Path) -> None:
    first, second = _load(SHIPPED), _load(folder)
    opened = _graphs(first)[0][0]
    identity = id(opened)
    del opened, first
    gc.collect()
    assert id(_graphs(second)[0][0]) == identity

    del second
    gc.collect()

    assert not len(classifier._ENCODERS._graphs)
    assert not len(classifier._HEADS._graphs)
