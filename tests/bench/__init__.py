"""Benchmarks: each row measures us and a peer, or a limit of the machine, in turns in one run. Ratios count."""
