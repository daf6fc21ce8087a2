"""POST /v1/classify: classify a message, capture it, and return its `log_id`."""

from prompt_capture import cold_start

# isort: split

from mangum import Mangum

from prompt_capture import bootstrap
from prompt_capture.api.app import create_app
from prompt_capture.api.classify import classify_router

capture = bootstrap.capture()
router = classify_router(bootstrap.classify_and_log(capture), bootstrap.authenticator())
app = create_app("Classify and log", router)
handler = bootstrap.with_after_response_hook(Mangum(app, lifespan="off"), capture)
cold_start.enable_garbage_collection()
