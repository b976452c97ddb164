"""The layers, one family a file; ``minitorch.nn`` gives them all."""
