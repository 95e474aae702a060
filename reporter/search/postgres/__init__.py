"""PostgreSQL's full-text search behind ``SearchIndex``: what many kiosks and a hub search in, in place of Whoosh."""
