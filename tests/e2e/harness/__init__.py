"""The end-to-end harness: what a scenario stands on (processes, servers, clients, proxies)."""
