"""The rules of autograd, each as a short program that runs on both libraries.

A program notes values and refusals; both libraries must note the same: values, types and first
lines of errors, warnings.
"""

import re
import warnings

import pytest

import minitorch

torch = pytest.importorskip("torch")

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


class Notes:
    """What a program has shown."""

    def __init__(self, library):
        self.library = library
        self.lines = []

    def __call__(self, *values):
        self.lines.extend(self._plain(value) for value in values)

    def refused(self, function, *args, **kwargs):
        try:
            self(function(*args, **kwargs))
        except Exception as error:
            self.lines.append((type(error).__name__, self._text(error).split("\n")[0]))

    def _plain(self, value):
        if isinstance(value, self.library.Tensor):
            shown = value.detach().tolist()
            return ("tensor", str(value.dtype).rpartition(".")[2], shown, value.requires_grad)
        if isinstance(value, (list, tuple)):
            return [self._plain(item) for item in value]
        return value if isinstance(value, (int, float)) else self._text(value)

    @staticmethod
    def _text(value):
        return re.sub("0x[0-9a-f]+", "0x", str(value).replace("minitorch", "torch"))


def run(function, library):
    notes = Notes(library)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(library, notes)
    for warning in caught:
        first = Notes._text(warning.message).split("\n")[0].partition(" (Triggered")[0]
        notes.lines.append((warning.category.__name__, first))
    return notes.lines


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == pytest.approx(b, rel=1e-6, nan_ok=True)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def leaf(mt, *values):
    return mt.tensor(list(values), dtype=mt.float64, requires_grad=True)


def custom(mt, forward, backward):
    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Custom", (mt.autograd.Function,), methods)


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda function: function.__name__)
def test_both_libraries_note_the_same(function):
    theirs, ours = run(function, torch), run(function, minitorch)
    for i, (expected, found) in enumerate(zip(theirs, ours, strict=False)):
        assert same(expected, found), f"note {i}: torch {expected}, minitorch {found}"
    assert len(theirs) == len(ours)


# ---------------------------------------------------------------- views and in-place changes

VIEWS = {
    "slice": lambda b: b[1:3],
    "row": lambda b: b.view(2, 2)[0],
    "column": lambda b: b.view(2, 2).t()[1],
    "step": lambda b: b[::2],
    "narrow": lambda b: b.narrow(0, 1, 2),
    "diagonal": lambda b: b.view(2, 2).diagonal(),
    "as_strided": lambda b: b.as_strided((2,), (2,), 1),
    "expand": lambda b: b.expand(4),
    "chunk": lambda b: b.chunk(2)[0],
    "detach": lambda b: b.detach()[1:],
    "unfold": lambda b: b.unfold(0, 2, 2)[0],
    "movedim": lambda b: b.view(2, 2).movedim(0, 1)[0],
}
CHANGES = {
    "mul_": lambda v, x: v.mul_(2),
    "copy_": lambda v, x: v.copy_(x[: v.numel()] * 3),
    "zero_": lambda v, x: v.zero_(),
    "sigmoid_": lambda v, x: v.sigmoid_(),
    "setitem": lambda v, x: v.__setitem__(0, 7.0),
    "clamp_": lambda v, x: v.clamp_(0, 1),
}


@program
def a_change_of_any_view_rebases(mt, note):
    for view in VIEWS.values():
        for change in CHANGES.values():

            def step(view=view, change=change):
                x = leaf(mt, 1.0, -2.0, 3.0, 0.5)
                base = x * 1.5
                changed, other = view(base), view(base)
                change(changed, x)
                ((base * base).sum() + (changed * 3).sum() + (other**2).sum()).backward()
                return x.grad, base, changed, base._version, base.grad_fn.name()

            note.refused(step)


@program
def views_of_views_follow_each_other(mt, note):
    whole = [view for name, view in VIEWS.items() if name not in ("chunk", "detach")]
    for first in whole:
        for second in (lambda v: v[1:], lambda v: v.view(1, -1), lambda v: v.unsqueeze(0)[0]):

            def step(first=first, second=second):
                x = leaf(mt, 1.0, -2.0, 3.0, 0.5)
                base = x * 1.5
                outer = first(base)
                inner = second(outer)
                inner.mul_(3)
                base.add_(1)
                outer.mul_(x.detach()[: outer.numel()])
                inner.mul_(x[: inner.numel()].view_as(inner))
                ((base**2).sum() + (outer**3).sum() + inner.sum()).backward()
                return x.grad, base, outer, inner

            note.refused(step)


