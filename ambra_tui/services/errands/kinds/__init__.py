"""What errands there are: every module here exports its `KINDS`, name -> Kind.

Example::

    KINDS = {"payment_capture": Kind(call=ask_gateway, apply=note_outcome, give_up=let_go)}
"""
