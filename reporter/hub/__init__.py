"""What a hub knows beside gatherings: organizations, their members, the kiosks that are paired. PostgreSQL only."""
