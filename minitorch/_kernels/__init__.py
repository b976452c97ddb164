"""Floor 0: numbers.  Pointers, sizes and strides; no Python object, no tensor."""
