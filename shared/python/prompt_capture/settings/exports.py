"""The exports of datasets."""

from typing import Annotated

from pydantic import Field

from prompt_capture.settings.base import Settings
from prompt_capture.settings.values import BucketOrFolder, Prefix


class ExportSettings(Settings):
    """The exports of datasets. AWS_ENDPOINT_URL_S3 overrides the endpoint of AWS.

    Datasets with labels from people have the prefix `export_retained_prefix`, where objects are
    retained longer. An export of more than `export_max_rows` rows is rejected before it starts. A
    dataset of fewer than `export_min_lines` lines logs a warning and raises an alarm.
    """

    export_bucket: BucketOrFolder
    export_prefix: Prefix = "exports"
    export_retained_prefix: Prefix = "retained"
    export_max_rows: Annotated[int, Field(gt=0)] = 5_000_000
    export_min_lines: Annotated[int, Field(ge=0)] = 0
