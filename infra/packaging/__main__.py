"""`python -m infra.packaging`: build the packages and the templates, and report their sizes."""

import sys
from itertools import product

from infra.packaging import PackagingError, budgets, build, template
from infra.packaging.layers import LAYERS
from infra.packaging.paths import PACKAGES, ROOT, layer_zip
from infra.packaging.targets import TARGETS


def main() -> None:
    """Build everything; a `PackagingError` ends the process with its message."""
    try:
        is_rebuilt = build.build()
        template.build_templates()
    except PackagingError as error:
        sys.exit(str(error))
    _print(f"{PACKAGES.relative_to(ROOT)}: {'rebuilt' if is_rebuilt else 'up to date'}")
    for target, layer in product(TARGETS, LAYERS):
        archive = layer_zip(target, name=layer.name)
        _print(_describe(archive.name, budgets.measure(archive)))


def _describe(name: str, size: budgets.LayerSize) -> str:
    return (
        f"  {name}: code {size.unzipped:.1f} MB unzipped, {size.zipped:.1f} MB zipped; "
        f"model {size.model:.1f} MB"
    )


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


main()
