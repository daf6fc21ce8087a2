"""A proxy process that injects faults between a function and the services it calls."""

from infra.local.faults.fault import HEALTHY, Fault
from infra.local.faults.proxy import FaultProxy

__all__ = ["HEALTHY", "Fault", "FaultProxy"]
