"""Trials of the commerce edition, a module for each noun, written as those in `ambra_trials`."""
