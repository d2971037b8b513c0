"""Monocular depth in PyTorch: models, losses, metrics and experiments.

The package under the book *Depth from One Image*. Conventions that hold in
every module:

- ``image`` is ``(B, 3, H, W)`` float32 in [0, 1].
- ``depth``, ``prediction`` and ``target`` are ``(B, 1, H, W)`` in metres.
- ``mask`` is boolean of the same shape; True marks a known depth.
- ``intrinsics`` is ``(B, 3, 3)`` in pixels. The centre of pixel (0, 0) is at
  (0.5, 0.5), so that an image of width W spans [0, W].
- ``pose`` is ``(B, 4, 4)`` and maps source-camera to target-camera
  coordinates, ``X_t = R X_s + t``.
- ``offsets`` are ``(N, 2)`` integers in the order (dy, dx).

Imports run downwards only::

    geometry, kernels  <-  metrics, losses, models  <-  data  <-  training
                       <-  published, experiments   <-  figures, cli
"""

__version__ = "0.1.0"
