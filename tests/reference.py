"""Slow reference implementations in numpy float64, written from the definitions.

They share no code with the package, use plain loops where loops are the definition, and take and
return numpy arrays. Shapes: N batch, C channels, H height, W width, K kernel.
"""

import itertools
import math

import numpy as np


def pair(value):
    """A pair of ints from an int or a pair."""
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """(N, C, H, W) with (O, C/groups, KH, KW): cross-correlation, one output at a time."""
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    kh, kw = weight.shape[2:]
    if isinstance(padding, str):
        total = [(0, 0) if padding == "valid" else (d * (k - 1),) * 2
                 for d, k in ((dh, kh), (dw, kw))]
        sides = [(t[0] // 2, t[0] - t[0] // 2) for t in total]
    else:
        sides = [(p, p) for p in pair(padding)]
    x = np.pad(x, [(0, 0), (0, 0), *sides])
    n, c, h, w = x.shape
    out_channels, per_group = weight.shape[:2]
    oh = (h - dh * (kh - 1) - 1) // sh + 1
    ow = (w - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((n, out_channels, oh, ow))
    for o in range(out_channels):
        first = o // (out_channels // groups) * per_group
        for i, j in itertools.product(range(oh), range(ow)):
            rows = slice(i * sh, i * sh + dh * (kh - 1) + 1, dh)
            columns = slice(j * sw, j * sw + dw * (kw - 1) + 1, dw)
            window = x[:, first : first + per_group, rows, columns]
            out[:, o, i, j] = (window * weight[o]).sum(axis=(1, 2, 3))
    return out if bias is None else out + bias[:, None, None]


def _windows(size, kernel, stride, padding, dilation, ceil_mode):
    """Start positions of the windows along one axis, PyTorch's rule for ceil_mode included."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-span // stride) if ceil_mode else span // stride) + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return [i * stride - padding for i in range(count)]


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Largest value of each window and its flat position in the (H, W) plane; ties: the first."""
    (kh, kw), (ph, pw), (dh, dw) = pair(kernel_size), pair(padding), pair(dilation)
    sh, sw = pair(kernel_size if stride is None else stride)
    h, w = x.shape[-2:]
    tops = _windows(h, kh, sh, ph, dh, ceil_mode)
    lefts = _windows(w, kw, sw, pw, dw, ceil_mode)
    lead = x.shape[:-2]
    out = np.full((*lead, len(tops), len(lefts)), -np.inf)
    where = np.zeros(out.shape, dtype=np.int64)
    for place in np.ndindex(*lead):
        for (i, top), (j, left) in itertools.product(enumerate(tops), enumerate(lefts)):
            spots = [
                (top + a * dh, left + b * dw)
                for a in range(kh)
                for b in range(kw)
                if 0 <= top + a * dh < h and 0 <= left + b * dw < w
            ]
            row, column = max(spots, key=lambda spot, place=place: x[place][spot])
            out[(*place, i, j)] = x[place][row, column]
            where[(*place, i, j)] = row * w + column
    return out, where


def avg_pool2d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Mean of each window; padding counts as zeros, and in the divisor unless told otherwise."""
    (kh, kw), (ph, pw) = pair(kernel_size), pair(padding)
    sh, sw = pair(kernel_size if stride is None else stride)
    h, w = x.shape[-2:]
    tops = _windows(h, kh, sh, ph, 1, ceil_mode)
    lefts = _windows(w, kw, sw, pw, 1, ceil_mode)
    out = np.zeros((*x.shape[:-2], len(tops), len(lefts)))
    for (i, top), (j, left) in itertools.product(enumerate(tops), enumerate(lefts)):
        bottom, right = min(top + kh, h + ph), min(left + kw, w + pw)
        padded = (bottom - top) * (right - left)
        window = x[..., max(top, 0) : min(bottom, h), max(left, 0) : min(right, w)]
        inside = window.shape[-2] * window.shape[-1]
        divisor = divisor_override or (padded if count_include_pad else inside)
        out[..., i, j] = window.sum(axis=(-2, -1)) / divisor
    return out


def adaptive_avg_pool2d(x, output_size):
    """Output cell i is the mean over rows floor(i*h/m) .. ceil((i+1)*h/m)."""
    h, w = x.shape[-2:]
    if isinstance(output_size, int):
        output_size = (output_size, output_size)
    oh, ow = (given or size for given, size in zip(output_size, (h, w), strict=True))
    out = np.zeros((*x.shape[:-2], oh, ow))
    for i, j in itertools.product(range(oh), range(ow)):
        rows = slice(i * h // oh, -(-(i + 1) * h // oh))
        columns = slice(j * w // ow, -(-(j + 1) * w // ow))
        out[..., i, j] = x[..., rows, columns].mean(axis=(-2, -1))
    return out


def batch_norm(
    x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """Normalise each channel (axis 1) by its batch or running mean and (biased) variance."""
    axes = (0, *range(2, x.ndim))
    shape = (1, -1, *[1] * (x.ndim - 2))
    mean = x.mean(axis=axes) if training else running_mean
    var = x.var(axis=axes) if training else running_var
    out = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + eps)
    if weight is not None:
        out = out * weight.reshape(shape)
    return out if bias is None else out + bias.reshape(shape)


def log_softmax(x, dim):
    """x - log(sum(exp(x))) along `dim`, shifted by the maximum."""
    shifted = x - x.max(axis=dim, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))


def softmax(x, dim):
    """exp(x) / sum(exp(x)) along `dim`."""
    return np.exp(log_softmax(x, dim))


def reduce_loss(values, reduction, weight_sum=None):
    """Apply "none", "sum" or "mean", the last with an own divisor where one is given."""
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    return values.sum() / (values.size if weight_sum is None else weight_sum)


def nll_loss(logp, target, weight=None, ignore_index=-100, reduction="mean"):
    """-w[t] * logp[t] per item; (N, C) or (N, C, d...) or (C,)."""
    if logp.ndim == 1:
        return nll_loss(logp[None], np.array([target]), weight, ignore_index, _unbatched(reduction))
    weight = np.ones(logp.shape[1]) if weight is None else weight
    out = np.zeros(target.shape)
    total = 0.0
    for place in np.ndindex(*target.shape):
        label = int(target[place])
        if label == ignore_index:
            continue
        out[place] = -weight[label] * logp[(place[0], label, *place[1:])]
        total += weight[label]
    return reduce_loss(out, reduction, total)


def _unbatched(reduction):
    return "sum" if reduction == "none" else reduction


def cross_entropy(
    x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """Cross entropy of logits with class indices, or with probabilities of the shape of x."""
    axis = 0 if x.ndim == 1 else 1
    logp = log_softmax(x, axis)
    classes = x.shape[axis]
    weight = np.ones(classes) if weight is None else weight
    if np.asarray(target).dtype.kind == "f":
        return _soft_cross_entropy(logp, target, weight, axis, reduction, label_smoothing)
    hard = nll_loss(logp, target, weight, ignore_index, "none" if x.ndim > 1 else "sum")
    kept = np.asarray(target) != ignore_index
    shape = [1] * x.ndim
    shape[axis] = classes
    smooth = -(logp * weight.reshape(shape)).sum(axis=axis) * kept / classes
    values = (1 - label_smoothing) * hard + label_smoothing * smooth
    total = weight[np.where(kept, target, 0)][kept].sum() if x.ndim > 1 else weight[int(target)]
    return reduce_loss(np.asarray(values), reduction, total)


def _soft_cross_entropy(logp, target, weight, axis, reduction, label_smoothing):
    classes = logp.shape[axis]
    target = (1 - label_smoothing) * target + label_smoothing / classes
    shape = [1] * logp.ndim
    shape[axis] = classes
    values = -(logp * target * weight.reshape(shape)).sum(axis=axis)
    items = max(1, values.size)
    return reduce_loss(values, reduction, items)


def cosine_similarity(a, b, dim=1, eps=1e-8):
    """a.b / (max(|a|, eps) max(|b|, eps)) along an axis."""
    a, b = np.broadcast_arrays(a, b)
    lengths = [np.maximum(np.sqrt((x**2).sum(dim)), eps) for x in (a, b)]
    return (a * b).sum(dim) / (lengths[0] * lengths[1])


def gather(x, dim, index):
    """out[i][j] = x[index[i][j]][j] for dim 0, and so on; index may be smaller than x."""
    out = np.zeros(index.shape, dtype=x.dtype)
    for place in np.ndindex(*index.shape):
        source = list(place)
        source[dim] = index[place]
        out[place] = x[tuple(source)]
    return out


def scatter(x, dim, index, source, add=False):
    """The reverse of :func:`gather`: writes (or adds) `source` at the places `index` names."""
    out = x.copy()
    for place in np.ndindex(*index.shape):
        target = list(place)
        target[dim] = index[place]
        value = source if np.isscalar(source) else source[place]
        out[tuple(target)] = out[tuple(target)] + value if add else value
    return out


def embedding(index, weight):
    """Rows of `weight`."""
    return weight[index]


def normal_cdf(x):
    """Standard normal distribution function."""
    return np.vectorize(lambda v: 0.5 * math.erfc(-v / math.sqrt(2.0)), otypes=[float])(x)


def erf(x):
    """Error function."""
    return np.vectorize(math.erf, otypes=[float])(x)
