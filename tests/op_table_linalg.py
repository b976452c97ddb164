"""Records of products and linear algebra beyond the plain matrix products."""

import numpy as np
from op_record import Error, Op, Sample, uniform


def _draw(*shapes, **kwargs):
    """A sample of random arrays of the given shapes."""
    return lambda rng: Sample(*(uniform(rng, *shape) for shape in shapes), **kwargs)


def _samples(*makers):
    return lambda rng: [make(rng) for make in makers]


def _symmetric(rng, *shape):
    x = uniform(rng, *shape)
    return x @ x.swapaxes(-1, -2) + 2 * np.eye(shape[-1])


def _regular(rng, *shape):
    """A matrix far from singular."""
    return uniform(rng, *shape) + 4 * np.eye(shape[-1])


def added(name, product, *shapes):
    """Record of ``beta c + alpha product(a, b)``."""
    return Op(
        name,
        lambda c, a, b, beta=1, alpha=1: beta * c + alpha * product(a, b),
        _samples(
            _draw(*shapes),
            _draw(*shapes, beta=0.5, alpha=2.0),
            _draw((1,), *shapes[1:], alpha=-1.0),
        ),
        method=name,
        inplace=name + "_",
        slack=10,
        out="cast" if name == "addr" else "same",
        errors=() if name in ("addr", "addbmm") else (
            Error(
                lambda mt: getattr(mt.ones(1), name + "_")(*(mt.ones(s) for s in shapes[1:])),
                RuntimeError,
                r"Bad in-place call: input tensor size \[1\] and output tensor size",
            ),
        ),
    )


def einsum(label, equation, *shapes):
    """Record of one equation; numpy reads the same notation."""
    return Op(
        f"einsum_{label}",
        lambda *args: np.einsum(equation, *args),
        _samples(_draw(*shapes)),
        call=lambda mt, *args: mt.einsum(equation, *args),
        slack=10,
    )


def _call(path):
    def call(mt, *args, **kwargs):
        return getattr(mt.linalg, path)(*args, **kwargs)

    return call


def linalg(name, reference, *makers, **options):
    """Record of a function of `linalg`."""
    return Op(
        f"linalg_{name}", reference, _samples(*makers), call=_call(name),
        slack=options.pop("slack", 100), **options,
    )


def _singular_matrix(mt):
    return mt.tensor([[1.0, 2.0], [2.0, 4.0]])


