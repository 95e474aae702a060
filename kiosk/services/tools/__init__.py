"""Occasional tasks of an organizer at the desk: copies on sticks, checks, one task at a time."""
