"""Acts that a worker may take back: one module per kind exports `ACT`, which knows how.

Example::

    from ambra_tui.services.acts import _trail
    _trail.undo(session, act, idempotency_key="step-9")
"""
