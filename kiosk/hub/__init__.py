"""The same program for many gatherings: wired to PostgreSQL, to members instead of the laptop's own screen."""
