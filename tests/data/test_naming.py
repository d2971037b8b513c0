"""The naming task: what a picture shows, told by its solids."""

import numpy as np
import torch

from depthlib.data.rooms import render_room, scene
from depthlib.data.rooms.naming import NAMES, NamedRooms


def test_labels_are_what_a_hundredth_of_the_pixels_show(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path))
    data = NamedRooms(4, size=(24, 32))
    for i in range(4):
        image, *_, ids = render_room(
            "b", "train", 1, i, (24, 32), return_ids=True
        )
        roles = scene("b", "train", 1, i).layout.roles
        counts = dict.fromkeys(NAMES, 0)
        for solid in ids["solid"].ravel():
            if roles[max(solid, 0)] in counts:
                counts[roles[max(solid, 0)]] += 1
        expected = [counts[name] >= 0.01 * 24 * 32 for name in NAMES]
        item = data[i]
        assert item["labels"].bool().tolist() == expected
        shown = torch.from_numpy(np.array(image)).float() / 255
        assert torch.equal(item["image"], shown)


def test_it_shares_no_room_with_the_depth_data():
    data = NamedRooms(2, size=(24, 32))
    assert (data.style, data.seed) == ("b", 1)
