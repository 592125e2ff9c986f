"""Pure functions on arrays: the digital twins, the attack sampler and their random draws."""
