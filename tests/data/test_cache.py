"""Where data sets are looked for."""

import pytest

from depthlib.data import data_root, use_data_root


def test_a_chosen_root_counts_from_then_on(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_DATA", "usual")
    use_data_root(None)
    assert str(data_root()) == "usual"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sets").mkdir()
    use_data_root("sets")
    assert data_root() == tmp_path / "sets"


def test_a_root_that_is_no_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_DATA", "usual")
    with pytest.raises(NotADirectoryError, match=r"data_root is '.*nowhere'"):
        use_data_root(tmp_path / "nowhere")
    assert str(data_root()) == "usual"
