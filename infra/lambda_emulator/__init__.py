"""A Lambda emulator: real runtime clients, Function URLs and the Invoke API.

`README.md` in this folder describes what it emulates. It imports nothing of this repository.
"""

from infra.lambda_emulator.pool import InstancePool
from infra.lambda_emulator.service import LambdaService
from infra.lambda_emulator.types import ACCOUNT_ID, REGION, FunctionSpec, InvocationResult
from infra.lambda_emulator.web import BackgroundLoop, WebServer

__all__ = [
    "ACCOUNT_ID",
    "REGION",
    "BackgroundLoop",
    "FunctionSpec",
    "InstancePool",
    "InvocationResult",
    "LambdaService",
    "WebServer",
]
