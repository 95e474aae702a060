"""Intake: uploads come in; safe originals and finished renditions come out."""
