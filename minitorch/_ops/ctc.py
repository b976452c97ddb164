"""The loss of connectionist temporal classification.

Source: Graves et al., "Connectionist Temporal Classification" (2006). The sums over all
alignments run in logarithms over the extended labels: a blank before, between and after the
labels.
"""

import numpy

from minitorch._core.dtype import TYPE_NAMES, float64, int32, int64
from minitorch._ops.creation import from_numpy, tensor
from minitorch._ops.rule import RuleNode


def _sum_logs(logs):
    """log(sum(exp(logs))) over the last axis; minus infinity where nothing is summed."""
    top = logs.max(-1)
    safe = numpy.where(numpy.isfinite(top), top, 0)
    with numpy.errstate(divide="ignore"):
        return numpy.log(numpy.exp(logs - safe[..., None]).sum(-1)) + safe


def _shifted(states, by, allowed=None):
    """The states `by` places earlier (later, if negative); minus infinity at the border."""
    moved = numpy.full_like(states, -numpy.inf)
    if by > 0:
        moved[:, by:] = states[:, :-by]
    else:
        moved[:, :by] = states[:, -by:]
    return moved if allowed is None else numpy.where(allowed, moved, -numpy.inf)


class _Lattice:
    """Batches of extended labels and the log-probabilities of their states.

    `logs` is (T, N, C); `labels` (N, S) is padded with blanks; lengths are arrays (N).
    """

    def __init__(self, logs, labels, input_lengths, target_lengths, blank):
        count, longest = labels.shape
        self.extended = numpy.full((count, 2 * longest + 1), blank)
        self.extended[:, 1::2] = labels
        self.steps, self.last = input_lengths - 1, 2 * target_lengths
        self.rows = numpy.arange(count)
        self.scores = numpy.take_along_axis(
            logs, numpy.broadcast_to(self.extended, (len(logs), *self.extended.shape)), 2)
        # from a label to the next without a blank, unless they are the same
        self.skips = numpy.zeros(self.extended.shape, bool)
        self.skips[:, 3::2] = labels[:, 1:] != labels[:, :-1]

    def forward(self):
        """For each step and state, the log-probability of all beginnings that end there."""
        found = numpy.full(self.scores.shape, -numpy.inf)
        found[:1, :, :2] = self.scores[:1, :, :2]
        for t in range(1, len(found)):
            before = found[t - 1]
            ways = [before, _shifted(before, 1), _shifted(before, 2, self.skips)]
            found[t] = _sum_logs(numpy.stack(ways, -1)) + self.scores[t]
        return found

    def backward(self):
        """For each step and state, the log-probability of all endings that start there."""
        found = numpy.full(self.scores.shape, -numpy.inf)
        skips = numpy.zeros_like(self.skips)
        skips[:, :-2] = self.skips[:, 2:]
        following = found[0] if len(found) else None
        for t in range(len(found) - 1, -1, -1):
            ways = [following, _shifted(following, -1), _shifted(following, -2, skips)]
            found[t] = _sum_logs(numpy.stack(ways, -1)) + self.scores[t]
            for n in self.rows[self.steps == t]:
                ends = slice(max(self.last[n] - 1, 0), self.last[n] + 1)
                found[t, n] = -numpy.inf
                found[t, n, ends] = self.scores[t, n, ends]
            following = found[t]
        return found

    def losses(self, forward):
        """The negative log-likelihood of each batch."""
        ended = numpy.where(self.last == 0, 0, numpy.inf)
        for n in self.rows[self.steps >= 0]:
            ends = slice(max(self.last[n] - 1, 0), self.last[n] + 1)
            ended[n] = -_sum_logs(forward[self.steps[n], n, ends])
        return ended


class CtcLossBackward0(RuleNode):
    """exp(log_probs) minus the share of the alignments that show each class at each step.

    As in PyTorch, that is the derivative by scores before a log_softmax, which leaves it as it
    is; a second derivative does not exist.
    """

    def slopes(self, g, log_probs):
        logs = log_probs.detach().to(float64).numpy()
        lattice = self.lattice
        # a step's own score is in both sums
        with numpy.errstate(invalid="ignore"):
            both = self.forward + lattice.backward() - lattice.scores
            shares = numpy.exp(both + self.losses[:, None])
            slope = numpy.exp(logs)
            for n in lattice.rows:
                numpy.subtract.at(slope[:, n], (slice(None), lattice.extended[n]), shares[:, n])
            slope *= g.detach().to(float64).numpy()[:, None]
        slope[numpy.arange(len(logs))[:, None] > lattice.steps] = 0
        if self.zero_infinity:
            slope[:, numpy.isinf(self.losses)] = 0
        return (from_numpy(slope).to(log_probs.dtype),)


def _lengths(value, count, name):
    array = numpy.array(value.tolist() if hasattr(value, "tolist") else value, dtype=numpy.int64)
    if array.size != count:
        raise RuntimeError(f"{name} must be of size batch_size")
    return array.reshape(-1)


def _padded(targets, target_lengths, blank):
    """The labels as (N, S), from that shape or from one row of all."""
    longest = int(target_lengths.max(initial=0))
    labels = numpy.full((len(target_lengths), longest), blank)
    rows = targets.numpy()
    start = 0
    for n, length in enumerate(target_lengths):
        labels[n, :length] = rows[n, :length] if rows.ndim == 2 else rows[start : start + length]
        start += length
    return labels


def ctc_losses(log_probs, targets, input_lengths, target_lengths, blank, zero_infinity):
    """The loss of each batch of (T, N, C) `log_probs`; see `minitorch.nn.functional.ctc_loss`."""
    count, classes = log_probs.shape[1:]
    if not log_probs.is_floating_point():
        raise NotImplementedError("\"ctc_loss_cpu\" not implemented for "
                                  f"'{TYPE_NAMES[str(log_probs.dtype)[6:]]}'")
    if targets.dtype not in (int64, int32):
        targets = targets.to(int64)
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    steps = _lengths(input_lengths, count, "input_lengths")
    sizes = _lengths(target_lengths, count, "target_lengths")
    if (steps < 0).any():
        raise RuntimeError("input_lengths must be non-negative")
    if (sizes < 0).any():
        raise RuntimeError("target_lengths must be non-negative")
    if (steps > log_probs.shape[0]).any():
        raise RuntimeError(f"Expected input_lengths to have value at most {log_probs.shape[0]}, "
                           f"but got value {steps.max()} (while checking arguments for "
                           "ctc_loss_cpu)")
    if targets.dim() == 1 and targets.numel() != sizes.sum():
        raise RuntimeError(f"Expected tensor to have size {sizes.sum()} at dimension 0, but got "
                           f"size {targets.numel()} for argument #2 'targets' (while checking "
                           "arguments for ctc_loss_cpu)")
    labels = _padded(targets, sizes, blank)
    logs = log_probs.detach().to(float64).numpy()
    lattice = _Lattice(logs, labels, steps, sizes, blank)
    forward = lattice.forward()
    losses = lattice.losses(forward)
    out = from_numpy(losses.copy()).to(log_probs.dtype)
    CtcLossBackward0.record(out, (log_probs,), (log_probs,), lattice=lattice, forward=forward,
                            losses=losses, zero_infinity=zero_infinity)
    return out, tensor(sizes.tolist()).to(log_probs.dtype)
