"""POST /v1/outcomes: record how the workflow that answered a message ended."""

from prompt_capture import cold_start

# isort: split

from mangum import Mangum

from prompt_capture import bootstrap
from prompt_capture.api.app import create_app
from prompt_capture.api.outcomes import outcomes_router

app = create_app("Record outcome", outcomes_router(bootstrap.record_outcome(), bootstrap.callers()))
handler = Mangum(app, lifespan="off")
cold_start.started()
