"""Measurements, run on demand: each prints ratios to a naive build of the same work, side by side in one run."""
