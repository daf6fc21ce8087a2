"""The sources of data that a user names: files and folders, here or downloaded."""

from dataclasses import dataclass
from pathlib import Path

MANIFEST_SUFFIX = ".manifest"
_MARK = b'"how_to_verify"'
"""What every manifest of a dataset has near its beginning."""


def is_dataset_manifest(file: Path) -> bool:
    """Return whether a file is the manifest of a dataset, and not one of another program.

    An empty one means that there is no dataset.
    """
    if file.suffix != MANIFEST_SUFFIX or not file.is_file():
        return False
    content = file.read_bytes()
    return _MARK in content or not content.strip()


@dataclass(frozen=True)
class DataSource:
    """A file or folder, and what its user calls it.

    For a download, `download_folder` contains what lies below `url`, and `other_parts` is how many
    parts of the same dataset were not downloaded.
    """

    path: Path
    download_folder: Path | None = None
    url: str = ""
    other_parts: int = 0

    @property
    def is_manifest(self) -> bool:
        """Whether the source is the manifest of an exported dataset."""
        return is_dataset_manifest(self.path)

    @property
    def given_name(self) -> str:
        """The source as its user named it."""
        return self.name(self.path)

    def name(self, path: Path) -> str:
        """Return the name of a file of this source."""
        if self.download_folder is None:
            return str(path)
        return f"{self.url}/{path.relative_to(self.download_folder).as_posix()}"
