"""Packed bundles that can't be unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, cast

import pytest

from kiosk.services.merging import merge_in
from publish.bundle.bagit import check_zip
from publish.errors import PublishError
from reporter.errors import BadInput


def packed(path: Path) -> bytearray:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("bundle/words.txt", "words " * 2000)
    return bytearray(path.read_bytes())


@pytest.mark.parametrize("how", ["encrypted", "unknown way", "damaged", "cut"])
def test_what_can_not_be_unpacked_is_a_sentence(how: str, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    data = packed(path)
    entry = data.index(b"PK\x01\x02")
    if how == "encrypted":
        data[6] |= 1
        data[entry + 8] |= 1
    elif how == "unknown way":
        data[8] = data[entry + 10] = 97
    elif how == "damaged":
        data[50:70] = bytes(20)
    else:
        del data[-30:]
    path.write_bytes(data)
    with pytest.raises(BadInput, match="can't be read"):
        merge_in(cast(Any, None), path)
    with pytest.raises(PublishError, match="can't be read as a bundle"):
        check_zip(path)
