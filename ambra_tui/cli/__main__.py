"""``python -m ambra_tui.cli`` is the command `ambra`."""

import sys

from ambra_tui.cli import main

sys.exit(main())