@program
def changes_that_are_refused(mt, note):
    x = leaf(mt, 1.0, 2.0)
    for change in (
        lambda: x.add_(1),
        lambda: x[0].add_(1),
        lambda: x.view(-1).mul_(2),
        lambda: x.__setitem__(0, 1.0),
        lambda: x[:1].detach_(),
        lambda: (x * 2).split(1)[0].mul_(2),
        lambda: (x * 2).unbind()[1].mul_(2),
        lambda: (x * 2).expand(3, 2).mul_(2),
    ):
        note.refused(change)
    y = x * 2
    with mt.no_grad():
        view = y[0:1]
    note.refused(view.add_, 1)
    with mt.inference_mode():
        view = y[0:1]
    note.refused(view.add_, 1)
    part, _ = y.split(1)
    y.mul_(2)
    note.refused(lambda: part.grad_fn)
    z = mt.arange(4.0)
    note.refused(lambda: z[1:].copy_(z[:-1]))
    note.refused(z.__setitem__, slice(1, None), z[:-1])
    note.refused(lambda: z[1:].add_(z[:-1]))
    square = z.view(2, 2)
    note.refused(lambda: square.copy_(square.t()))
    note(z)


@program
def saved_tensors_that_were_changed(mt, note):
    x = leaf(mt, 1.0, 2.0)
    y = x.exp()
    y.add_(1)
    note.refused(y.sum().backward)
    y = x * 2
    z = y * y
    y.detach().zero_()
    note.refused(z.sum().backward)
    weight = mt.ones(2, dtype=mt.float64)
    z = x * weight
    weight.add_(1)
    note.refused(z.sum().backward)
    y = (x * 2).view(2, 1)
    z = y.t() @ y
    y[0] = 3
    note.refused(z.sum().backward)
    y = x.exp()
    y.sum().backward()
    note.refused(y.sum().backward)
    note.refused(lambda: y.grad_fn._saved_result)


@program
def data_has_a_version_of_its_own(mt, note):
    x = leaf(mt, 1.0, 2.0)
    data = x.data
    data.add_(1)
    note(data._version, x._version, x.data._version, x, data.requires_grad, data.is_leaf)
    x.detach().add_(1)
    note(x._version, data._version)
    data[0].mul_(2)
    note(data._version, x._version, x)
    other = mt.tensor([5.0, 6.0], dtype=mt.float64)
    x.data = other
    other.add_(1)
    note(x._version, other._version, x, x.is_leaf, x.requires_grad)
    x.data = mt.ones(3, dtype=mt.float64)
    (x * 2).sum().backward()
    note(x.grad)
    for value in (3, None, mt.ones(2, dtype=mt.int64)):
        note.refused(setattr, x, "data", value)
    note.refused(delattr, x, "data")


@program
def shapes_and_operators_in_place(mt, note):
    x = leaf(mt, 1.0, 2.0, 3.0, 4.0)
    y = x * 2
    z = y.view(2, 2)
    z.t_()
    z.mul_(2)
    (y**2).sum().backward()
    note(x.grad, y.grad_fn.name(), z.grad_fn.name())
    a, b = x * 2, x * 1
    a += b
    a *= b
    a -= 1
    a /= 2
    a **= 2
    a.sum().backward()
    note(x.grad, a.grad_fn.name())
    c = mt.zeros(4, dtype=mt.float64)
    c += x
    note(c.requires_grad, c.is_leaf, c.grad_fn.name())
    d = mt.ones(4)
    d.copy_(x * 2)
    d[[0, 1]] *= 2
    d[d > 6] = 0.0
    d.sum().backward()
    note(x.grad, d.dtype, d.grad_fn.name())
    e = mt.zeros(4, dtype=mt.float64)
    e[1:3] = x[:2]
    e[0] = x[0] * x[1]
    e[3:4].add_(e[0:1])
    first = mt.autograd.grad((e**3).sum(), x, create_graph=True)[0]
    note(first, mt.autograd.grad(first.sum(), x))


# ---------------------------------------------------------------- leaves and attributes

