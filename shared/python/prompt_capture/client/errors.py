"""What a client raises where it was asked to.

CaptureError
├── RequestRejected       the service said no: the same again would be refused again
└── NoResponse    no usable answer before the deadline; the work may have been done all the same

No error holds a message, a key, or the request.
"""


class CaptureError(Exception):
    """Base of the client's errors; `code` is for programs, `request_id` for the service's logs."""

    def __init__(self, what: str, code: str, request_id: str | None = None) -> None:
        named = f", request {request_id}" if request_id else ""
        super().__init__(f"{what} ({code}{named}).")
        self.code = code
        self.request_id = request_id


class RequestRejected(CaptureError):
    """The service refused the request; `status` is HTTP's."""

    def __init__(self, status: int, code: str, request_id: str | None = None) -> None:
        super().__init__("The capture service refused the request", code, request_id)
        self.status = status


class NoResponse(CaptureError):
    """The service did not answer in time, or not in its own terms."""

    def __init__(self, code: str, request_id: str | None = None) -> None:
        super().__init__("The capture service gave no answer", code, request_id)
