# cython: auto_pickle=False
"""What an operation written in Python needs of the compiled floors.

An operation too rare for compiled code is a Python function; where PyTorch gives it a node of
its own, the node is a subclass of `RuleNode` beside it:

    class TraceBackward0(RuleNode):
        def slopes(self, grad):
            return (...,)

    def trace(input):
        return TraceBackward0.record(value, (input,), sizes=input.shape)
"""

from minitorch._core.dtype cimport FLOATING, cxx_name, dtype, type_name
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect_all, save, save_output, set_function, unpack
from minitorch._core.shape cimport wrap_dim
from minitorch._core.tensor cimport TensorBase
from minitorch._ops._base cimport check_tensor
from minitorch._ops.out cimport deliver_same
from minitorch._ops.array cimport array_of, from_array, numbers_of
from minitorch._ops.scalars cimport is_number
from minitorch._ops.view cimport dropped_axis_op, unsafe_view_op
from minitorch._ops.writing cimport deliver


cdef class RuleNode(Node):
    """A node whose derivative is the Python method `slopes`.

    ``slopes(*gradients of the outputs, *saved tensors)`` returns a tuple with one gradient or
    None for each input, made by differentiable operations.  `asked` tells which are wanted.
    """

    @classmethod
    def record(cls, outputs, inputs, saved=(), **facts):
        """Make `outputs`, a tensor or a tuple, results of this operation if one is to record.

        Parameters
        ----------
        outputs : Tensor or tuple of Tensor
            Fresh tensors; those of integers are passed over.
        inputs : tuple of (Tensor or None)
        saved : tuple of (Tensor or None)
            What `slopes` gets, inputs or outputs.
        **facts
            Attributes of the node.
        """
        cdef RuleNode node
        cdef list kept = []
        cdef tuple made = outputs if isinstance(outputs, tuple) else (outputs,)
        cdef int nr = 0
        if not grad_enabled() or not any([t is not None and t.requires_grad for t in inputs]):
            return outputs
        node = cls.__new__(cls)
        connect_all(node, list(inputs))
        node.__dict__.update(facts)
        for out in made:
            if (<TensorBase> out).dtype_.category == FLOATING:
                set_function(out, node, nr)
            nr += 1
        node.n_outputs = nr
        for t in saved:
            if t is None:
                kept.append(None)
            else:
                kept.append(save_output(t) if any([t is out for out in made]) else save(t))
        node.s0 = tuple(kept) if kept else None
        return outputs

    def asked(self, int i):
        """Whether the gradient of input `i` is asked for."""
        return self.needs(i)

    def slopes(self, *args):
        raise NotImplementedError(f"the derivative for '{self.name()}' is not implemented")

    cdef tuple apply(self, tuple grads):
        if self.freed:
            unpack(None, self)
        kept = [None if item is None else unpack(item, self) for item in self.s0 or ()]
        return self.slopes(*grads, *kept)

    def _saved(self, int slot):
        if self.freed:
            unpack(None, self)
        return unpack(self.s0[slot], self)


def numbers(TensorBase t):
    """The elements as an array to compute with; half precision is widened to float32."""
    return numbers_of(t)


def elements(TensorBase t):
    """The elements as an array over the same memory; bfloat16 shows as int16."""
    return array_of(t)


def tensor_of(array, dtype d):
    """A tensor of dtype `d` over an array of its elements, or of numbers to be cast."""
    return from_array(array, d)


def given(result, out):
    """The result itself, or copied into the tensor of its dtype given as `out=`."""
    return deliver_same(result, out, None)


def unsafe_view(TensorBase t, tuple sizes):
    """A fresh result in another shape, which is no view to the outside."""
    return unsafe_view_op(t, sizes)


def without_axis(TensorBase t, int dim):
    """A fresh result without an axis of size 1."""
    return dropped_axis_op(t, wrap_dim(dim, t.ndim_))


def given_cast(result, out):
    """The same where `out` may be of any dtype that holds the result's."""
    return deliver(result, out)


def tensor_arg(value, str where, str argument):
    """`value`, if it is a tensor."""
    return check_tensor(value, where, argument)


def wrapped(dim, int ndim):
    """An axis number counted from 0."""
    return wrap_dim(dim, ndim)


def scalar_type(dtype d):
    """The name of a dtype in PyTorch's errors: Float, Long."""
    return type_name(d)


def cxx_type(dtype d):
    """The name of a dtype's C++ type in PyTorch's errors: float, long int."""
    return cxx_name(d)


def is_scalar(value):
    """Whether a value is a Python (or numpy) number."""
    return is_number(value)
