"""Drives the benchmark: processes, peers, workloads and the report of `bench/run`."""
