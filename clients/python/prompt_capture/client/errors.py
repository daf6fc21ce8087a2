"""The errors that a client raises with `raise_errors=True`.

CaptureError
├── RequestRejected  the service rejected the request; repeating it does not help
└── NoResponse       no valid response before the deadline; the request may have taken effect

No error contains a message, a key or the request.
"""


class CaptureError(Exception):
    """Base class of the client's errors.

    `code` is for programs. `request_id` identifies the request in the service's logs.
    """

    def __init__(self, summary: str, code: str, request_id: str | None = None) -> None:
        request = f", request {request_id}" if request_id else ""
        super().__init__(f"{summary} ({code}{request}).")
        self.code = code
        self.request_id = request_id


class RequestRejected(CaptureError):
    """The service rejected the request. `status` is the HTTP status."""

    def __init__(self, status: int, code: str, request_id: str | None = None) -> None:
        super().__init__("The capture service rejected the request", code, request_id)
        self.status = status


class NoResponse(CaptureError):
    """The service did not respond in time, or its response is not valid."""

    def __init__(self, code: str, request_id: str | None = None) -> None:
        super().__init__("No response from the capture service", code, request_id)
