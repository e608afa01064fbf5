"""Who may come in: organizations, people with badges, PINs and passwords, API keys of integrators.

Example::

    organization = create_organization(store, "Acme", ["traceability"])
    key, secret = create_key(store, organization_id=organization.id, label="ERP", scopes=["inventory:write"])
    principal = key_for(store, secret)
    principal.allows("inventory", "read")   # True
"""

from ambra_tui.services.access.credentials import (
    badge_at,
    check_password,
    check_password_of,
    check_pin,
    check_pin_of,
    counted,
    sign_in,
)
from ambra_tui.services.access.keys import (
    ANY_EDITION,
    EDITIONS,
    LIVE_PREFIX,
    SANDBOX_PREFIX,
    add_key,
    checked_scopes,
    create_key,
    list_keys,
    revoke_key,
)
from ambra_tui.services.access.organizations import MAX_NAME, create_organization, sandbox_of
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
from ambra_tui.services.access.plans import PLANS
from ambra_tui.services.access.principals import KEY_CACHE_MILLISECONDS, Principal, forget_keys, key_for
from ambra_tui.services.access.tries import FIRST_LOCK, FREE_TRIES, LOCKED, MAX_LOCK

__all__ = [
    "ANY_EDITION",
    "EDITIONS",
    "FIRST_LOCK",
    "FREE_TRIES",
    "KEY_CACHE_MILLISECONDS",
    "LIVE_PREFIX",
    "LOCKED",
    "MAX_BADGE",
    "MAX_LOCK",
    "MAX_NAME",
    "MAX_PASSWORD",
    "MIN_PASSWORD",
    "PLANS",
    "SANDBOX_PREFIX",
    "Principal",
    "add_key",
    "badge_at",
    "change_badge",
    "check_password",
    "check_password_of",
    "check_pin",
    "check_pin_of",
    "checked_password",
    "checked_scopes",
    "counted",
    "create_key",
    "create_organization",
    "create_user",
    "find_user",
    "forget_keys",
    "key_for",
    "list_keys",
    "lock_badge",
    "open_badge",
    "revoke_key",
    "sandbox_of",
    "set_language",
    "set_password",
    "set_pin",
    "sign_in",
    "user_by_badge",
]
