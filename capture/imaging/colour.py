"""Colour metadata of a picture or film: primaries, transfer, matrix and range.

Numbers are those of ITU-T H.273; 2 is unspecified.
"""

from __future__ import annotations

from dataclasses import dataclass

UNSPECIFIED, BT709, BT470BG, BT601, BT2020 = 2, 1, 5, 6, 9
PQ, HLG = 16, 18
# Matrices that a copy keeps: every player supports them.
COMMON_MATRICES = (BT709, BT470BG, BT601)
# Transfer functions of television and the web; 14 and 15 are BT.2020 in 10 and 12 bit.
PLAIN_TRANSFERS = (BT709, BT601, 13, 14, 15)
# A pure power of 2.2 and of 2.8, and none: linear light.
GAMMA_22, GAMMA_28, LINEAR = 4, 5, 8
# Television's screen, a power of 2.4 (ITU-R BT.1886), which has no number of its own.
BT1886 = -1
OTHER_CURVES = (GAMMA_22, GAMMA_28, LINEAR, BT1886)


@dataclass(frozen=True)
class Colour:
    """The colour system of a picture's code values."""

    primaries: int = BT709
    transfer: int = BT709
    matrix: int = BT709
    is_full_range: bool = False

    @property
    def is_hdr(self) -> bool:
        """Whether it has to be tone-mapped for a usual screen."""
        return self.transfer in (PQ, HLG)

    @property
    def is_common(self) -> bool:
        """Whether every player shows it correctly by its tags, so that colours need not be
        converted."""
        usual = self.primaries in COMMON_MATRICES and self.transfer in PLAIN_TRANSFERS
        return usual and self.matrix in COMMON_MATRICES

    def shown(self) -> Colour:
        """The colours of an encoded copy: the same system in limited range where common, else
        BT.709."""
        return Colour(self.primaries, self.transfer, self.matrix) if self.is_common else Colour()
