"""Themes: topics across sessions and languages, and an organizer's decisions about them."""
