"""What the five papers print, as data: score tables and claims.

``tables()`` holds every row of their tables, ``claims()`` what they say and
how each statement is tested here, ``audit()`` the rows that no set of
predictions can have produced.
"""

from depthlib.published.claims import Claim, claims
from depthlib.published.tables import tables

__all__ = ["Claim", "audit", "claims", "tables"]


def __getattr__(name):
    if name == "audit":
        from depthlib.published.audit import audit

        return audit
    raise AttributeError(f"depthlib.published has no {name!r}")