@program
def attributes_and_their_refusals(mt, note):
    x = leaf(mt, 1.0, 2.0)
    y = x * 2
    note.refused(setattr, y, "requires_grad", False)
    note.refused(setattr, y, "requires_grad", True)
    note(y.requires_grad_() is y)
    note.refused(y.requires_grad_, False)
    whole = mt.ones(2, dtype=mt.int64)
    note.refused(setattr, whole, "requires_grad", True)
    note.refused(whole.requires_grad_)
    note.refused(setattr, x, "requires_grad", 1)
    note.refused(x.requires_grad_, "a")
    note.refused(delattr, x, "requires_grad")
    for value in (3, x, mt.ones(3, dtype=mt.float64)):
        note.refused(setattr, x, "grad", value)
    x.grad = mt.ones(2, dtype=mt.float64)
    del x.grad
    note(x.grad is None, y.grad is None)
    note(x.view(2, 1)._base is x, x._is_view(), x.view(2, 1).t()._is_view())
    a, b = x.unbind()
    note(a.output_nr, b.output_nr, b.grad_fn.next_functions[0][1], a.grad_fn.name())


@program
def gradients_of_another_dtype(mt, note):
    x = mt.ones(2, requires_grad=True)
    note(x.grad_dtype, mt.ones(1).grad_dtype)
    x.grad_dtype = mt.float64
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    note(x.grad)
    note.refused(setattr, x, "grad_dtype", 3)
    note.refused(lambda: (x * 2).grad_dtype)
    y = mt.ones(1, requires_grad=True)
    y.grad_dtype = mt.float64
    note.refused(setattr, y, "grad", mt.ones(1))
    y.grad_dtype = None
    y.grad = mt.ones(1, dtype=mt.float64)
    note(y.grad_dtype is None, y.grad)


@program
def gradients_accumulate(mt, note):
    w = leaf(mt, 1.0, 2.0)
    (w * 2).sum().backward()
    first = w.grad
    (w * 2).sum().backward()
    note(first is w.grad, first)
    (w * w).sum().backward(create_graph=True)
    note(first is w.grad, w.grad)
    w.grad = None
    given = mt.ones(2, dtype=mt.float64)
    w.backward(given)
    w.backward(given)
    note(given, w.grad)
    for like in (mt.ones(3, 2).t(), mt.ones(1, 3).expand(2, 3), mt.ones(4, 3)[::2],
                 mt.ones(2, 3, 4).permute(2, 0, 1)):
        p = like.detach().requires_grad_()
        (p * 2).sum().backward()
        note(p.grad.stride())


@program
def arguments_of_grad_and_backward(mt, note):
    grad, x, w = mt.autograd.grad, leaf(mt, 1.0, 2.0), leaf(mt, 3.0)
    one, rows = mt.ones((), dtype=mt.float64), mt.eye(2, dtype=mt.float64)
    note.refused(grad, x.sum(), [])
    note.refused(grad, x.sum(), [x, 3])
    note.refused(grad, x.sum(), x.detach())
    note.refused(grad, x.sum(), [x, w])
    note(grad(x.sum(), [x, w], allow_unused=True), grad(x.sum(), [x, w], materialize_grads=True))
    note.refused(grad, x.sum(), x, allow_unused=False, materialize_grads=True)
    note.refused(grad, x * 2, x, mt.ones(3, dtype=mt.float64))
    note(grad(x**2, x, rows, is_grads_batched=True))
    note(list(grad((x * 3).sum(), {"x": x}).values()))
    edge = mt.autograd.graph.get_gradient_edge(x * x)
    note(edge.node.name(), edge.output_nr)
    note.refused(grad, edge, x)
    note(grad(edge, x, mt.ones(2, dtype=mt.float64)))
    note.refused(mt.autograd.backward, [x.sum(), w.sum()], [one])
    note.refused(x.sum().backward, inputs=[])
    note.refused(x.sum().backward, inputs=[mt.ones(1)])
    middle = x * 2
    (middle**2).sum().backward(inputs=[middle])
    note(middle.grad, x.grad is None)


# ---------------------------------------------------------------- hooks

