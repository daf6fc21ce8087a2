"""POST /v1/corrections: record what a reviewer says a message meant."""

from prompt_capture import cold_start

# isort: split

from mangum import Mangum

from prompt_capture import bootstrap
from prompt_capture.api.app import create_app
from prompt_capture.api.corrections import corrections_router

app = create_app("Correct", corrections_router(bootstrap.correct(), bootstrap.callers()))
handler = Mangum(app, lifespan="off")
cold_start.started()
