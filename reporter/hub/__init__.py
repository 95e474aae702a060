"""The hub's registry besides gatherings: organizations, members, paired kiosks. PostgreSQL only."""
