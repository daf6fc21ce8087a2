"""POST /v1/classify: classify a message, capture it, and return its `log_id`."""

from prompt_capture import cold_start

# isort: split

from prompt_capture import bootstrap_serving

registered_models = bootstrap_serving.begin_reading()

# isort: split

from prompt_capture import bootstrap  # noqa: E402
from prompt_capture.api.app import create_app  # noqa: E402
from prompt_capture.api.classify import classify_router  # noqa: E402
from prompt_capture.api.lambda_handler import Handler, handle_requests, start  # noqa: E402


def create() -> Handler:
    """Wire the function. The capture may start a thread, so it follows all that may be refused."""
    authenticator, origins = bootstrap.authenticator(), bootstrap.allowed_origins()
    settings = bootstrap.classifier_settings()
    models, serve_champion = bootstrap.model_switch(settings, registered_models)
    capture, after_response = bootstrap.capture(models)
    classify_and_log = bootstrap.classify_and_log(settings, models, capture)
    app = create_app("Classify and log", classify_router(classify_and_log, authenticator), origins)
    serve_champion()
    return bootstrap.with_after_response_hook(handle_requests(app), after_response)


handler = start(create, bootstrap.allowed_origins)
cold_start.enable_garbage_collection()
