"""The sources of data that a user names: files and folders, here or downloaded."""

from dataclasses import dataclass
from pathlib import Path

MANIFEST_SUFFIX = ".manifest"


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
        return self.path.suffix == MANIFEST_SUFFIX

    @property
    def given_name(self) -> str:
        """The source as its user named it."""
        return self.name(self.path)

    def name(self, path: Path) -> str:
        """Return the name of a file of this source."""
        if self.download_folder is None:
            return str(path)
        return f"{self.url}/{path.relative_to(self.download_folder).as_posix()}"
