"""Faults on the route between a function and what it calls, injected from a process of their own."""

from infra.local.faults.fault import HEALTHY, Fault
from infra.local.faults.proxy import FaultProxy

__all__ = ["HEALTHY", "Fault", "FaultProxy"]
