"""POST /v1/classify: decide the intent of a message, capture both, answer with a `log_id`."""

from prompt_capture import cold_start

# isort: split

from mangum import Mangum

from prompt_capture import bootstrap
from prompt_capture.api.app import create_app
from prompt_capture.api.classify import classify_router

capture = bootstrap.capture()
app = create_app(
    "Classify and log", classify_router(bootstrap.classify_and_log(capture), bootstrap.callers())
)
handler = bootstrap.with_after_response_hook(Mangum(app, lifespan="off"), capture)
cold_start.started()
