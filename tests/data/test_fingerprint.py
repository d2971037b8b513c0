"""What the short text that stands for a data set's files notices."""

import pytest

from depthlib.data.fingerprint import FINGERPRINTED, fingerprint


@pytest.fixture
def files(tmp_path):
    for k in range(3 * FINGERPRINTED):
        (tmp_path / f"{k}.png").write_bytes(bytes([k, 0]))
        (tmp_path / f"{k}.json").write_text(f'{{"baseline": 0.{k:02d}}}')
    return tmp_path


def of(folder):
    names = [str(k) for k in range(3 * FINGERPRINTED)]
    return fingerprint(
        names, lambda name: [folder / f"{name}.png", folder / f"{name}.json"]
    )


def test_it_stays_where_nothing_changes(files):
    assert of(files) == of(files)


@pytest.mark.parametrize("k", range(0, 3 * FINGERPRINTED, 5))
def test_every_text_counts_whole(files, k):
    before = of(files)
    (files / f"{k}.json").write_text('{"baseline": 9.99}')  # of equal size
    assert of(files) != before


@pytest.mark.parametrize("ending", [".npy", ".tif", ".TIFF"])
def test_arrays_count_whole(tmp_path, ending):
    """None of them is compressed: a correction keeps the size."""
    for k in range(3 * FINGERPRINTED):
        (tmp_path / f"{k}{ending}").write_bytes(bytes([k, 0]))

    def of_arrays():
        names = list(range(3 * FINGERPRINTED))
        return fingerprint(names, lambda k: [tmp_path / f"{k}{ending}"])

    before = of_arrays()
    (tmp_path / f"4{ending}").write_bytes(bytes([4, 1]))
    assert of_arrays() != before


def test_every_size_counts_and_the_first_and_last_content(files):
    before = of(files)
    (files / "7.png").write_bytes(b"another size")
    assert of(files) != before
    (files / "7.png").write_bytes(bytes([7, 0]))
    assert of(files) == before
    for k in (0, 3 * FINGERPRINTED - 1):
        (files / f"{k}.png").write_bytes(b"xy")
        assert of(files) != before