LINALG = [
    Op("vdot", np.dot, _samples(_draw((4,), (4,))), method="vdot", slack=10,
       out="same"),
    Op("inner", np.inner, _samples(_draw((4,), (4,)), _draw((2, 3), (5, 3)), _draw((), (3,))),
       method="inner", slack=10,
       errors=(Error(lambda mt: mt.inner(mt.ones(2), mt.ones(3)), RuntimeError,
                     "the last dimension must match on both input tensors"),),
       out="same"),
    Op("kron", np.kron,
       _samples(_draw((2, 3), (3, 2)), _draw((2,), (3,)), _draw((2, 1, 2), (1, 3, 1))),
       method="kron"),
    Op("cross", lambda a, b, dim: np.cross(a, b, axis=dim),
       _samples(lambda rng: Sample(uniform(rng, 2, 3), uniform(rng, 2, 3), 1),
                lambda rng: Sample(uniform(rng, 3, 4), uniform(rng, 3, 4), 0)),
       method="cross", slack=10,
       out="same"),
    Op("tensordot", lambda a, b, dims: np.tensordot(a, b, dims),
       lambda rng: [Sample(uniform(rng, 2, 3, 4), uniform(rng, 3, 4, 5), 2),
                    Sample(uniform(rng, 2, 3), uniform(rng, 4, 5), 0),
                    Sample(uniform(rng, 2, 3, 4), uniform(rng, 4, 2), ([2, 0], [0, 1]))],
       slack=10,
       errors=(Error(lambda mt: mt.tensordot(mt.ones(2, 3), mt.ones(2, 3), 1), RuntimeError,
                     "contracted dimensions need to match"),),
       out="same"),
    Op("block_diag",
       lambda a, b: np.block([[a, np.zeros((a.shape[0], b.shape[1]))],
                              [np.zeros((b.shape[0], a.shape[1])), b]]),
       _samples(_draw((2, 3), (1, 2)))),
    added("addmv", np.matmul, (3,), (3, 4), (4,)),
    added("baddbmm", np.matmul, (2, 3, 5), (2, 3, 4), (2, 4, 5)),
    added("addbmm", lambda a, b: np.matmul(a, b).sum(0), (3, 5), (2, 3, 4), (2, 4, 5)),
    added("addr", np.outer, (3, 4), (3,), (4,)),
    einsum("matrix", "ij,jk->ik", (2, 3), (3, 4)),
    einsum("batch", "bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
    einsum("implicit", "ji,kj", (3, 2), (4, 3)),
    einsum("diagonal", "ii->i", (3, 3)),
    einsum("trace", "ii", (3, 3)),
    einsum("sum", "ij->", (2, 3)),
    einsum("ellipsis", "...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)),
    einsum("three", "bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)),
    einsum("outer", "i,j->ij", (3,), (4,)),
    linalg("multi_dot", lambda chain: np.linalg.multi_dot(chain),
           lambda rng: Sample([uniform(rng, 3, 7), uniform(rng, 7, 2), uniform(rng, 2, 4)]),
           lambda rng: Sample([uniform(rng, 3), uniform(rng, 3, 2), uniform(rng, 2)])),
    linalg("vecdot", lambda x, y: (x * y).sum(-1), _draw((2, 3), (2, 3)), slack=10),
    linalg("inv", np.linalg.inv, lambda rng: Sample(_regular(rng, 3, 3)),
           lambda rng: Sample(_regular(rng, 2, 2, 2)),
           errors=(Error(lambda mt: mt.linalg.inv(_singular_matrix(mt)), RuntimeError,
                         "linalg.inv: The diagonal element 2 is zero, the inversion could not be "
                         "completed because the input matrix is singular"),
                   Error(lambda mt: mt.linalg.inv(mt.ones(2, 3)), RuntimeError,
                         "A must be batches of square matrices, but they are 2 by 3 matrices"))),
    linalg("solve", np.linalg.solve,
           lambda rng: Sample(_regular(rng, 3, 3), uniform(rng, 3, 2)),
           lambda rng: Sample(_regular(rng, 3, 3), uniform(rng, 3))),
    linalg("det", np.linalg.det, lambda rng: Sample(_regular(rng, 3, 3))),
    linalg("slogdet", np.linalg.slogdet, lambda rng: Sample(_regular(rng, 3, 3)), grad=False),
    linalg("cholesky",
           lambda x: np.linalg.cholesky((x + x.swapaxes(-1, -2)) / 2),
           lambda rng: Sample(_symmetric(rng, 3, 3)), grad=False,
           errors=(Error(lambda mt: mt.linalg.cholesky(-mt.eye(2)), RuntimeError,
                         "leading minor of order 1 is not positive-definite"),)),
    linalg("svdvals", lambda x: np.linalg.svd(x, compute_uv=False), _draw((3, 4)), _draw((4, 3))),
    linalg("pinv", np.linalg.pinv, lambda rng: Sample(_regular(rng, 3, 3)), _draw((4, 2))),
    linalg("matrix_power", np.linalg.matrix_power,
           lambda rng: Sample(_regular(rng, 3, 3), 3), lambda rng: Sample(_regular(rng, 3, 3), -2)),
    *(linalg("matrix_norm", np.linalg.norm, _draw((3, 4), ord=order)) if order == "fro" else
      Op(f"linalg_matrix_norm_{order}",
         lambda x, order=order: np.linalg.norm(x, order), _samples(_draw((3, 4))),
         call=lambda mt, x, order=order: mt.linalg.matrix_norm(x, order), slack=100)
      for order in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
]
