"""The core: what a takeaway is. No views, no cameras, no network."""
