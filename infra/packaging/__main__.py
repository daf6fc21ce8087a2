"""`python -m infra.packaging`: build the packages and the templates, and tell what they weigh."""

import sys

from infra.packaging import budgets, build, template
from infra.packaging.failures import PackageRefused
from infra.packaging.paths import PACKAGES, ROOT
from infra.packaging.targets import TARGETS


def main() -> None:
    """Build everything; a refusal ends the process with its sentence."""
    try:
        made = build.build()
        template.make_all()
    except PackageRefused as refusal:
        sys.exit(str(refusal))
    _tell(f"{PACKAGES.relative_to(ROOT)}: {'made' if made else 'nothing has changed'}")
    for target in TARGETS:
        _tell(_described(build.layer_zip(target).name, budgets.weigh(build.layer_zip(target))))


def _described(name: str, weight: budgets.Weight) -> str:
    return (
        f"  {name}: {weight.unzipped:.1f} MB unzipped, {weight.zipped:.1f} MB zipped, "
        f"and the model's {weight.model:.1f} MB"
    )


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


main()
