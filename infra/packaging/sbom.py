"""Write the software bill of materials (SBOM) of what is deployed, as CycloneDX with licences."""

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import cast

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from packageurl import PackageURL

from infra.packaging import PackagingError
from infra.packaging.paths import MODELS

_FIXED_TIMESTAMP = datetime(1980, 1, 1, tzinfo=UTC)
"""The same packages give the same SBOM, whenever it is written."""


def write(layers: Sequence[Path], functions: Sequence[Path], output: Path) -> None:
    """Write the SBOM of the layers and of the functions' folders. A package counts once.

    Raises `PackagingError` for a package without a licence.
    """
    # Its import takes a second, in which a library parses the grammar of all forms of URIs.
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    components = [
        *_package_components([*(layer / "python" for layer in layers), *functions]),
        *(model for layer in layers for model in _model_components(layer / MODELS.name)),
    ]
    identity = json.dumps([str(component.purl or component.hashes) for component in components])
    text = JsonV1Dot6(
        Bom(
            components=components,
            metadata=BomMetaData(timestamp=_FIXED_TIMESTAMP),
            serial_number=uuid.uuid5(uuid.NAMESPACE_URL, identity),
        )
    ).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise PackagingError(f"The SBOM is not valid CycloneDX 1.6: {error}.")
    output.write_text(text)


def _package_components(folders: Sequence[Path]) -> Iterator[Component]:
    installed = {
        (one.name.lower(), one.version): one
        for one in distributions(path=[str(folder) for folder in folders])
    }
    for _, distribution in sorted(installed.items(), key=lambda item: item[0]):
        yield _package_component(distribution)


def _package_component(distribution: Distribution) -> Component:
    name, version = distribution.name, distribution.version
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        purl=PackageURL("pypi", name=name.lower().replace("_", "-"), version=version),
        licenses=[
            LicenseFactory().make_from_string(read_licence(cast("Message", distribution.metadata)))
        ],
    )


def read_licence(metadata: Message) -> str:
    """Read a package's licence from its expression, its classifiers or its licence field.

    The first that is there counts. Raises `PackagingError` where there is none.
    """
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = metadata.get_all("Classifier") or []
    names = [
        classifier.rpartition(" :: ")[2]
        for classifier in classifiers
        if classifier.startswith("License :: OSI")
    ]
    if licence := " AND ".join(names) or str(metadata.get("License", "")).partition("\n")[0]:
        return licence
    raise PackagingError(
        f"The metadata of {metadata['Name']} contains no licence. Check whether the package may be "
        "distributed, and replace it if not."
    )


def _model_components(models: Path) -> Iterator[Component]:
    for graph in sorted(models.glob("*/*.onnx")):
        digest = hashlib.sha256(graph.read_bytes()).hexdigest()
        yield Component(
            type=ComponentType.MACHINE_LEARNING_MODEL,
            name=f"{graph.parent.name}/{graph.name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
            licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        )
