"""What the code values of a picture or film mean: primaries, transfer, matrix and range.

Numbers are those of ITU-T H.273; 2 is unspecified.
"""

from __future__ import annotations

from dataclasses import dataclass

UNSPECIFIED, BT709, BT470BG, BT601, BT2020 = 2, 1, 5, 6, 9
PQ, HLG = 16, 18
# Matrices that a copy keeps: every player knows them.
COMMON_MATRICES = (BT709, BT470BG, BT601)
# Light of television and of the web; 14 and 15 are BT.2020 in 10 and 12 bit.
_PLAIN_TRANSFERS = (BT709, BT601, 13, 14, 15)


@dataclass(frozen=True)
class Colour:
    """What the code values of a picture mean."""

    primaries: int = BT709
    transfer: int = BT709
    matrix: int = BT709
    is_full_range: bool = False

    @property
    def is_hdr(self) -> bool:
        """Whether its light has to be tone-mapped before a usual screen can show it."""
        return self.transfer in (PQ, HLG)

    @property
    def is_common(self) -> bool:
        """Whether every player shows it right by its tags, so that colours need not be converted."""
        usual = self.primaries in COMMON_MATRICES and self.transfer in _PLAIN_TRANSFERS
        return usual and self.matrix in COMMON_MATRICES

    def shown(self) -> Colour:
        """The colours of a copy that is encoded: the same system in limited range, else BT.709."""
        return Colour(self.primaries, self.transfer, self.matrix) if self.is_common else Colour()
