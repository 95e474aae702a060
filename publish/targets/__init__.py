"""Places to publish to, one module each."""
