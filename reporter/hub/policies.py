"""Which rows of the registry a transaction may see and make (see ``reporter.database.row_security``)."""

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

# A provider vouches for members of its own organization: with its sign-in one is a member of no other.
_ONLY = "NULLIF(current_setting('app.only', true), '')::uuid"
MEMBER_SEEN = (
    f"{_OURS} OR (account_id = {_ACCOUNT} AND ({_ONLY} IS NULL OR organization_id = {_ONLY}))"
)


@dataclass(frozen=True)
class Policy:
    """Of one table: which rows are seen, and which may be made or become what they are."""

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
    # Whoever signs in has shown an address; then it is the account itself, or others of the organization.
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

# Of how members get in; the policy of hub_member becomes MEMBER_SEEN with them.
SIGN_IN_POLICIES = (
    Policy(
        "hub_passkey",
        f"account_id = {_ACCOUNT} OR credential_id = {_KEY}",
        f"account_id = {_ACCOUNT}",
    ),
    # What has expired is anybody's to remove.
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
    """What sets a policy."""
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
