"""Commands of `ambra`: one module each, exporting `COMMAND` (see `ambra_tui.cli.command`)."""
