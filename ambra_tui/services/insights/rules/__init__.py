"""One module for each type of insight; each exports `RULE`."""
