"""How long things are kept: what goes by itself, when, and what is said before."""
