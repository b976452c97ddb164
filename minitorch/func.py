"""Modules as functions of their parameters: the part of ``torch.func`` that is here."""

from minitorch.nn.utils.stateless import call_with

__all__ = ["functional_call"]


def functional_call(
    module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False
):
    """Call a module with other parameters and buffers than its own.

    Parameters
    ----------
    module : Module
        Unchanged afterwards.
    parameter_and_buffer_dicts : dict of str to Tensor, or sequence of such
        What stands in for its own, by the names of ``named_parameters`` and ``named_buffers``;
        the rest stays. Buffers that forward sets anew are set in the dict.
    args : object or tuple
        Of the call; what is no tuple is the one argument.
    kwargs : dict, optional
        Of the call.
    tie_weights : bool
        A tensor that has several names in the module is exchanged under all of them
        (default True).
    strict : bool
        Whether all names must be given, and no others (default False).

    Returns
    -------
    object
        What the module returns. It is differentiable with respect to the given tensors.

    Raises
    ------
    ValueError
        If a name is in two dicts, tied names are given different tensors, or something is no dict.
    RuntimeError
        If `strict` and the names differ.

    Examples
    --------
    >>> params = {name: p * 2 for name, p in model.named_parameters()}
    >>> torch.func.functional_call(model, params, (x,))
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        tensors = parameter_and_buffer_dicts
    elif isinstance(parameter_and_buffer_dicts, (list, tuple)):
        tensors = _merged(parameter_and_buffer_dicts)
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, "
            f"but got {type(parameter_and_buffer_dicts)}"
        )
    return call_with(module, tensors, args, kwargs, tie_weights=tie_weights, strict=strict)


def _merged(dicts):
    if not all(isinstance(one, dict) for one in dicts):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for one in dicts for name in one]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise ValueError(
            f"{repeated} appeared in multiple dictionaries; behavior of functional call is "
            "ambiguous"
        )
    return {name: tensor for one in dicts for name, tensor in one.items()}
