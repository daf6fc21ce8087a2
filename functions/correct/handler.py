"""POST /v1/corrections: record the intent that a reviewer assigns to a message."""

from prompt_capture import cold_start

# isort: split

from mangum import Mangum

from prompt_capture import bootstrap
from prompt_capture.api.app import create_app
from prompt_capture.api.corrections import corrections_router

app = create_app("Correct", corrections_router(bootstrap.correct(), bootstrap.authenticator()))
handler = Mangum(app, lifespan="off")
cold_start.enable_garbage_collection()
