#!/usr/bin/env bash
# pillow 13.0.0 opens an uncompressed TIFF of 16 bits whose colours lie in planes of their own (PlanarConfiguration 2, as
# scanners and scientific programs write it) as one of 8 bits, and reads the planes that way, too: low and high bytes become
# pixels of their own. Nothing is raised and nothing warned of. With Deflate the same planes are right, and so are
# interleaved colours. Red, green and blue are 0x2011, 0x8022 and 0xE033 everywhere here, so each pixel should be
# (32, 128, 224).
#
# Output seen:
#   Pillow 13.0.0, tifffile 2026.3.3
#   interleaved, uncompressed: RGB [(32, 128, 224)]
#   interleaved, Deflate: RGB [(32, 128, 224)]
#   planes, uncompressed: RGB [(17, 34, 51), (32, 128, 224)]
#   planes, Deflate: RGB [(32, 128, 224)]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy==2.4.6
"$folder/venv/bin/python" -W error - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io

import numpy as np
import PIL
import tifffile
from PIL import Image

RIGHT, LOW_BYTES = (32, 128, 224), (17, 34, 51)
print(f"Pillow {PIL.__version__}, tifffile {tifffile.__version__}")


def colours(planes: bool, compression: str | None, order: str) -> list[tuple[int, ...]]:
    pixels = np.empty((4, 8, 3), np.uint16)
    pixels[:] = (0x2011, 0x8022, 0xE033)
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        np.ascontiguousarray(pixels.transpose(2, 0, 1)) if planes else pixels,
        photometric="rgb",
        planarconfig="separate" if planes else "contig",
        compression=compression,
        byteorder=order,
    )
    file.seek(0)
    # The file itself is in order.
    assert set(np.unique(tifffile.imread(file))) == {0x2011, 0x8022, 0xE033}
    file.seek(0)
    image = Image.open(file)
    assert (image.mode, image.size) == ("RGB", (8, 4))
    return sorted({tuple(pixel) for pixel in np.asarray(image).reshape(-1, 3).tolist()})


for planes in False, True:
    for name, compression in (("uncompressed", None), ("Deflate", "zlib")):
        found = colours(planes, compression, "<")
        assert colours(planes, compression, ">") == found
        print(f"{'planes' if planes else 'interleaved'}, {name}: RGB {found}")
        assert found == ([LOW_BYTES, RIGHT] if planes and compression is None else [RIGHT])
PYTHON