@program
def hooks_run_in_order(mt, note):
    x, log = leaf(mt, 1.0, 2.0), []
    y = x.clone()
    y.retain_grad()
    y.register_hook(lambda g: log.append("tensor"))
    y.grad_fn.register_prehook(lambda g: log.append("before"))
    y.grad_fn.register_hook(lambda inputs, outputs: log.append("after"))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: log.append("leaf"))
    x.register_post_accumulate_grad_hook(lambda leaf: log.append("accumulated"))
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(lambda g: log.append("before the leaf"))
    node.register_hook(lambda inputs, outputs: log.append(f"after {inputs} {len(outputs)}"))
    y.sum().backward()
    note(log, y.grad, x.grad, node.name(), repr(node), repr(y.grad_fn))


@program
def hooks_see_missing_gradients(mt, note):
    class Nothing(mt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return None

    x, seen = leaf(mt, 1.0, 2.0), []
    x.register_hook(lambda g: seen.append(f"leaf {g}"))
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append("accumulated"))
    y = x * 2
    y.register_hook(lambda g: seen.append(f"tensor {g}"))
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append(f"node {inputs} {outputs}"))
    Nothing.apply(y).sum().backward()
    a, b = x.unbind()
    b.register_hook(lambda g: g)
    a.backward()
    note(seen, x.grad)
    b.register_hook(lambda g: mt.ones((), dtype=mt.float64))
    note.refused(x.unbind()[0].backward)


@program
def gradients_by_views_and_changed_tensors(mt, note):
    x = leaf(mt, 1.0, 2.0, 3.0)
    y = x * 2
    view = y[0:2]
    y.mul_(3)
    z = (y**2).sum()
    note.refused(mt.autograd.grad, z, view, allow_unused=True, retain_graph=True)
    note(mt.autograd.grad((view**2).sum(), view), mt.autograd.grad(z, y, retain_graph=True))
    y = x * 2
    view = y[0:2]
    view.mul_(5)
    seen = []
    y.grad_fn.register_prehook(lambda grads: seen.append(grads[0].tolist()))
    y.register_hook(lambda g: g * 2)
    view.register_hook(lambda g: seen.append(g.tolist()))
    (y.sum() + view.sum()).backward()
    note(seen, x.grad)


@program
def the_base_learns_of_a_gradient_through_its_view(mt, note):
    x = leaf(mt, 1.0, 2.0)
    base = mt.zeros(4, dtype=mt.float64)
    first, second = base[:2], base[2:]
    first.add_(x)
    note(base.requires_grad, second.requires_grad, base.grad_fn.name(), second.grad_fn.name())
    second.mul_(2)
    (base * base).sum().backward()
    note(x.grad)
    with mt.no_grad():
        base = mt.zeros(4, dtype=mt.float64)
        view, parts = base[:2], base.split(2)
    note.refused(view.add_, x)
    base[:1].add_(x[:1])
    note.refused(lambda: view.grad_fn)
    note.refused(lambda: parts[0] * 2)
    leaf_view = mt.ones(2).view(2, 1).requires_grad_()
    note.refused(leaf_view.mul_, 2)


@program
def results_of_hooks_are_checked(mt, note):
    x = leaf(mt, 1.0, 2.0)
    y = x * 3

    def backward(register, hook):
        handle = register(hook)
        x.grad = None
        note.refused(y.sum().backward, retain_graph=True)
        handle.remove()
        handle.remove()
        note(x.grad is None or x.grad)

    for result in ("bad", y.float(), y[0], y.detach()):
        backward(y.register_hook, lambda g, result=result: result)
    for result in (y, (y, y), None, (None,), (y.detach(),)):
        backward(y.grad_fn.register_prehook, lambda g, result=result: result)
    for result in (y, (y, y, y), None, (y.detach(), None)):
        backward(y.grad_fn.register_hook, lambda gi, go, result=result: result)
    backward(x.register_post_accumulate_grad_hook, lambda leaf: 3)
    note.refused(mt.ones(2).register_hook, print)
    note.refused(y.register_post_accumulate_grad_hook, print)


@program
def retained_gradients_go_with_the_tensor(mt, note):
    x = leaf(mt, 1.0, 3.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 2)
    y.mul_(3)
    y.register_hook(lambda g: g * 3)
    (y * y).sum().backward()
    note(y.grad, x.grad)
    y = x * 2
    y.retain_grad()
    y[0].mul_(3)
    (y * y).sum().backward()
    note(y.grad, x.grad)
    y = x * 2
    view = y[0]
    view.retain_grad()
    y.mul_(3)
    (view * view).sum().backward()
    note(view.grad, view.retains_grad)
    note.refused(mt.ones(2).retain_grad)


