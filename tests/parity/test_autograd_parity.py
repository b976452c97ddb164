"""Random programs on both libraries: values, gradients, versions, node names and refusals agree.

A program is a list of steps on a pool of tensors: arithmetic, views, in-place changes (also
through views), detach, no_grad. Where PyTorch raises, minitorch must raise the same type with
the same first words, at the same step or in the same backward.
"""

import random

import numpy as np
import pytest

import minitorch as mt

torch = pytest.importorskip("torch")

UNARY = ["exp", "sin", "tanh", "sigmoid", "relu", "abs", "neg", "square"]
BINARY = ["add", "sub", "mul", "maximum", "div"]
INPLACE_UNARY = ["tanh_", "sigmoid_", "relu_", "neg_", "exp_", "zero_"]
INPLACE_BINARY = ["add_", "mul_", "sub_", "copy_"]
REDUCTIONS = ["mean", "max", "amax", "logsumexp", "cumsum", "prod", "var", "norm", "softmax"]
JOINS = ["cat", "stack"]
PICKS = ["ints", "mask", "masked_fill", "where", "masked_fill_", "clamp_"]
PRODUCTS = ["matmul", "outer", "linear"]


# Kinds of steps that change tensors or cut the graph.
IMPURE = ("inplace1", "inplace2", "index_put", "detach", "no_grad")


def random_program(rng, length, pure=False):
    """Steps as tuples (kind, name, first operand, second operand)."""
    kinds = ["unary"] * 4 + ["binary"] * 5 + ["view"] * 4 + ["inplace1"] * 2 + ["inplace2"] * 3
    kinds += ["scalar", "pow", "detach", "no_grad", "clone", "index_put", "sum"]
    kinds += ["reduce"] * 3 + ["join", "pick", "pick", "product"]
    if pure:
        kinds = [kind for kind in kinds if kind not in IMPURE]
    names = {"unary": UNARY, "binary": BINARY, "inplace1": INPLACE_UNARY, "reduce": REDUCTIONS}
    names |= {"inplace2": INPLACE_BINARY, "join": JOINS, "product": PRODUCTS}
    names["pick"] = [name for name in PICKS if not (pure and name.endswith("_"))]
    names["view"] = ["t", "first_row", "step", "reshape", "unsqueeze", "expand", "split"]
    steps = []
    for _ in range(length):
        kind = rng.choice(kinds)
        name = rng.choice(names.get(kind, [kind]))
        steps.append((kind, name, rng.random(), rng.random()))
    return steps


def view(x, name):
    if name == "t":
        return x.transpose(0, -1) if x.dim() > 1 else x.view(-1)
    if name == "first_row":
        return x[0] if x.dim() > 0 and x.shape[0] else x.view_as(x)
    if name == "step":
        return x[..., ::2] if x.dim() > 0 else x.view_as(x)
    if name == "reshape":
        return x.reshape(-1)
    if name == "unsqueeze":
        return x.unsqueeze(0)
    if name == "expand":
        return x.unsqueeze(0).expand(2, *x.shape)
    return x.split(1)[-1] if x.dim() > 0 else x.view_as(x)


def reduced(ns, x, name):
    """A reduction or scan of the last axis."""
    if x.dim() == 0 or x.shape[-1] == 0:
        return x.sum()
    if name == "max":
        return x.max(-1).values
    if name == "var":
        return x.var(-1, correction=0)
    if name == "norm":
        return x.norm(2, -1)
    if name == "softmax":
        return ns.nn.functional.softmax(x, -1)
    return getattr(x, name)(-1)


def picked(ns, x, name):
    """Elements chosen by integers or by a mask."""
    if x.dim() == 0 or x.shape[0] == 0:
        return x.clone()
    if name == "ints":
        return x[ns.tensor([0, x.shape[0] - 1, 0])]
    if name == "clamp_":
        return x.clamp_(-0.5, 0.5)
    mask = x.detach() > 0.1
    if name == "mask":
        return x[mask]
    if name == "where":
        return ns.where(mask, x, x * 2.0)
    return getattr(x, name)(mask, 0.25)


def multiplied(ns, x, name):
    """A matrix product of the tensor with itself."""
    if x.dim() < 2:
        return ns.outer(x.reshape(-1), x.reshape(-1))
    if name == "linear":
        return ns.nn.functional.linear(x, x.reshape(-1, x.shape[-1]))
    return ns.matmul(x, x.transpose(-1, -2))


