"""The settings of `prompt-capture doctor`: the functions', the client's and its own."""

from pydantic import AnyHttpUrl, SecretStr

from prompt_capture.settings import Settings


class DoctorSettings(Settings):
    """All settings are optional: a check whose setting is missing is skipped.

    `database_url` is a connection string for the role `postgres`. With `--stage`, the stack
    provides `export_schedule_group` and `missed_exports_queue_url`.
    """

    supabase_url: AnyHttpUrl | None = None
    supabase_publishable_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None
    supabase_signing_key: SecretStr | None = None
    supabase_jwt_secret: SecretStr | None = None
    database_url: SecretStr | None = None
    classify_url: AnyHttpUrl | None = None
    outcomes_url: AnyHttpUrl | None = None
    corrections_url: AnyHttpUrl | None = None
    api_key: SecretStr | None = None
    api_key_hashes: SecretStr | None = None
    export_bucket: str | None = None
    export_schedule_group: str | None = None
    spool_queue_url: str | None = None
    missed_exports_queue_url: str | None = None