# ---------------------------------------------------------------- Function

@program
def functions_connect_their_tensors(mt, note):
    def forward(ctx, a, factor, b):
        ctx.save_for_backward(a, b)
        ctx.factor = factor
        note(ctx.needs_input_grad, mt.is_grad_enabled())
        return a * b * factor

    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        note(repr(ctx), ctx.name(), len(ctx.next_functions))
        return grad * b * ctx.factor, None, grad * a * ctx.factor

    x, y = leaf(mt, 1.0, 2.0), leaf(mt, 3.0, 4.0)
    result = custom(mt, forward, backward).apply(x, 3, y)
    first = mt.autograd.grad(result.sum(), x, create_graph=True)[0]
    note(first, mt.autograd.grad(first.sum(), y), repr(result))


@program
def functions_that_return_wrong_gradients(mt, note):
    x = leaf(mt, 1.0, 2.0)
    for found in ((x, x), (x, None, None), (), 3, None, mt.ones(3), x.float(), [x],
                  mt.ones(3, 2, dtype=mt.float64), mt.ones(1, dtype=mt.float64)):
        result = custom(mt, lambda ctx, a: a * 2, lambda ctx, g, found=found: found).apply(x)
        x.grad = None
        note.refused(result.sum().backward)
        note(x.grad is None or x.grad)


@program
def functions_that_change_their_input(mt, note):
    def forward(ctx, a, b):
        a.add_(b)
        ctx.mark_dirty(a)
        return a

    function = custom(mt, forward, lambda ctx, g: (g, g * 2))
    x = leaf(mt, 1.0, 2.0)
    for target in (x.clone(), x.detach().clone()):
        result = function.apply(target, x)
        x.grad = None
        result.sum().backward()
        note(result is target, target._version, target.grad_fn.name(), x.grad)
    base = mt.zeros(3, dtype=mt.float64)
    view = base[:2]
    result = function.apply(view, x)
    note(result is view, base.grad_fn.name(), view.grad_fn.name())
    x.grad = None
    (base * base).sum().backward()
    note(x.grad)
    note.refused(function.apply, x, x.detach())

    def forgetful(ctx, a):
        ctx.mark_dirty(a)
        return a * 2

    note.refused(custom(mt, forgetful, lambda ctx, g: g).apply, x.clone())


@program
def functions_that_return_views(mt, note):
    x = leaf(mt, 1.0, 2.0)
    for forward in (lambda ctx, a: a, lambda ctx, a: a.view_as(a), lambda ctx, a: a[0:1],
                    lambda ctx, a: (a * 2)[0:1], lambda ctx, a: a.detach()):
        result = custom(mt, forward, lambda ctx, g: g.expand(2) * 2).apply(x)
        note(result is x, result._is_view(), result.grad_fn.name())
        note.refused(result.mul_, 2)
    both = custom(mt, lambda ctx, a: (a[0:1], a[1:]), lambda ctx, g, h: g.expand(2))
    note.refused(both.apply(x)[0].mul_, 2)
    note(x)


@program
def functions_with_several_outputs(mt, note):
    x = leaf(mt, 1.0, 2.0)
    for materialize in (True, False):

        def forward(ctx, a, materialize=materialize):
            ctx.set_materialize_grads(materialize)
            index, rest = a.argmax(), a * 5
            ctx.mark_non_differentiable(index, rest)
            return a * 2, a * 3, index, rest

        def backward(ctx, *grads):
            note([g is None or g for g in grads])
            return grads[1]

        two, three, index, rest = custom(mt, forward, backward).apply(x)
        note(two.output_nr, three.output_nr, index.requires_grad, rest.requires_grad)
        x.grad = None
        three.sum().backward()
        note(x.grad)


# ---------------------------------------------------------------- modes

