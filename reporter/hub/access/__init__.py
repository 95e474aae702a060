"""Authentication of members: sign-ins, passkeys, and identities at their organization's provider."""
