"""Evidence that the kiosk loses nothing: crash rounds, system calls, power cuts, a crowd (``make reliability``)."""