@program
def inference_tensors(mt, note):
    x, normal = leaf(mt, 1.0, 2.0), mt.ones(2, dtype=mt.float64)
    with mt.inference_mode():
        note(mt.is_inference_mode_enabled(), mt.is_grad_enabled())
        made, view, linear = x * 2, normal[0:1], mt.nn.Linear(2, 2)
        note(mt.is_inference(made), made.requires_grad, view.is_inference(), view._is_view())
        note(linear.weight.is_inference(), linear.weight.requires_grad)
        note.refused(lambda: made._version)
        normal.add_(1)
        with mt.inference_mode(False):
            note((x * 2).requires_grad, mt.ones(1).is_inference())
        with mt.enable_grad():
            note(mt.is_grad_enabled(), (x * 2).requires_grad)
    note(normal._version, made.clone().is_inference(), made.view(2, 1).is_inference())
    note.refused(made.requires_grad_)
    note.refused(lambda: made * x)
    note.refused(lambda: x + made)
    note.refused(lambda: made.view(2, 1).zero_())
    note.refused(view.mul_, x[:1])
    with mt.no_grad():
        note((made * x).requires_grad)


@program
def grad_modes(mt, note):
    @mt.no_grad()
    def steps():
        received = yield mt.is_grad_enabled()
        yield received

    resumed = steps()
    note(next(resumed), mt.is_grad_enabled(), resumed.send("sent"), mt.is_grad_enabled())

    @mt.set_grad_enabled(False)
    def mode():
        return mt.is_grad_enabled()

    note(mt.is_grad_enabled(), mode(), mt.is_grad_enabled())
    with mt.no_grad(), mt.enable_grad():
        note(mt.is_grad_enabled())

    class Thing:
        def __init__(self):
            self.mode = mt.is_grad_enabled()

    note(mt.no_grad()(Thing)().mode)


@program
def anomalies(mt, note):
    x = leaf(mt, 0.0, -1.0)
    with mt.autograd.detect_anomaly():
        note.refused((x.sqrt() * 0).sum().backward)
    outside = x.sqrt() * 0
    with mt.autograd.detect_anomaly():
        note.refused(outside.sum().backward)
    with mt.autograd.detect_anomaly(check_nan=False):
        note(mt.is_anomaly_enabled(), mt.is_anomaly_check_nan_enabled())
        first = mt.autograd.grad((x**3).sum(), x, create_graph=True)[0]
        note(first.grad_fn.metadata["parent_"].name(), type(x.sqrt().grad_fn.metadata).__name__)


# ---------------------------------------------------------------- saved tensors

@program
def hooks_on_saved_tensors(mt, note):
    x, graph = leaf(mt, 1.0, 2.0), mt.autograd.graph
    for pack, unpack in (
        (lambda t: t * 2, lambda t: t),
        (lambda t: 3, lambda t: t),
        (lambda t: t.add_(1), lambda t: t),
    ):
        def step(pack=pack, unpack=unpack):
            y = x * 2
            with graph.saved_tensors_hooks(pack, unpack):
                z = y * y * 3
            return mt.autograd.grad(z.sum(), x)

        note.refused(step)
    y = x * x
    raw = y.grad_fn._raw_saved_self
    raw.register_hooks(lambda t: t * 2, lambda t: t)
    note.refused(raw.register_hooks, lambda t: t, lambda t: t)
    note(mt.autograd.grad(y.sum(), x))
    with graph.save_on_cpu():
        cube = x**3
    first = mt.autograd.grad(cube.sum(), x, create_graph=True)[0]
    note(first, mt.autograd.grad(first.sum(), x))
    with graph.disable_saved_tensors_hooks("not here"):
        note.refused(graph.saved_tensors_hooks(id, id).__enter__)
    with graph.allow_mutation_on_saved_tensors():
        a = x.clone()
        b = a.sin()
        a.mul_(5)
        c = a * a
        a[0:1].zero_()
        note(mt.autograd.grad(b.sum() + c.sum(), x))


@program
def hooks_on_several_gradients(mt, note):
    a, b, c = leaf(mt, 1.0), leaf(mt, 2.0), leaf(mt, 3.0)
    register, log = mt.autograd.graph.register_multi_grad_hook, []
    handle = register((a, b), lambda grads: log.append([g is None or g.tolist() for g in grads]))
    (a * b * c).sum().backward()
    (a * c).sum().backward()
    (c * 2).sum().backward()
    handle.remove()
    register((a, b), lambda grad: log.append(grad.tolist()), mode="any")
    (a * b * c).sum().backward()
    (a * b * c).sum().backward()
    note(log)
    note.refused(register, (a,), print, mode="some")
