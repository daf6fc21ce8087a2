"""The types of values that several areas share, except addresses."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from prompt_capture.domain.buckets import bucket_name, bucket_or_folder, object_prefix
from prompt_capture.domain.keys import clean_key
from prompt_capture.domain.mistaken_secrets import find_mistake

Seconds = Annotated[float, Field(gt=0, le=60)]

Bucket = Annotated[str, AfterValidator(bucket_name)]
BucketOrFolder = Annotated[str, AfterValidator(bucket_or_folder)]
Prefix = Annotated[str, AfterValidator(object_prefix)]


def _check_secret(value: object) -> object:
    if isinstance(value, str) and (mistake := find_mistake(clean_key(value))):
        raise ValueError(f"it is {mistake}. Set it to the secret itself")
    return value


OwnSecret = Annotated[SecretStr, BeforeValidator(_check_secret)]
"""A secret of this deployment. Those of Supabase are read in `adapters/supabase/keys.py`."""
