"""Nodes written in Python, for operations too rare to be worth a compiled one."""

from minitorch._core.grad_mode import is_grad_enabled
from minitorch._core.node import FREED
from minitorch._core.record import PythonNode, save_tensor


class RareNode(PythonNode):
    """Keeps tensors until the graph is released; a subclass writes `slopes`."""

    _kept = None

    def record(self, out, inputs, keep_output=False):
        """Make `out` this node's result and keep the inputs, and `out` after them if asked.

        Does nothing where autograd does not look.
        """
        if not is_grad_enabled() or not any(t.requires_grad for t in inputs):
            return out
        self._connect(list(inputs))
        self._set_output(out, 0)
        self._kept = [save_tensor(t) for t in inputs]
        if keep_output:
            self._kept.append(save_tensor(out, True))
        return out

    def slopes(self, g):
        """The gradients of the inputs, of that of the result: of differentiable operations."""
        raise NotImplementedError

    def _backward(self, grads):
        if grads[0] is None:
            return (None,) * len(self.next_functions)
        return self.slopes(grads[0])

    def unpacked(self):
        """The tensors that were kept."""
        if self._kept is None:
            raise RuntimeError(FREED)
        return [kept.unpack_for(self) for kept in self._kept]

    def _release(self):
        self._kept = None
