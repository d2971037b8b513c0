"""The command line as a reader meets it: what it does, and how it refuses."""

import kitti_files
import numpy as np
import nyu_files
import pytest
from cli_calls import call, refused
from PIL import Image
from ply_files import read_ply

SHAPE = (30, 45)  # (H, W) of the photos: no multiple of 32


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A tiny network with random weights."""
    from depthlib.experiments import D3NetRun
    from depthlib.experiments.weights import save_weights

    config = D3NetRun(experiment="t", blocks=(1, 1, 1, 1), size=(32, 64))
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_weights(path, config.build_model(), config, {"focal": 0.5})
    return path


def photo(kind, folder):
    """A photo of a kind that breaks careless readers."""
    random = np.random.default_rng(0)
    levels = random.integers(0, 256, (*SHAPE, 4), dtype=np.uint8)
    colour = Image.fromarray(levels[..., :3])
    if kind == "16bit":
        deep = (levels[..., 0].astype(np.uint16) << 8) + 3
        Image.fromarray(deep).save(path := folder / "deep.png")
    elif kind == "cmyk":
        colour.convert("CMYK").save(path := folder / "press.jpg")
    elif kind == "transparent":
        Image.fromarray(levels).save(path := folder / "cut-out.png")
    elif kind == "palette":
        colour.quantize(16).save(path := folder / "few.gif")
    elif kind == "rotated":
        exif = Image.Exif()
        exif[0x0112] = 6  # stored lying, to be turned by a quarter
        lying = colour.transpose(Image.Transpose.ROTATE_90)
        lying.save(path := folder / "phone.jpg", exif=exif)
    else:
        colour.convert("L").save(path := folder / "grey.png")
    return path


KINDS = ["grey", "16bit", "cmyk", "transparent", "palette", "rotated"]


@pytest.mark.parametrize("kind", KINDS)
def test_predict_takes_photos_of_every_kind(kind, weights, tmp_path):
    output = tmp_path / "depth.png"
    given = photo(kind, tmp_path)
    status, out, _ = call("predict", given, "--weights", weights, "-o", output)
    assert status == 0 and str(output) in out
    depth = np.asarray(Image.open(output))
    assert depth.shape == SHAPE and depth.dtype == np.uint16
    assert depth.min() > 0 and depth.max() <= 10_000  # millimetres
    least, most = depth.min() / 1000, depth.max() / 1000
    assert f"{least:.2f} to {most:.2f} m" in out


def test_predict_is_the_network_at_the_photos_size(weights, tmp_path):
    """Millimetres in the file are metres of the network, in its order."""
    from depthlib.experiments.weights import load_weights
    from depthlib.predict import predict_photo, read_photo

    given, output = photo("cmyk", tmp_path), tmp_path / "depth.png"
    call("predict", given, "--weights", weights, "-o", output)
    trained = load_weights(weights)
    image = read_photo(given).image
    depth = predict_photo(trained.model, image, trained.config.size)[0, 0]
    stored = np.asarray(Image.open(output)) / 1000
    assert np.abs(stored - depth.numpy()).max() < 6e-4


def spoilt_photo(kind, folder):
    """Something that is no still picture, and the words it must meet."""
    path = folder / "photo.png"
    if kind == "missing":
        return path, "does not exist"
    if kind == "folder":
        return folder, "is a folder"
    if kind == "text":
        path.write_text("not a picture")
        return path, "is no picture"
    if kind == "nothing":
        path.touch()
        return path, "is empty"
    frames = [Image.new("RGB", (64, 32), (20 * i, 0, 0)) for i in range(3)]
    if kind == "animated":
        path = path.with_suffix(".gif")
        frames[0].save(path, save_all=True, append_images=frames[1:])
        return path, "3 frames"
    Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    ).save(path)
    path.write_bytes(path.read_bytes()[:3000])
    return path, "damaged or cut off"


@pytest.mark.parametrize(
    "kind", ["missing", "folder", "text", "nothing", "animated", "cut"]
)
def test_predict_refuses_what_is_no_photo(kind, weights, tmp_path):
    (source := tmp_path / "in").mkdir()
    path, words = spoilt_photo(kind, source)
    before = sorted(tmp_path.rglob("*"))
    outputs = ("-o", tmp_path / "out" / "depth.png")
    outputs += ("--pointcloud", tmp_path / "out" / "points.ply")
    err = refused("predict", path, "--weights", weights, *outputs)
    assert str(path) in err and words in err
    assert sorted(tmp_path.rglob("*")) == before


def test_predict_refuses_outputs_before_it_works(weights, tmp_path):
    given = photo("grey", tmp_path)
    (tmp_path / "file").write_text("in the way")
    before = {path: path.read_bytes() for path in tmp_path.glob("*.*")}
    for output, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "depth.jpg", "does not end in .png"),
        (tmp_path / "file" / "depth.png", "is a file"),
        (given, "is the photo itself"),
    ):
        err = refused("predict", given, "--weights", weights, "-o", output)
        assert str(output) in err and words in err
    cloud = ("--pointcloud", tmp_path / "points.txt")
    assert "does not end in .ply" in refused("predict", given, *cloud)
    cloud = ("--pointcloud", tmp_path / "points.ply", "--fov")
    words = ("predict", given, "--weights", weights, *cloud, 180)
    assert "fov is 180.0" in refused(*words)
    assert "--pointcloud" in refused("predict", given, "--fov", 60)
    assert {p: p.read_bytes() for p in tmp_path.glob("*.*")} == before


def test_predict_writes_points_with_the_camera_it_names(weights, tmp_path):
    """Depth and points agree, in folders that did not exist."""
    given, out = photo("cmyk", tmp_path), tmp_path / "new" / "folder"
    words = ("predict", given, "--weights", weights, "-o", out / "d.png")
    cloud = ("--pointcloud", out / "p.ply")
    status, said, _ = call(*words, *cloud, "--fov", 90)
    assert status == 0 and "field of view 90.0 degrees (as given)" in said
    points = read_ply(out / "p.ply")
    depth = np.asarray(Image.open(out / "d.png")) / 1000
    assert np.abs(points["z"].reshape(SHAPE) - depth).max() < 6e-4
    # At 90 degrees the focal length is half the width.
    u = np.arange(SHAPE[1]) + 0.5 - SHAPE[1] / 2
    across = points["x"] / points["z"] * SHAPE[1] / 2
    assert np.abs(across.reshape(SHAPE) - u).max() < 1e-3
    _, said, _ = call(*words, *cloud)
    # The file says 0.5 diagonals.
    degrees = 2 * np.degrees(np.arctan(SHAPE[1] / np.hypot(*SHAPE)))
    assert f"{degrees:.1f} degrees (the training camera's" in said
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 28  # millimetres on 35 mm film
    Image.open(given).save(given, exif=exif)
    _, said, _ = call(*words, *cloud)
    half = np.hypot(36, 24) / 2 / 28 * SHAPE[1] / np.hypot(*SHAPE)
    degrees = 2 * np.degrees(np.arctan(half))
    assert f"{degrees:.1f} degrees (from the photo's EXIF)" in said


def test_predict_needs_no_weights_of_ones_own(tmp_path):
    given, output = photo("grey", tmp_path), tmp_path / "depth.png"
    status, out, _ = call("predict", given, "-o", output)
    assert status == 0 and str(output) in out
    assert np.asarray(Image.open(output)).shape == SHAPE


def test_predict_refuses_what_are_no_weights(weights, tmp_path):
    given = photo("grey", tmp_path)
    absent = tmp_path / "none.safetensors"
    assert "does not exist" in refused("predict", given, "--weights", absent)
    err = refused("predict", given, "--weights", tmp_path)
    assert f"{tmp_path} is a folder" in err
    text = tmp_path / "text.safetensors"
    text.write_text("not a network")
    err = refused("predict", given, "--weights", text)
    assert str(text) in err and "no safetensors" in err
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(weights.read_bytes()[:-100])
    assert str(cut) in refused("predict", given, "--weights", cut)


@pytest.mark.parametrize("model", ["d3net", "densedepth"])
def test_train_evaluate_predict(model, tmp_path):
    """What one command writes the next one reads."""
    path, output = tmp_path / "net.safetensors", tmp_path / "depth.png"
    words = ("--profile", "smoke", "--samples", 8)
    status, out, _ = call("train", "-o", path, "--model", model, *words)
    assert status == 0 and f"wrote {path}" in out
    trained = [line for line in out.splitlines() if "abs_rel" in line][-1]
    status, out, _ = call("evaluate", path, "--n-test", 8)
    assert status == 0
    # The same network on the same images: the same digits.
    assert trained in out.splitlines()
    given = photo("grey", tmp_path)
    status, _, _ = call("predict", given, "--weights", path, "-o", output)
    assert status == 0
    assert np.asarray(Image.open(output)).shape == SHAPE


def test_train_keeps_half_the_bits_where_asked(tmp_path):
    sizes = []
    for half in ((), ("--half",)):
        path = tmp_path / f"{len(half)}.safetensors"
        words = ("--profile", "smoke", "--samples", 8, *half)
        assert (
            call("train", "-o", path, "--model", "densedepth", *words)[0] == 0
        )
        sizes.append(path.stat().st_size)
    assert sizes[1] < 0.8 * sizes[0]


def test_train_refuses_unknown_names(tmp_path):
    out = tmp_path / "net.safetensors"
    start = ("train", "--output", out, "--profile")
    assert "choose one of smoke" in refused(*start, "huge")
    assert "'elsewhere'" in refused(*start, "smoke", "--data", "elsewhere")
    assert "lr is -1.0" in refused(*start, "smoke", "--lr", "-1")
    assert "d3net or densedepth" in refused(*start, "smoke", "--model", "u")
    for far in ("streets", "kitti"):
        assert "at most 10 m" in refused(*start, "smoke", "--data", far)
    assert "is a folder" in refused("train", "-o", tmp_path)
    assert not out.exists()


def test_evaluate_without_the_data_says_what_is_missing(
    weights, tmp_path, monkeypatch
):
    monkeypatch.setenv("DEPTHLIB_DATA", str(tmp_path))
    err = refused("evaluate", weights, "--data", "nyu")
    assert str(tmp_path / "nyu_v2_labeled") in err
    err = refused("evaluate", weights, "--data", "nyu", "--n-test", 10)
    assert "--n-test 10 is for drawn sets" in err


@pytest.fixture
def nyu(tmp_path):
    """Five pairs in the layout of the official file."""
    return nyu_files.write_mat(tmp_path / "nyu", *nyu_files.pairs())


@pytest.fixture
def own(tmp_path):
    """A folder of one's own with three pairs, in millimetres."""
    root = tmp_path / "own"
    for i, (image, depth) in enumerate(
        zip(*nyu_files.pairs(3, (48, 64)), strict=True)
    ):
        for name, array in (
            ("images", image),
            ("depths", np.rint(1000 * depth).astype(np.uint16)),
        ):
            (root / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(root / name / f"{i}.png")
    return root


def test_data_list_names_every_set_and_its_layout():
    status, out, _ = call("data", "list")
    assert status == 0
    for word in ("rooms", "nyu", "kitti", "folder", "splits.mat", "licence"):
        assert word in out


def test_data_check_counts_what_is_right(nyu, own):
    status, out, _ = call("data", "check", "nyu", "--root", nyu)
    assert status == 0 and "5 pairs (3 train, 2 test) of 480 x 640" in out
    assert "the official split has 795" in out
    status, out, _ = call(
        "data", "check", "folder", "--root", own, "--unit", "mm"
    )
    assert status == 0 and "3 pairs of 48 x 64" in out
    status, out, _ = call("data", "check", "rooms")
    assert status == 0 and "nothing wrong" in out


def test_data_check_names_the_file_that_is_wrong(nyu, own, tmp_path):
    check = ("data", "check", "nyu", "--root", nyu)
    mat, splits = nyu / "nyu_depth_v2_labeled.mat", nyu / "splits.mat"
    images, depths = nyu_files.pairs()
    nyu_files.write_mat(nyu, images, 1000 * depths)
    err = refused(*check)
    assert str(mat) in err and "millimetres read as metres" in err
    nyu_files.write_mat(nyu, images, depths)
    mat.write_bytes(mat.read_bytes()[:-1000])
    assert "cut off" in refused(*check)
    mat.write_text("a page that says: not found")
    assert str(mat) in refused(*check)
    splits.unlink()
    assert f"{splits} is missing" in refused(*check)
    assert str(tmp_path / "gone") in refused(*check[:-1], tmp_path / "gone")
    check = ("data", "check", "folder", "--root", own, "--unit")
    assert "millimetres read as metres" in refused(*check, "m")
    path = own / "depths" / "1.png"
    Image.open(path).crop((0, 0, 32, 32)).save(path)
    err = refused(*check, "mm")
    assert str(path) in err and "32 x 32" in err
    path = own / "images" / "1.png"
    path.write_text("not a picture")
    assert f"{path} is no picture" in refused(*check, "mm")


def test_data_check_and_prepare_read_kitti(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path / "cache"))
    root, _ = kitti_files.write_raw(tmp_path / "raw")
    status, out, _ = call("data", "check", "kitti", "--root", root)
    assert status == 0 and "3 pairs of 36 x 120" in out
    listing = root / "few.txt"
    listing.write_text(f"{kitti_files.DAY}/{kitti_files.DRIVE} 5 l\n")
    words = ("--root", root, "--split", "few")
    status, out, _ = call("data", "check", "kitti", *words)
    assert status == 0 and "1 pairs of 36 x 120" in out
    status, out, _ = call("data", "prepare", "kitti", *words, "--size", "9x30")
    assert status == 0 and "9 x 30: 1 of kitti/few" in out
    (kept,) = (tmp_path / "cache" / "kitti").glob("*/1.npy")
    assert np.load(kept, allow_pickle=False).shape == (1, 9, 30)
    listing.write_text(f"{kitti_files.DAY}/{kitti_files.DRIVE} 7 l\n")
    assert "0000000007.bin" in refused("data", "check", "kitti", *words)
    err = refused("data", "prepare", "rooms", "--split", "few")
    assert "rooms has splits of its own" in err


def test_data_check_asks_for_what_it_needs(own):
    assert "depth_unit" in refused("data", "check", "folder", "--root", own)
    err = refused("data", "check", "folder", "--root", own, "--unit", "feet")
    assert "'feet'" in err
    assert "choose one of rooms" in refused("data", "check", "kitchen")


def test_data_prepare_keeps_what_training_reads(own, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHLIB_CACHE", str(tmp_path / "cache"))
    words = ("data", "prepare", "folder", "--root", own, "--unit", "mm")
    status, out, _ = call(*words, "--size", "24x32")
    assert status == 0 and "24 x 32" in out
    (kept,) = (tmp_path / "cache" / "folder").glob("*/1.npy")
    assert np.load(kept, allow_pickle=False).shape == (3, 24, 32)
    assert "96x128" in refused(*words, "--size", "24")
