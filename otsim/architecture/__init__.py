"""What one does with an architecture: generate, import, export, and find its attack graph."""
