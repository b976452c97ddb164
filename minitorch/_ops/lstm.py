"""One layer of an LSTM over padded sequences, as one operation.

Source: Hochreiter and Schmidhuber 1997; the gates as in `recurrent`, which has the definition made
of single operations. That one serves wherever this one does not reach: other dtypes, packed
sequences, projections, and the derivatives of the derivative.
"""

from minitorch._core.dtype import float32, float64
from minitorch._core.engine import run_backward
from minitorch._core.grad_mode import is_grad_enabled
from minitorch._ops.creation import zeros_like
from minitorch._ops.linear import mm
from minitorch._ops.lstm_steps import backward, forward
from minitorch._ops.rule import RuleNode

__all__ = ["fits", "lstm_layer"]

# Rows of a batch up to which the steps take it as it lies; see `lstm_steps`.
FEW = 20


def fits(*tensors):
    """Whether `lstm_layer` takes these: of one dtype, float32 or float64, and not empty."""
    dtype = tensors[0].dtype
    return dtype in (float32, float64) and all(t.dtype is dtype and t.numel() for t in tensors)


def turns(batch):
    """Whether the steps run with the batch as the last axis: for many rows, and for one."""
    return batch == 1 or batch > FEW


def arranged(t, turn):
    """`t` as the steps take it, or what they gave as it was: contiguous, without history."""
    t = t.detach()
    if turn and 1 in t.shape[-2:]:
        # as it lies, without a copy where it lies densely; the reshape makes its strides plain
        return t.contiguous().reshape(*t.shape[:-2], t.shape[-1], t.shape[-2])
    return (t.transpose(-2, -1) if turn else t).contiguous()


def own(t, turn):
    """The same in memory of its own."""
    made = arranged(t, turn)
    return made.clone() if made.data_ptr() == t.data_ptr() else made


class MkldnnRnnLayerBackward0(RuleNode):
    """The gradients of the products with the input, both first states and the weight."""

    def slopes(self, grad, grad_h, grad_c, gates, h, c, weight, activations, cells, outputs):
        """By the kernels; where the derivative is to be differentiated, by single operations."""
        if is_grad_enabled():
            return self.differentiable((grad, grad_h, grad_c), (gates, h, c, weight))
        turn, last = turns(h.shape[0]), 0 if self.reverse else -1
        grads = zeros_like(cells) if grad is None else own(grad, turn)
        if grad_h is not None:
            grads[last] += arranged(grad_h, turn)
        slope = zeros_like(cells[0]) if grad_c is None else own(grad_c, turn)
        products, first = backward(grads, slope, activations, cells, arranged(c, turn),
                                   arranged(weight, turn), self.reverse, turn)
        products = arranged(products, turn)
        return (products, arranged(first, turn), arranged(slope, turn),
                self.of_weight(products, h, outputs) if self.asked(3) else None)

    def of_weight(self, products, h, outputs):
        """The sum over steps of the products' gradients times the hidden states before."""
        steps, _, rows = products.shape
        inner, start = (slice(0, -1), -1) if self.reverse else (slice(1, None), 0)
        made = mm(products[start].t(), h)
        if steps > 1:
            before = outputs[1:] if self.reverse else outputs[:-1]
            made += mm(products[inner].reshape(-1, rows).t(), before.reshape(-1, h.shape[1]))
        return made

    def differentiable(self, grads, inputs):
        """The same from the graph of the layer made of single operations."""
        made = self.composed(*inputs)
        pairs = [pair for pair in zip(made, grads, strict=True) if pair[1] is not None]
        wanted = [i for i in range(4) if self.asked(i)]
        found = run_backward(tuple(out for out, _ in pairs), tuple(grad for _, grad in pairs),
                             True, True, tuple(inputs[i] for i in wanted), True, False)
        results = dict(zip(wanted, found, strict=True))
        return tuple(results.get(i) for i in range(4))


def lstm_layer(gates, h, c, weight, reverse, composed):
    """Run one layer in one direction.

    Parameters
    ----------
    gates : Tensor
        (steps, batch, 4 H), the products with the input and all biases; may be overwritten.
    h, c : Tensor
        (batch, H), the first states.
    weight : Tensor
        (4 H, H), of the hidden state.
    reverse : bool
        Begin at the end.
    composed : callable
        ``composed(gates, h, c, weight)``, the same of single operations.

    Returns
    -------
    (Tensor, Tensor, Tensor)
        The hidden states, (steps, batch, H), and the last of them and of the cells, (batch, H).
    """
    turn, last = turns(h.shape[0]), 0 if reverse else -1
    recorded = is_grad_enabled() and any(t.requires_grad for t in (gates, h, c, weight))
    # the second derivative wants the products; else their memory serves for the activations
    activations = (own if recorded else arranged)(gates, turn)
    hiddens, cells = forward(activations, weight.detach().contiguous(), arranged(h, turn),
                             arranged(c, turn), reverse, turn)
    outputs = arranged(hiddens, turn)
    made = (outputs, own(hiddens[last], turn), own(cells[last], turn))
    return MkldnnRnnLayerBackward0.record(
        made, (gates, h, c, weight), (gates, h, c, weight, activations, cells, outputs),
        reverse=reverse, composed=composed)
