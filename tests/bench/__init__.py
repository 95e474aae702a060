"""Benchmarks: each row measures our program and a peer, or a limit of the machine, alternately in one
run. Ratios count.
"""
