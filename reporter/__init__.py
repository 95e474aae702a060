"""The core: the data model and its rules. No views, no cameras, no network."""
