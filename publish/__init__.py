"""Publishing and replies: posts, bundles, targets, the outbox with its ledger, and conversations."""
