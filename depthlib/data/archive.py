"""Unpacking an archive without letting it out of its folder."""

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from depthlib.data.files import DataError
from depthlib.data.store import build_once


def extract(archive, folder) -> Path:
    """Unpack a zip file into a new or empty folder: all of it or nothing.

    Every name is looked at before the first byte is written. A name that
    leads out of the folder, a link, or more data than the disk holds stops
    it.

    Args:
        archive: a ``.zip`` file.
        folder: to make; if it is there already, it must be empty.

    Returns:
        ``folder``.

    Raises:
        FileNotFoundError: there is no such archive.
        DataError: it is no zip file, damaged, unsafe or too large, or the
            folder is not empty.
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise FileNotFoundError(f"{archive} is no file")
    if folder.is_dir() and any(folder.iterdir()):
        raise DataError(
            f"{folder} exists and is not empty; not unpacked. To use what is "
            f"there, leave {archive.name} out; else name another folder"
        )
    try:
        with zipfile.ZipFile(archive) as opened:
            _refuse_unsafe(archive, opened, folder)
            if folder.is_dir():
                folder.rmdir()  # what is built takes its place as a whole
            return build_once(folder, opened.extractall)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise DataError(
            f"{archive} is no zip file, or is damaged ({error}); fetch it "
            "again"
        ) from error
    except RuntimeError as error:  # how zipfile says "encrypted"
        raise DataError(f"{archive} cannot be unpacked: {error}") from error


def leads_out(name: str) -> bool:
    """Whether a relative name may leave the folder it is looked up in.

    It is judged as either system would read it.
    """
    return any(
        way.is_absolute() or way.drive or way.root or ".." in way.parts
        for way in (PurePosixPath(name), PureWindowsPath(name))
    )


def _refuse_unsafe(archive: Path, opened, folder: Path) -> None:
    for item in opened.infolist():
        outside = leads_out(item.filename)
        kind = stat.S_IFMT(item.external_attr >> 16)
        if outside or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            what = "leads out of the folder" if outside else "is no plain file"
            raise DataError(
                f"{archive} holds {item.filename!r}, which {what}; nothing "
                "was unpacked"
            )
    total = sum(item.file_size for item in opened.infolist())
    parent = next(p for p in folder.absolute().parents if p.is_dir())
    free = shutil.disk_usage(parent).free
    if total > free:
        raise DataError(
            f"{archive} unpacks to {total / 1e9:.1f} GB, but {parent} has "
            f"{free / 1e9:.1f} GB left"
        )
