"""The events of each edition: one file an edition, which exports `EVENTS`."""
