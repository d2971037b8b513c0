"""Synthetic streets: what a camera on a car sees, with its true depth."""

from depthlib.data.streets.view import StreetScene, render_street, scene

__all__ = ["StreetScene", "render_street", "scene"]
