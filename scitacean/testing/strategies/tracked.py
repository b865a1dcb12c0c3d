"""What the server keeps of most entries: who made and changed them, and when."""

from __future__ import annotations

from scitacean.testing.strategies.recipe import Strategies
from scitacean.testing.strategies.values import texts, times

TRACKED: Strategies = {
    "created_at": times(),
    "created_by": texts(),
    "updated_at": times(),
    "updated_by": texts(),
}
"""Strategies for the fields of :class:`scitacean.model.entry.TrackedEntry`."""
