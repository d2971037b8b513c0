"""NYU Depth v2 as the authors of DenseDepth distribute it.

A zip file, read without unpacking, or its folder. ``data/nyu2_train.csv``
and ``data/nyu2_test.csv`` hold a picture and its depth map a row, named from
the root of the archive, without a heading. Training maps have 8 bits,
metres = v * 10 / 255; test maps have 16 bits, millimetres. There are 50,688
and 654 rows. Alhashim and Wonka 2018.

The archive itself was not at hand when this was written: names, columns and
units are those of its published description, and what differs is named.
"""

import csv
import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from depthlib.data.archive import leads_out
from depthlib.data.files import DataError, read_grey, read_image, require
from depthlib.data.fingerprint import spread
from depthlib.data.units import UNITS, DepthUnit

LISTS = {"train": "data/nyu2_train.csv", "test": "data/nyu2_test.csv"}
ARCHIVE = "nyu_data.zip"
TRAIN_UNIT = DepthUnit.of("v * 10 / 255")
UNIT_OF = {np.dtype(np.uint8): TRAIN_UNIT, np.dtype(np.uint16): UNITS["mm"]}
MISSING = (
    "a file of the DenseDepth layout",
    "its lists are data/nyu2_train.csv and data/nyu2_test.csv, with rows "
    "image,depth",
)
LARGEST = 100_000_000  # bytes of one picture; more is an attack or an error


def densedepth_home(root: Path) -> Path | None:
    """The folder or zip file of this layout at ``root``; None without it."""
    if root.is_file():
        return root
    if (root / LISTS["train"]).exists() or (root / LISTS["test"]).exists():
        return root
    return root / ARCHIVE if (root / ARCHIVE).exists() else None


class DenseDepthSource:
    """Rows of the lists, as pairs (picture, depth map) of names.

    Unless a unit is given, maps of 8 bit are steps of 10 / 255 m, and those
    of 16 bit millimetres.
    """

    set_name = "nyu_densedepth"
    official = MappingProxyType({"train": 50_688, "test": 654})
    dtype = np.dtype(np.uint8)  # of nearly all maps

    def __init__(self, home: Path, depth_unit=None):
        self.home = home
        self._files = _Zip(home) if home.is_file() else _Folder(home)
        self._given = None if depth_unit is None else DepthUnit.of(depth_unit)
        both = f"{TRAIN_UNIT.label} (8 bit), mm (16 bit)"
        self.unit = self._given or replace(TRAIN_UNIT, label=both)

    def listing(self, split: str) -> str:
        """The file that lists a split, for errors."""
        return self._files.where(LISTS[split])

    def names(self, split: str) -> list[tuple[str, str]]:
        """Rows of a split, in the order of its list."""
        chosen = LISTS if split == "all" else [split]
        return [row for key in chosen for row in self._rows(key)]

    def _rows(self, split: str) -> list[tuple[str, str]]:
        where = self.listing(split)
        text = self._files.content(LISTS[split]).decode(errors="replace")
        rows = []
        for number, row in enumerate(csv.reader(text.splitlines()), 1):
            row = [name.strip() for name in row]
            if not any(row):
                continue
            if len(row) != 2 or not all(row):
                raise DataError(
                    f"row {number} of {where} is {','.join(row)[:80]!r}; "
                    "expected two names, image,depth"
                )
            if outside := [name for name in row if leads_out(name)]:
                raise DataError(
                    f"row {number} of {where} names {outside[0]!r}, which "
                    "lies outside the archive"
                )
            rows.append(tuple(row))
        if not rows:
            raise DataError(f"{where} is empty; expected rows image,depth")
        return rows

    def read(self, name: tuple[str, str]):
        """Picture ``(H, W, 3)`` uint8 and metres ``(H, W)`` float32."""
        paths = [Path(self._files.where(part)) for part in name]
        contents = [self._files.content(part) for part in name]
        image = read_image(paths[0], contents[0])
        stored = read_grey(paths[1], contents[1])
        if self._given is None and stored.dtype not in UNIT_OF:
            raise DataError(
                f"depth {paths[1]} stores {stored.dtype}; expected 8-bit "
                "steps of 10 / 255 m or 16-bit millimetres"
            )
        unit = self._given or UNIT_OF[stored.dtype]
        return image, unit.metres(stored)

    def fingerprint(self, names) -> str:
        """Changes with the pairs of these names."""
        digest = hashlib.sha256()
        for name in names:
            sizes = [self._files.size(part) for part in name]
            digest.update(json.dumps([name, sizes]).encode())
        for name in spread(names):
            for part in name:
                digest.update(self._files.content(part))
        return digest.hexdigest()[:16]

    def where(self, name: tuple[str, str]) -> str:
        """Words for errors."""
        return self._files.where(name[1])


class _Folder:
    """Files of an unpacked archive, by their names in it."""

    def __init__(self, root: Path):
        self.root = root

    def where(self, name: str) -> str:
        return str(self.root / name)

    def size(self, name: str) -> int:
        return self._path(name).stat().st_size

    def content(self, name: str) -> bytes:
        return self._path(name).read_bytes()

    def _path(self, name: str) -> Path:
        path = require(self.root / name, *MISSING)
        # A link may lead where the name does not.
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise DataError(f"{path} leads out of {self.root}")
        return path


class _Zip:
    """Members of a zip file, read where they are."""

    def __init__(self, path: Path):
        self.path, self._open = path, (None, None)

    def where(self, name: str) -> str:
        return f"{self.path}/{name}"

    def size(self, name: str) -> int:
        return self._member(name).file_size

    def content(self, name: str) -> bytes:
        member = self._member(name)
        if member.file_size > LARGEST:
            raise DataError(
                f"{self.where(name)} has {member.file_size / 1e6:.0f} MB, too "
                "many for a picture"
            )
        try:
            return self._opened().read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise DataError(
                f"{self.where(name)} is damaged ({error}); fetch the archive "
                "again"
            ) from error
        except (RuntimeError, NotImplementedError) as error:  # encrypted
            raise DataError(
                f"{self.where(name)} cannot be read: {error}"
            ) from error

    def _member(self, name: str):
        try:
            return self._opened().getinfo(name)
        except KeyError:
            what, remedy = MISSING
            raise DataError(
                f"{self.where(name)} is missing ({what}); {remedy}"
            ) from None

    def _opened(self) -> zipfile.ZipFile:
        # A process that was forked must not move its parent's place in the
        # file.
        process, opened = self._open
        if process != os.getpid():
            try:
                opened = zipfile.ZipFile(self.path)
            except (zipfile.BadZipFile, EOFError) as error:
                raise DataError(
                    f"{self.path} is no zip file, or is cut off ({error}); "
                    "fetch it again"
                ) from error
            self._open = os.getpid(), opened
        return opened

    def __getstate__(self):
        return vars(self) | {"_open": (None, None)}
