"""What made a loss or a gradient that is not finite: the batch is run once more, and watched."""

import warnings

import minitorch
from minitorch.training.naming import listed

__all__ = ["explain_gradient", "explain_loss", "explain_validation", "first_not_finite"]

# Beyond this, weights of a network in float32 have exploded.
_LARGE = 1e4


def explain_loss(model, batch, loss_fn, value, rate, names=None):
    """Where the first value came from that is not finite, and why, in one sentence.

    Parameters
    ----------
    model : minitorch.nn.Module
        Its buffers and the random numbers are as before afterwards.
    batch : (Tensor, Tensor)
    loss_fn : callable
    value : float
        The loss.
    rate : float
        The learning rate.
    names : list of str, optional
        Of the images in the batch.
    """
    bad = _bad_rows(batch[0])
    if bad:
        return (f"the loss became {value}: {_images(bad, names)} of the batch "
                f"{'holds' if len(bad) == 1 else 'hold'} values that are not finite; the network "
                "is not to blame, the images or their transform are")
    spoilt = next((name for name, p in model.named_parameters() if not _is_finite(p)), None)
    if spoilt is not None:
        return (f"the loss became {value}: the weights {spoilt} were not finite any more; a "
                f"step before made them so, and the learning rate {rate:g} is too large")
    layer = _first_layer(model, batch, loss_fn)
    place = f"the first value that is not finite comes out of {layer}" if layer else \
        "every layer's output is finite, so it is the loss itself"
    return f"the loss became {value}: {place}; {_cause(model, rate)}"


def explain_gradient(model, batch, loss_fn, name, rate):
    """The same for a gradient, while the loss was finite; `name` is a parameter that has it."""
    head = f"the loss is finite, but the gradient of {name} is not, and the step was not taken: "
    if batch is None:
        return f"{head}{_cause(model, rate)}"
    places = []

    def watch(layer_name, output):
        if output.requires_grad:
            output.register_hook(lambda gradient: None if _is_finite(gradient)
                                 else places.append(layer_name))

    function = _backward_again(model, batch, loss_fn, watch)
    made = f"{function} made it" if function else "it arose"
    where = f", in the backward pass behind {places[0]}" if places else ""
    return f"{head}{made}{where}; {_cause(model, rate)}"


def explain_validation(model, value, rate):
    """The same for the loss of a validation, by what the model holds."""
    name = first_not_finite(model)
    if name is not None:
        return (f"the validation loss became {value}: {name} is not finite; the learning rate "
                f"{rate:g} is too large")
    return f"the validation loss became {value}: {_cause(model, rate)}"


def first_not_finite(model):
    """Name of the first parameter or buffer that holds NaN or infinity, or None."""
    for named in (model.named_parameters(), model.named_buffers()):
        for name, tensor in named:
            if not _is_finite(tensor):
                return name
    return None


def _cause(model, rate):
    largest = max(((float(p.detach().abs().max().item()), name)
                   for name, p in model.named_parameters() if p.numel()), default=(0.0, ""))
    if largest[0] > _LARGE:
        return (f"the weights have exploded ({largest[1]} reaches {largest[0]:.3g}), so the "
                f"learning rate {rate:g} is too large")
    return f"a smaller learning rate than {rate:g}, or --clip-grad, usually helps"


def _is_finite(tensor):
    return not tensor.is_floating_point() or bool(minitorch.isfinite(tensor.detach()).all())


def _bad_rows(inputs):
    if _is_finite(inputs):
        return []
    return [row for row in range(len(inputs)) if not _is_finite(inputs[row])]


def _images(rows, names, limit=3):
    shown = listed([f"{row + 1} ({names[row]})" if names else str(row + 1) for row in rows], limit)
    return f"image {shown}" if len(rows) == 1 else f"the images {shown}"


class _Untouched:
    """Within, a forward pass leaves no trace: neither in statistics nor in random numbers."""

    def __init__(self, model):
        self.buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
        self.gradients = [(p, p.grad) for p in model.parameters()]

    def __enter__(self):
        self.random = minitorch.default_generator.get_state()

    def __exit__(self, *_):
        minitorch.default_generator.set_state(self.random)
        with minitorch.no_grad():
            for buffer, before in self.buffers:
                buffer.copy_(before)
        for parameter, gradient in self.gradients:
            parameter.grad = gradient


def _hook_layers(model, see):
    """Call ``see(name, output)`` after each layer that has no layers in it."""
    def hook(name):
        def call(_module, _inputs, output):
            if isinstance(output, minitorch.Tensor):
                see(name, output)
        return call
    return [layer.register_forward_hook(hook(name or type(layer).__name__))
            for name, layer in model.named_modules() if not any(layer.children())]


def _first_layer(model, batch, loss_fn):
    found = []
    hooks = _hook_layers(model, lambda name, output:
                         None if found or _is_finite(output) else found.append(name))
    try:
        with _Untouched(model), minitorch.no_grad():
            loss_fn(model(batch[0]), batch[1])
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else None


def _backward_again(model, batch, loss_fn, watch):
    """Repeat the pass in anomaly mode; the name of the backward function that made a NaN."""
    from minitorch.autograd import set_detect_anomaly
    hooks = _hook_layers(model, watch)
    try:
        with _Untouched(model), set_detect_anomaly(True), warnings.catch_warnings():
            warnings.simplefilter("ignore")     # of the forward call, which the error names too
            for parameter in model.parameters():
                parameter.grad = None
            loss_fn(model(batch[0]), batch[1]).backward()
    except RuntimeError as error:
        # "Function 'SqrtBackward0' returned nan values in its 0th output."
        return str(error).split("'")[1] if "'" in str(error) else None
    finally:
        for hook in hooks:
            hook.remove()
    return None
