"""Who may come in: organizations, people with badges, PINs and passwords, API keys of integrators.

Example::

    organization = create_organization(store, "Acme", ["traceability"])
    key, secret = create_key(store, organization_id=organization.id, label="ERP", scopes=["inventory:write"])
    principal = key_for(store, secret)
    principal.allows("inventory", "read")   # True
"""

from ambra_tui.services.access.credentials import (
    badge_at,
    check_password_of,
    check_pin,
    check_pin_of,
    counted,
    sign_in,
)
from ambra_tui.services.access.keys import (
    ANY_EDITION,
    EDITIONS,
    GRACE_SECONDS,
    MAX_GRACE_SECONDS,
    ROTATE_AFTER,
    add_key,
    checked_scopes,
    create_key,
    find_key,
    is_rotation_due,
    key_by_id,
    list_keys,
    revoke_key,
    rotate_by,
    rotate_key,
    state_of,
)
from ambra_tui.services.access.limits import PLAIN_RULE, Standing, Window, admit, count_request
from ambra_tui.services.access.networks import checked_networks, is_within, read_address
from ambra_tui.services.access.organizations import (
    MAX_NAME,
    allowed_networks,
    create_organization,
    sandbox_of,
    set_allowed_networks,
)
from ambra_tui.services.access.people import (
    MAX_BADGE,
    MAX_PASSWORD,
    MIN_PASSWORD,
    change_badge,
    checked_password,
    create_user,
    find_user,
    lock_badge,
    open_badge,
    set_language,
    set_password,
    set_pin,
    user_by_badge,
)
from ambra_tui.services.access.plans import MAX_RATE_LIMIT, PLANS, LimitRule, Plan, Quota, quota_of
from ambra_tui.services.access.principals import Principal, forget_keys, is_known, key_for
from ambra_tui.services.access.texts import LIVE_PREFIX, SANDBOX_PREFIX
from ambra_tui.services.access.tries import FIRST_LOCK, FREE_TRIES, LOCKED, MAX_LOCK
from ambra_tui.services.access.usage import recent_notices

__all__ = [
    "ANY_EDITION",
    "EDITIONS",
    "FIRST_LOCK",
    "FREE_TRIES",
    "GRACE_SECONDS",
    "LIVE_PREFIX",
    "LOCKED",
    "MAX_BADGE",
    "MAX_GRACE_SECONDS",
    "MAX_LOCK",
    "MAX_NAME",
    "MAX_PASSWORD",
    "MAX_RATE_LIMIT",
    "MIN_PASSWORD",
    "PLAIN_RULE",
    "PLANS",
    "ROTATE_AFTER",
    "SANDBOX_PREFIX",
    "LimitRule",
    "Plan",
    "Principal",
    "Quota",
    "Standing",
    "Window",
    "add_key",
    "admit",
    "allowed_networks",
    "badge_at",
    "change_badge",
    "check_password_of",
    "check_pin",
    "check_pin_of",
    "checked_networks",
    "checked_password",
    "checked_scopes",
    "count_request",
    "counted",
    "create_key",
    "create_organization",
    "create_user",
    "find_key",
    "find_user",
    "forget_keys",
    "is_known",
    "is_rotation_due",
    "is_within",
    "key_by_id",
    "key_for",
    "list_keys",
    "lock_badge",
    "open_badge",
    "quota_of",
    "read_address",
    "recent_notices",
    "revoke_key",
    "rotate_by",
    "rotate_key",
    "sandbox_of",
    "set_allowed_networks",
    "set_language",
    "set_password",
    "set_pin",
    "sign_in",
    "state_of",
    "user_by_badge",
]
