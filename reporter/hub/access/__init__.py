"""How members get in: their sign-ins, passkeys, and identities at their organization's provider."""
