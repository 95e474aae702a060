"""Decoded frames as pixels, to the nearest value."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

# Without these libswscale rounds down and works with few bits: white stays, colours lose up to 3 of 255.
_EXACT = "accurate_rnd+full_chroma_int+bilinear"


def rgb_pixels(frame: Any, *, matrix: int, is_full_range: bool) -> Any:
    """Convert a decoded frame to R'G'B', a uint8 array H×W×3. ``matrix`` is that of ITU-T H.273."""
    import av

    graph = av.filter.Graph()
    # One thread: then the result doesn't depend on the machine.
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)
    )
    given = f"in_color_matrix={MATRIX_NAMES.get(matrix, 'bt709')}"
    span = "full" if is_full_range else "limited"
    nodes = [
        source,
        graph.add("scale", f"{given}:in_range={span}:flags={_EXACT}"),
        graph.add("format", "rgb24"),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    graph.vpush(frame)
    return graph.vpull().to_ndarray()


# H.273's numbers as the filter's names.
MATRIX_NAMES = {
    1: "bt709",
    4: "fcc",
    5: "smpte170m",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
    10: "bt2020",
}
