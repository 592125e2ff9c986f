"""The architecture file: YAML -> one checked `Architecture`, every fault with its place."""
