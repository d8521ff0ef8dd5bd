"""Benchmarks: what is promised of speed, measured side by side in one run. `python -m bench --help`."""
