"""The Python SDK of AmbraWMS, by the name that integrators import: ``from ambrawms import AmbraWMS``."""

from ambra_tui.sdk import *  # noqa: F403  # the names are those of __all__
from ambra_tui.sdk import __all__ as __all__
