"""AdaptiveLogSoftmaxWithLoss: an output layer for very many classes."""

from typing import NamedTuple

from minitorch._core.tensor import TensorBase
from minitorch._ops.join import cat
from minitorch.nn import functional as F
from minitorch.nn.modules.container import ModuleList, Sequential
from minitorch.nn.modules.linear import Linear
from minitorch.nn.modules.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` returns."""

    output: TensorBase
    loss: TensorBase


class AdaptiveLogSoftmaxWithLoss(Module):
    """A log-softmax whose rarer classes stand in clusters, each behind a smaller layer.

    The head gives the logarithms of the probabilities of the commonest classes and of each
    cluster; a cluster's layers give those of its classes within it, and are computed only for
    examples that need them. Source: Grave et al., arXiv:1609.04309.

    Parameters
    ----------
    in_features : int
        Features of the input.
    n_classes : int
        Number of classes, numbered from the commonest to the rarest.
    cutoffs : sequence of int
        The numbers at which clusters begin, rising, each between 1 and ``n_classes - 1``.
    div_value : float
        Each cluster's inner layer is narrower than the one before by this factor (default 4).
    head_bias : bool
        Whether the head has a bias (default False).
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        If `cutoffs` is empty, out of order or out of range.
    RuntimeError
        In the call, if input and target do not fit or a target is no class.

    Notes
    -----
    Shape: input (N, in_features) or (in_features), target (N) or (). The result is a named pair:
    `output` (N) or (), the logarithm of each target's probability, and `loss`, minus its mean.
    """

    def __init__(self, in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None,
                 dtype=None):
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if cutoffs != sorted(set(cutoffs)) or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1 \
                or any(int(cutoff) != cutoff for cutoff in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an "
                "increasing order, where each value is between 1 and n_classes-1")
        factory = {"device": device, "dtype": dtype}
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, **factory)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            narrow = int(in_features // div_value ** (i + 1))
            self.tail.append(Sequential(
                Linear(in_features, narrow, bias=False, **factory),
                Linear(narrow, self.cutoffs[i + 1] - self.cutoffs[i], bias=False, **factory)))

    def reset_parameters(self):
        """Draw the weights of all layers anew."""
        self.head.reset_parameters()
        for inner, outer in self.tail:
            inner.reset_parameters()
            outer.reset_parameters()

    def forward(self, input_, target_):
        self._check(input_, target_)
        batched = target_.dim() > 0
        input, target = (input_, target_) if batched else (input_.unsqueeze(0),
                                                           target_.unsqueeze(0))
        places = target.new_empty(target.shape)
        output = input.new_zeros(target.shape)
        found = 0
        for i, (low, high) in enumerate(zip([0, *self.cutoffs[:-1]], self.cutoffs, strict=True)):
            rows = ((target >= low) & (target < high)).nonzero().reshape(-1)
            if rows.numel() == 0:
                continue
            found += rows.numel()
            inner = target.index_select(0, rows) - low
            if i == 0:
                places.index_copy_(0, rows, inner)
                continue
            within = F.log_softmax(self.tail[i - 1](input.index_select(0, rows)), dim=1)
            places.index_fill_(0, rows, self.shortlist_size + i - 1)
            output.index_copy_(0, rows, within.gather(1, inner.unsqueeze(1)).squeeze(1))
        if found != target.shape[0]:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. ")
        head = F.log_softmax(self.head(input), dim=1)
        # each rest the sum of two logarithms: of the cluster, and of the class within it
        output += head.gather(1, places.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def _check(self, input, target):
        if target.dim() == 1:
            if input.shape[0] != target.shape[0]:
                raise RuntimeError(
                    "Input and target should have the same size in the batch dimension.")
            if input.dim() != 2:
                raise RuntimeError("1D target tensor expects 2D input tensors, but found inputs "
                                   f"with size {input.shape}")
        elif target.dim() == 0:
            if input.dim() != 1:
                raise RuntimeError("0D target tensor expects 1D input tensors, but found inputs "
                                   f"with size {input.shape}")
        else:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")

    def log_prob(self, input):
        """The logarithms of the probabilities of all classes: (N, n_classes)."""
        return self._spread(input, self.head(input))

    def _spread(self, input, head_output):
        head = F.log_softmax(head_output, dim=1)
        parts = [head[:, :self.shortlist_size]]
        for i, layers in enumerate(self.tail):
            cluster = head[:, self.shortlist_size + i].unsqueeze(1)
            parts.append(F.log_softmax(layers(input), dim=1) + cluster)
        return cat(parts, 1)

    def predict(self, input):
        """The likeliest class of each row: (N).

        Clusters are looked into only for rows whose likeliest entry of the head is a cluster.
        """
        head_output = self.head(input)
        output = head_output.argmax(dim=1)
        rare = output >= self.shortlist_size
        if rare.any():
            output[rare] = self._spread(input[rare], head_output[rare]).argmax(dim=1)
        return output
