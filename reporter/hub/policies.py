"""Row-level security policies of the registry (see ``reporter.database.row_security``)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from reporter.database.row_security import MIGRATING, WEB_ROLE
from reporter.database.tenant_tables import ORGANIZATION, current

_OURS = f"organization_id = {current(ORGANIZATION)}"
_ACCOUNT = "NULLIF(current_setting('app.account', true), '')::uuid"
_MEMBERSHIPS = f"SELECT organization_id FROM hub_member WHERE account_id = {_ACCOUNT}"  # noqa: S608
_COLLEAGUES = f"SELECT account_id FROM hub_member WHERE {_OURS}"  # noqa: S608
_MINE = f"organization_id IN ({_MEMBERSHIPS})"
_KEY = "NULLIF(current_setting('app.key', true), '')"
# A worker looks for work in every organization's gatherings, and then works for one of them.
_WORKER = f"(current_setting('app.worker', true) = 'on' AND current_user <> '{WEB_ROLE}')"

# A provider vouches for members of its own organization: a sign-in with it gives access to no other.
_ONLY = "NULLIF(current_setting('app.only', true), '')::uuid"
MEMBER_SEEN = (
    f"{_OURS} OR (account_id = {_ACCOUNT} AND ({_ONLY} IS NULL OR organization_id = {_ONLY}))"
)

# A public page's name shows whose it is, to whoever asks for exactly that name.
ORGANIZATION_SEEN = (
    f"id = {current(ORGANIZATION)} OR id IN ({_MEMBERSHIPS}) OR public_name = {_KEY}"
)


@dataclass(frozen=True)
class Policy:
    """Policy of a table: which rows are visible, and which may be written."""

    table: str
    seen: str
    made: str


POLICIES = (
    Policy(
        "hub_organization",
        f"id = {current(ORGANIZATION)} OR id IN ({_MEMBERSHIPS})",
        f"id = {current(ORGANIZATION)}",
    ),
    Policy("hub_gathering", f"{_OURS} OR {_MINE} OR {_WORKER}", f"{_OURS} OR {_WORKER}"),
    # A person who is signing in has given an address; afterwards it is the account itself, or
    # others of the organization.
    Policy(
        "hub_account",
        f"id = {_ACCOUNT} OR email = {_KEY} OR id IN ({_COLLEAGUES})",
        f"id = {_ACCOUNT}",
    ),
    Policy("hub_member", f"{_OURS} OR account_id = {_ACCOUNT}", _OURS),
    Policy("hub_invitation", f"{_OURS} OR digest = {_KEY}", _OURS),
    Policy("hub_pairing", f"{_OURS} OR digest = {_KEY}", _OURS),
    Policy("hub_kiosk", f"{_OURS} OR token_digest = {_KEY}", _OURS),
    Policy(
        "hub_sign_in", f"account_id = {_ACCOUNT} OR digest = {_KEY}", f"account_id = {_ACCOUNT}"
    ),
)

# Tables for signing in; with them, the policy of hub_member becomes MEMBER_SEEN.
SIGN_IN_POLICIES = (
    Policy(
        "hub_passkey",
        f"account_id = {_ACCOUNT} OR credential_id = {_KEY}",
        f"account_id = {_ACCOUNT}",
    ),
    # Anybody may delete what has expired.
    Policy(
        "hub_spent",
        f"digest = {_KEY} OR expires_at <= timezone('utc', now())",
        f"digest = {_KEY}",
    ),
    Policy("hub_provider", f"{_OURS} OR short_name = {_KEY} OR {_MINE}", _OURS),
    Policy(
        "hub_identity",
        f"{_OURS} OR account_id = {_ACCOUNT}",
        f"{_OURS} AND account_id = {_ACCOUNT}",
    ),
)


def statements(policy: Policy) -> list[TextClause]:
    """SQL statements that create a policy."""
    return [
        text(f"ALTER TABLE {policy.table} ENABLE ROW LEVEL SECURITY"),
        text(f"ALTER TABLE {policy.table} FORCE ROW LEVEL SECURITY"),
        text(
            f"CREATE POLICY own ON {policy.table} USING ({policy.seen}) WITH CHECK ({policy.made})"
        ),
        text(
            f"CREATE POLICY migrating ON {policy.table} USING ({MIGRATING}) WITH CHECK ({MIGRATING})"
        ),
    ]
