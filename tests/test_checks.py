"""Arrays where tensors belong get an error that names the argument."""

import numpy as np
import pytest
import torch

from depthlib import geometry, kernels, losses

MAP = torch.ones(1, 1, 12, 12)
CAMERA = torch.eye(3)
POSE = torch.eye(4)
CASES = [
    (geometry.pose_matrix, {"vec6": torch.zeros(6)}),
    (geometry.unproject, {"depth": MAP, "intrinsics": CAMERA}),
    (geometry.normals, {"depth": MAP, "intrinsics": CAMERA}),
    (
        geometry.project,
        {"points": torch.ones(1, 3, 2, 2), "intrinsics": CAMERA},
    ),
    *(
        (warp, {"depth": MAP, "intrinsics": CAMERA, "pose": POSE})
        for warp in (kernels.warp_depth, kernels.splat_depth)
    ),
    (
        lambda **maps: kernels.spatial_correlation(offsets=[(0, 0)], **maps),
        {"reference": MAP, "adjacent": MAP},
    ),
    (
        lambda **maps: kernels.ssim(data_range=1.0, **maps),
        {"x": MAP, "y": MAP},
    ),
    *(
        (loss, {"prediction": MAP, "target": MAP, "mask": MAP > 0})
        for loss in (*losses.LOSSES.values(), losses.gradient_loss)
    ),
]


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [(f, given, name) for f, given in CASES for name in given],
)
def test_an_array_is_refused_by_name(function, arguments, name):
    function(**arguments)  # as tensors they are fine
    wrong = arguments | {name: np.asarray(arguments[name])}
    with pytest.raises(TypeError, match=f"^{name} is of type ndarray"):
        function(**wrong)
