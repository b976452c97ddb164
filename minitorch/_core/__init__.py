"""Floor 1: what a tensor is: dtype, storage, shape, graph node, engine."""