def step_result(ns, pool, step):
    """Run one step; what it adds to the pool, or None."""
    kind, name, first, second = step
    x = pool[int(first * len(pool))]
    if kind == "unary":
        return getattr(x, name)()
    if kind in ("binary", "inplace2"):
        # an operand of the same shape, the last one made first
        fitting = [y for y in pool if y.shape == x.shape]
        y = fitting[int(second * len(fitting))]
        if name == "div":
            y = y.abs() + 0.5
        if name == "copy_" and y is x:
            # a copy onto itself counts as a change in PyTorch, and is none here
            y = x * 0.5
        return getattr(ns, name)(x, y) if kind == "binary" else getattr(x, name)(y)
    if kind == "view":
        return view(x, name)
    if kind == "inplace1":
        return getattr(x, name)()
    if kind == "reduce":
        return reduced(ns, x, name)
    if kind == "pick":
        return picked(ns, x, name)
    if kind == "product":
        return multiplied(ns, x, name) if x.numel() < 40 else x * 1.0
    if kind == "join":
        return getattr(ns, name)([x, x * 0.5]) if x.dim() else ns.stack([x, x])
    if kind == "scalar":
        return 2.0 - x * 1.5
    if kind == "pow":
        return x**2
    if kind == "no_grad":
        with ns.no_grad():
            return view(x, "first_row") * 1.0 if second < 0.5 else view(x, "first_row")
    if kind == "index_put":
        if x.dim() > 0 and x.shape[0]:
            x[0] = 1.5
        return None
    if kind == "sum":
        return x.sum(0, keepdim=True) if x.dim() else x.sum()
    return getattr(x, kind)()


def first_words(error):
    return type(error).__name__, str(error)[:48]


def describe(t):
    """What can be seen of a tensor from outside."""
    name = "" if t.grad_fn is None else t.grad_fn.name().rpartition("::")[2]
    # a view of a fresh copy is called unsafe in PyTorch; here it is one like others
    name = name.replace("UnsafeView", "View")
    return t.detach().numpy().copy(), t.requires_grad, t._version, name


def run(ns, program, values):
    """(log of what each step gave, log of the backward)."""
    leaves = [ns.tensor(v, dtype=ns.float64, requires_grad=True) for v in values]
    pool = [leaf * 1.0 for leaf in leaves] + [leaves[0]]
    log = []
    for step in program:
        try:
            made = step_result(ns, pool, step)
            log.append(("none",) if made is None else describe(made))
        except RuntimeError as error:
            log.append(first_words(error))
            continue
        if made is not None:
            pool.append(made)
    try:
        sum(t.sum() for t in pool if t.requires_grad).backward()
    except RuntimeError as error:
        return log, first_words(error)
    return log, [None if x.grad is None else x.grad.numpy().copy() for x in leaves]


def same(a, b):
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and np.allclose(a, b, rtol=1e-10, atol=1e-12, equal_nan=True)
    if isinstance(a, tuple | list) and type(a) is type(b):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("block", range(30))
def test_random_programs_agree(block):
    for number in range(20):
        rng = random.Random(1000 * block + number)
        values = np.random.default_rng(number).uniform(-1, 1, (2, 3, 4)).tolist()
        program = random_program(rng, rng.randrange(2, 12))
        ours, theirs = run(mt, program, values), run(torch, program, values)
        for step, a, b in zip(program, ours[0], theirs[0], strict=True):
            assert same(a, b), (number, program, step, a, b)
        assert same(ours[1], theirs[1]), (number, program, ours[1], theirs[1])


def second_order(ns, program, values):
    """Gradients of the squared gradients."""
    leaves = [ns.tensor(v, dtype=ns.float64, requires_grad=True) for v in values]
    pool = [leaf * 1.0 for leaf in leaves] + [leaves[0]]
    for step in program:
        made = step_result(ns, pool, step)
        if made is not None:
            pool.append(made)
    total = sum(t.sum() for t in pool if t.requires_grad)
    first = ns.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
    squares = sum((g * g).sum() for g in first if g is not None)
    if not squares.requires_grad:
        return [None] * len(leaves)
    second = ns.autograd.grad(squares, leaves, allow_unused=True)
    return [None if g is None else (g + 0).numpy() for g in second]


@pytest.mark.parametrize("block", range(15))
def test_second_derivatives_of_random_programs_agree(block):
    for number in range(20):
        rng = random.Random(7000 * block + number)
        values = np.random.default_rng(number).uniform(-1, 1, (2, 3, 4)).tolist()
        program = random_program(rng, rng.randrange(2, 8), pure=True)
        ours = second_order(mt, program, values)
        theirs = second_order(torch, program, values)
        for a, b in zip(ours, theirs, strict=True):
            # PyTorch gives zeros or None where a gradient is constant; both mean the same
            a = np.zeros((3, 4)) if a is None else a
            b = np.zeros((3, 4)) if b is None else b
            size = max(1.0, np.abs(b[np.isfinite(b)]).max(initial=0))
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10 * size, err_msg=str(program))
