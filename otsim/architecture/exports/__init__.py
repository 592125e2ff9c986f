"""Techniques, flows and attack trees -> files of other tools."""
