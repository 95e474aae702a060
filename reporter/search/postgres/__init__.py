"""``SearchIndex`` on PostgreSQL's full-text search: used instead of Whoosh on a hub, for many kiosks."""
