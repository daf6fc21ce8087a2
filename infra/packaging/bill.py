"""The bill of materials of what is deployed as CycloneDX, and the licences in words."""

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
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from infra.packaging.failures import PackageRefused
from infra.packaging.paths import MODELS

_NO_DATE = datetime(1980, 1, 1, tzinfo=UTC)
"""The same layer has the same bill, whenever it is written."""


def write(layer: Path, functions: Sequence[Path], bill: Path) -> None:
    """Write the bill of a layer and its functions' folders.

    Raises `PackageRefused` for a package with no licence.
    """
    components = [*_packages([layer / "python", *functions]), *_models(layer / MODELS.name)]
    identity = json.dumps([str(component.purl or component.hashes) for component in components])
    text = JsonV1Dot6(
        Bom(
            components=components,
            metadata=BomMetaData(timestamp=_NO_DATE),
            serial_number=uuid.uuid5(uuid.NAMESPACE_URL, identity),
        )
    ).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise PackageRefused(f"The bill of materials is no valid CycloneDX: {error}.")
    bill.write_text(text)


def _packages(folders: Sequence[Path]) -> Iterator[Component]:
    found = distributions(path=[str(folder) for folder in folders])
    for one in sorted(found, key=lambda distribution: distribution.name.lower()):
        yield _package(one)


def _package(distribution: Distribution) -> Component:
    name, version = distribution.name, distribution.version
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        purl=PackageURL("pypi", name=name.lower().replace("_", "-"), version=version),
        licenses=[
            LicenseFactory().make_from_string(licence(cast("Message", distribution.metadata)))
        ],
    )


def licence(metadata: Message) -> str:
    """Read a licence as its package states it, in the newest of the three ways that it uses."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = metadata.get_all("Classifier") or []
    named = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: OSI")]
    if stated := " AND ".join(named) or str(metadata.get("License", "")).partition("\n")[0]:
        return stated
    raise PackageRefused(f"{metadata['Name']} states no licence.")


def _models(models: Path) -> Iterator[Component]:
    for graph in sorted(models.glob("*/*.onnx")):
        digest = hashlib.sha256(graph.read_bytes()).hexdigest()
        yield Component(
            type=ComponentType.MACHINE_LEARNING_MODEL,
            name=f"{graph.parent.name}/{graph.name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
            licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        )
