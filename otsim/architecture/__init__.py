"""The network of a plant: zones, conduits, assets, weaknesses and what protects them."""
