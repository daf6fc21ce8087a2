"""A local Lambda service: real runtime clients, Function URLs and the Invoke API."""

from infra.local.lambda_runtime.pool import InstancePool
from infra.local.lambda_runtime.service import LambdaService
from infra.local.lambda_runtime.types import FunctionSpec, InvocationResult

__all__ = ["FunctionSpec", "InstancePool", "InvocationResult", "LambdaService"]
