"""POST /v1/outcomes: record the outcome of the workflow that handled a message."""

from prompt_capture import cold_start

# isort: split

from mangum import Mangum

from prompt_capture import bootstrap
from prompt_capture.api.app import create_app
from prompt_capture.api.outcomes import outcomes_router

router = outcomes_router(bootstrap.record_outcome(), bootstrap.authenticator())
app = create_app("Record outcome", router)
handler = Mangum(app, lifespan="off")
cold_start.enable_garbage_collection()
