"""The design review: what each part of a network adds to the loss, and what to do about it."""
