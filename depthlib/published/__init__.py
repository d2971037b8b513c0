"""What the five papers print, as data: score tables and claims.

``tables()`` holds every row of their tables, ``claims()`` what they say and
how each statement is tested here, ``audit()`` the rows that no set of
predictions can have produced.
"""

from depthlib.published.claim import Claim, claims
from depthlib.published.row_audit import audit, impossible
from depthlib.published.rows import papers, tables

__all__ = ["Claim", "audit", "claims", "impossible", "papers", "tables"]
