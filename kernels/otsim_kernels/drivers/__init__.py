"""How a tick is driven: which loops, batches and devices a twin runs in."""
