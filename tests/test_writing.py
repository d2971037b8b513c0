"""A failed write leaves what was there, and nothing else."""

import pytest

from depthlib.writing import whole


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with whole(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, "old"])
def test_a_failure_leaves_what_was_there(tmp_path, before):
    path = tmp_path / "file.txt"
    if before:
        path.write_text(before)
    with pytest.raises(OSError, match="full"), whole(path) as temporary:
        temporary.write_text("half")
        raise OSError("the disk is full")
    assert [p.read_text() for p in tmp_path.iterdir()] == [before] * bool(
        before
    )
