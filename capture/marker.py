"""Public interface for reading QR codes; the reader itself is ``capture.codes.qr_reader``."""

from capture.codes.qr_reader import Code, read_codes

__all__ = ["Code", "read_codes"]
