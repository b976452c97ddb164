"""normalize; the distances and likenesses of vectors have their words in ``_ops.distance``."""

from minitorch._ops.arithmetic import div
from minitorch._ops.distance import bilinear, cosine_similarity, pairwise_distance, pdist

__all__ = ["bilinear", "cosine_similarity", "normalize", "pairwise_distance", "pdist"]


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Divide vectors by their lengths: ``input / max(|input|_p, eps)``.

    Parameters
    ----------
    input : Tensor
        Floating point, any shape.
    p : float
        Of the norm.
    dim : int or tuple of int
        The dimensions of the vectors.
    eps : float
        The least length.
    out : Tensor, optional
        Takes the result; nothing is recorded then.
    """
    length = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return input / length if out is None else div(input, length, out=out)
