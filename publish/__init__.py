"""Out and back: posts, bundles, targets, the outbox with its ledger, and replies."""
