"""Edge: the command line, the web pages and the workers, which wire the other packages together."""
