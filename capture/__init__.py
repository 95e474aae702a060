"""Intake: bytes come in, a safe original and ready renditions come out."""
