"""Data retention: what is deleted automatically, when, and how it is announced."""
