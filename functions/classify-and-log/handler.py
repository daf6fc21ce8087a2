"""POST /v1/classify: classify a message, capture it, and return its `log_id`."""

from prompt_capture import cold_start

# isort: split

from prompt_capture.bootstrap import serving

registered_models = serving.begin_reading()

# isort: split

from prompt_capture.api.app import create_app  # noqa: E402
from prompt_capture.api.classify import classify_router  # noqa: E402
from prompt_capture.api.lambda_handler import Handler, handle_requests, start  # noqa: E402
from prompt_capture.bootstrap import callers, capture  # noqa: E402


def create() -> Handler:
    """Wire the function. The capture may start a thread, so it follows all that may be refused."""
    authenticator, origins = callers.authenticator(), callers.allowed_origins()
    settings = capture.classifier_settings()
    models, serve_champion = capture.model_switch(settings, registered_models)
    strategy, after_response = capture.capture_strategy(models)
    classify_and_log = capture.classify_and_log(settings, models, strategy)
    app = create_app("Classify and log", classify_router(classify_and_log, authenticator), origins)
    serve_champion()
    return capture.with_after_response_hook(handle_requests(app), after_response)


handler = start(create, callers.allowed_origins)
cold_start.enable_garbage_collection()
