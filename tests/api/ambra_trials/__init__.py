"""Trials of the ambra edition, a module for each noun: `TRIALS` of its operations; perhaps `furnish`, which makes what
they name beside what every organization has, and `NEUTRAL`, the fields that name no thing. See `two_organizations`."""
