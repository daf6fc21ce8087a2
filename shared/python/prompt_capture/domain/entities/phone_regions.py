"""Which phone numbers are valid in a region, according to the metadata of phonenumbers."""

import re
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from prompt_capture.domain.patterns import lazy_pattern

_NOT_DIGITS = lazy_pattern(r"[^0-9]+")
_MAX_CODE = 3
_NO_REGION = "001"
"""What codes have that belong to no country, such as 800."""


def is_national(candidate: tuple[str, tuple[str, ...]]) -> bool:
    """Return whether a number, before the regions, is valid in one of them."""
    number, regions = candidate
    digits = _NOT_DIGITS.sub("", number)
    return any(_national_numbers(region).fullmatch(digits) for region in regions)


def is_international(number: str) -> bool:
    """Return whether a number with the code of its country has the form of one there."""
    region, national = split_code(number)
    return bool(region and _forms(region).fullmatch(national))


def split_code(number: str) -> tuple[str, str]:
    """Return the main region of a number's country code, or nothing, and the digits behind it."""
    digits = _NOT_DIGITS.sub("", number.removeprefix("%2B").removeprefix("%2b"))
    digits = digits.removeprefix("00")
    for size in range(1, _MAX_CODE + 1):
        [region, *_] = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:size]), (_NO_REGION,))
        if region != _NO_REGION:
            return region, digits[size:]
    return "", digits


@cache
def _national_numbers(region: str) -> re.Pattern[str]:
    """Return a pattern for the numbers of a region, as they are dialled in it."""
    metadata = _metadata(region)
    kinds = ("fixed_line", "mobile", "toll_free", "shared_cost", "personal_number", "voip", "uan")
    numbers = (getattr(metadata, kind) for kind in kinds)
    patterns = (kind.national_number_pattern for kind in numbers if kind)
    alternatives = "|".join(f"(?:{pattern})" for pattern in patterns if pattern)
    return re.compile(f"(?:{metadata.national_prefix or ''})?(?:{alternatives})")


@cache
def _forms(region: str) -> re.Pattern[str]:
    """Return a pattern for the lengths and first digits of a region's numbers."""
    metadata = _metadata(region)
    pattern = metadata.general_desc and metadata.general_desc.national_number_pattern
    return re.compile(f"(?:{metadata.national_prefix or ''})?(?:{pattern or '[0-9]+'})")


def _metadata(region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        raise ValueError(f"phonenumbers does not know the region {region}.")
    return metadata
