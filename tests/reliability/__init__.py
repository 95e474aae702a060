"""How the kiosk is shown to lose nothing: crash rounds, system calls, power cuts, a crowd (``make reliability``)."""
