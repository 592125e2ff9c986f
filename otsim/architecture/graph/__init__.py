"""Rule templates and an architecture -> the attack graph of that architecture."""
