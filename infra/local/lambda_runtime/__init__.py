"""A local Lambda: the Runtime API around real runtime clients, Function URLs, Invoke API."""

from infra.local.lambda_runtime.pool import Pool
from infra.local.lambda_runtime.service import LambdaService
from infra.local.lambda_runtime.values import FunctionSpec, Outcome

__all__ = ["FunctionSpec", "LambdaService", "Outcome", "Pool"]
