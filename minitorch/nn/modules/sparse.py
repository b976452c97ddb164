"""Embedding and EmbeddingBag: tables of vectors, looked up by number."""

from minitorch._ops.creation import empty
from minitorch.autograd.grad_mode import no_grad
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.functional.sparse import wrap_padding
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


def _refuse_sparse(name, sparse):
    if sparse:
        raise NotImplementedError(f"{name}(): argument 'sparse' is not supported, got {sparse!r}")


class _Table(Module):
    """A table of vectors, with a row of zeros for the padding."""

    def _set_table(self, rows, columns, padding_idx, weight, requires_grad, device, dtype, name):
        self.num_embeddings = rows
        self.embedding_dim = columns
        self.padding_idx = wrap_padding(padding_idx, rows, name)
        if weight is None:
            made = empty((rows, columns), device=device, dtype=dtype)
            self.weight = Parameter(made, requires_grad=requires_grad)
            self.reset_parameters()
        else:
            if list(weight.shape) != [rows, columns]:
                raise AssertionError(
                    "Shape of weight does not match num_embeddings and embedding_dim"
                )
            self.weight = Parameter(weight, requires_grad=requires_grad)

    def reset_parameters(self):
        """Draw the table anew from the standard normal distribution; the padding row is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)


class Embedding(_Table):
    """A table of vectors, looked up by number.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        Rows and columns of the table.
    padding_idx : int, optional
        A row that starts as zeros and gets no gradient.
    max_norm : float, optional
        Scale the named rows down to this length at each call, in place.
    norm_type : float
        The p of that length (default 2).
    scale_grad_by_freq : bool
        Divide the gradient of a row by how often it was named.
    sparse : bool
        Not supported: gradients are dense.
    device, dtype : optional
        Of the table.

    Raises
    ------
    AssertionError
        If `padding_idx` is out of range, as in PyTorch.
    NotImplementedError
        For `sparse`.

    Notes
    -----
    Shape: input int64 (*), output (*, embedding_dim); weight (num_embeddings, embedding_dim),
    drawn from the standard normal distribution.
    """

    __constants__ = [
        "num_embeddings",
        "embedding_dim",
        "padding_idx",
        "max_norm",
        "norm_type",
        "scale_grad_by_freq",
        "sparse",
    ]

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
        _weight=None,
        _freeze=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        _refuse_sparse("Embedding", sparse)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self._set_table(
            num_embeddings,
            embedding_dim,
            padding_idx,
            _weight,
            not _freeze,
            device,
            dtype,
            "Padding_idx",
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings,
        freeze=True,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
    ):
        """Make a module of a given (V, D) table, which `freeze` keeps from learning."""
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        return cls(
            *embeddings.shape,
            _weight=embeddings,
            _freeze=freeze,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
        )

    def forward(self, input):
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self):
        words = [str(self.num_embeddings), str(self.embedding_dim)]
        words += [
            f"{name}={getattr(self, name)}"
            for name, default in (
                ("padding_idx", None),
                ("max_norm", None),
                ("norm_type", 2),
                ("scale_grad_by_freq", False),
            )
            if getattr(self, name) != default
        ]
        return ", ".join(words)


class EmbeddingBag(_Table):
    """Sums, means or maxima of the rows that bags of numbers name.

    Parameters
    ----------
    num_embeddings, embedding_dim, max_norm, norm_type, scale_grad_by_freq, sparse
        As in :class:`Embedding`.
    mode : {"mean", "sum", "max"}
        What is made of the rows of a bag.
    include_last_offset : bool
        The offsets end with the number of all entries.
    padding_idx : int, optional
        A row that does not count.
    device, dtype : optional
        Of the table.

    Notes
    -----
    Shape: input (B, N), or (M) with the starts of the bags, (B); output (B, embedding_dim).
    """

    __constants__ = [
        "num_embeddings",
        "embedding_dim",
        "max_norm",
        "norm_type",
        "scale_grad_by_freq",
        "mode",
        "sparse",
        "include_last_offset",
        "padding_idx",
    ]

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        mode="mean",
        sparse=False,
        _weight=None,
        include_last_offset=False,
        padding_idx=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        _refuse_sparse("EmbeddingBag", sparse)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self._set_table(
            num_embeddings,
            embedding_dim,
            padding_idx,
            _weight,
            True,
            device,
            dtype,
            "padding_idx",
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings,
        freeze=True,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        mode="mean",
        sparse=False,
        include_last_offset=False,
        padding_idx=None,
    ):
        """Make a module of a given (V, D) table, which `freeze` keeps from learning."""
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        made = cls(
            *embeddings.shape,
            _weight=embeddings,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        made.weight.requires_grad = not freeze
        return made

    def forward(self, input, offsets=None, per_sample_weights=None):
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self):
        words = [str(self.num_embeddings), str(self.embedding_dim)]
        words += [
            f"{name}={getattr(self, name)!r}"
            for name, default in (
                ("max_norm", None),
                ("norm_type", 2),
                ("scale_grad_by_freq", False),
                ("mode", None),
                ("padding_idx", None),
            )
            if getattr(self, name) != default
        ]
        return ", ".join(words)
