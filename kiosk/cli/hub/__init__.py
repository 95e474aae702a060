"""``reporter hub``, ``reporter pair``, ``reporter push``."""
