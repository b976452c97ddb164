"""Floor 2: what one can do with tensors; per op: check, kernel, Node with its backward."""
