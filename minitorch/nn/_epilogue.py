"""The fused convolution of evaluation, of separate operations: until the kernels can do it."""

from minitorch._ops.conv import conv2d
from minitorch._ops.norm import affine_act
from minitorch.autograd.grad_mode import no_grad


def conv2d_epilogue(
    input, weight, stride, padding, dilation, groups, scale, offset, residual, relu
):
    """relu(conv2d(input, weight) * scale + offset + residual), unrecorded."""
    with no_grad():
        if scale is None:
            y = conv2d(input, weight, offset, stride, padding, dilation, groups)
            if residual is not None:
                y = y + residual
            return y.relu() if relu else y
        y = conv2d(input, weight, None, stride, padding, dilation, groups)
        if residual is not None and residual.stride() != y.stride():
            y = affine_act(y, scale, offset, None, False) + residual
            return y.relu() if relu else y
        return affine_act(y, scale, offset, residual, relu)
