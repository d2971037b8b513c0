"""The pyramid of dilated convolutions: counts, fields, and by hand."""

import pytest
import torch
import torch.nn.functional as F

from depthlib.models import ASPP


def test_the_published_sizes():
    with torch.device("meta"):
        aspp = ASPP(2048)
        found = aspp(torch.rand(2, 2048, 32, 64))
    assert found.shape == (2, 256, 32, 64)
    branches = 2048 * 256 * (1 + 3 * 9) + 4 * 2 * 256
    pooled, project = 2048 * 256 + 256, 5 * 256 * 256 + 2 * 256
    count = sum(p.numel() for p in aspp.parameters())
    assert count == branches + pooled + project == 15_534_848


def test_the_branches_by_hand():
    aspp = ASPP(3, 4, dilations=(2, 3)).double().eval()
    for module in aspp.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    x = torch.randn(2, 3, 9, 11, dtype=torch.float64)
    maps = []
    for (conv, norm, _), dilation in zip(
        aspp.branches, (1, 2, 3), strict=True
    ):
        reach = 0 if dilation == 1 else dilation
        y = F.conv2d(x, conv.weight, padding=reach, dilation=dilation)
        maps.append(norm(y).relu())
    means = x.mean((2, 3)) @ aspp.pooled[1].weight[..., 0, 0].T
    maps.append(means.relu()[..., None, None].expand(-1, -1, 9, 11))
    conv, norm, _ = aspp.project
    expected = norm(F.conv2d(torch.cat(maps, 1), conv.weight)).relu()
    torch.testing.assert_close(aspp(x), expected)


@pytest.mark.parametrize("dilation", [6, 12, 18])
def test_a_branch_looks_so_far_and_nowhere_between(dilation):
    aspp = ASPP(1, 4, dilations=(dilation,)).eval()
    x = torch.zeros(1, 1, 41, 41, requires_grad=True)
    aspp.branches[1][0](x)[0, :, 20, 20].sum().backward()
    rows, columns = x.grad[0, 0].nonzero().T
    assert set(rows.tolist()) == {20 - dilation, 20, 20 + dilation}
    assert len(columns) == 9


def test_a_single_image_trains():
    aspp = ASPP(3, 4).train()
    aspp(torch.rand(1, 3, 8, 8)).sum().backward()
    assert aspp.pooled[1].weight.grad.isfinite().all()
