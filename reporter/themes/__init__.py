"""Themes: what the room said, across sessions and languages, and what an organizer decided about them."""
