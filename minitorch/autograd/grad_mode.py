"""Switches for recording: :class:`no_grad`, :class:`enable_grad`, :class:`set_grad_enabled`,
:class:`inference_mode`.

Each is a context manager and a decorator, over two compiled thread-local flags: a new thread
starts with recording on. Around a generator function the switch holds only while the generator's
own code runs, so the mode does not leak to the caller at a ``yield``. (Written as a ``with``
statement inside the generator it does leak, as in PyTorch: the flag belongs to the thread.)
"""

import functools
import warnings

from minitorch._core.grad_mode import (
    is_grad_enabled,
    is_inference_mode,
    set_grad_enabled_,
    set_inference_mode_,
)

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
]

# CO_GENERATOR of inspect, which is too slow to import on the way of `import minitorch`.
_GENERATOR_FLAG = 0x20


def is_inference_mode_enabled():
    """Return True inside :class:`inference_mode`, in this thread."""
    return is_inference_mode()


def _is_generator_function(func):
    func = getattr(func, "__func__", func)
    while isinstance(func, functools.partial):
        func = func.func
    code = getattr(func, "__code__", None)
    return code is not None and bool(code.co_flags & _GENERATOR_FLAG)


def _wrap_generator(make_context, func):
    """Enter the context around each resumption of the generator, and only there."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        generator = func(*args, **kwargs)
        resume, argument = generator.send, None
        try:
            while True:
                with make_context():
                    produced = resume(argument)
                try:
                    resume, argument = generator.send, (yield produced)
                except GeneratorExit:
                    with make_context():
                        generator.close()
                    raise
                except BaseException as error:
                    resume, argument = generator.throw, error
        except StopIteration as end:
            return end.value

    return wrapper


class _DecoratorContext:
    """A context manager that also decorates functions and generator functions."""

    def __call__(self, func):
        if isinstance(func, type):
            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You "
                "should only decorate functions or methods. To preserve the current behavior of "
                "class decoration, you can directly decorate the `__init__` method and nothing "
                "else.",
                FutureWarning,
                stacklevel=2,
            )
        if _is_generator_function(func):
            return _wrap_generator(self.clone, func)

        @functools.wraps(func)
        def wrapper(*args, **kwargs):
            with self.clone():
                return func(*args, **kwargs)

        return wrapper

    def clone(self):
        """A fresh context of the same setting, one per call: nesting must not share state."""
        return type(self)()


class _BareDecoratorContext(_DecoratorContext):
    """As above, and ``@no_grad`` works without parentheses too."""

    def __new__(cls, orig_func=None):
        if orig_func is None:
            return super().__new__(cls)
        return cls()(orig_func)


class no_grad(_BareDecoratorContext):
    """Do not record: results have ``requires_grad=False`` whatever their inputs say.

    Factories that take ``requires_grad=True`` and :class:`minitorch.nn.Parameter` still honour
    it. Thread-local.

    Examples
    --------
    >>> x = minitorch.tensor([1.], requires_grad=True)
    >>> with minitorch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    >>> @minitorch.no_grad()
    ... def doubled(x):
    ...     return x * 2
    """

    def __init__(self, orig_func=None):
        self._previous = False

    def __enter__(self):
        self._previous = is_grad_enabled()
        set_grad_enabled_(False)

    def __exit__(self, *exc_info):
        set_grad_enabled_(self._previous)


class enable_grad(_BareDecoratorContext):
    """Record, also inside :class:`no_grad`. Thread-local."""

    def __init__(self, orig_func=None):
        self._previous = True

    def __enter__(self):
        self._previous = is_grad_enabled()
        set_grad_enabled_(True)

    def __exit__(self, *exc_info):
        set_grad_enabled_(self._previous)


class set_grad_enabled(_DecoratorContext):
    """Switch recording on or off: as a plain call, a context manager, or a decorator.

    Parameters
    ----------
    mode : bool
        The switch is thrown at construction, so ``set_grad_enabled(False)`` alone stays in force;
        leaving a ``with`` block (or decorating a function) puts the former mode back.
    """

    def __init__(self, mode):
        self._previous = is_grad_enabled()
        self.mode = mode
        set_grad_enabled_(_checked_bool(mode, "set_grad_enabled", "enabled"))

    def __call__(self, func):
        set_grad_enabled_(self._previous)
        return super().__call__(func)

    def __enter__(self):
        set_grad_enabled_(self.mode)

    def __exit__(self, *exc_info):
        set_grad_enabled_(self._previous)

    def __repr__(self):
        return f"minitorch.autograd.grad_mode.set_grad_enabled(mode={self.mode})"

    def clone(self):
        return type(self)(self.mode)


class inference_mode(_DecoratorContext):
    """A stricter :class:`no_grad`: tensors made inside can never take part in recording.

    Parameters
    ----------
    mode : bool or callable, default True
        Whether to switch inference mode on; a function is decorated with the mode on.

    Notes
    -----
    Saving such a tensor for backward, or changing it in place outside, raises RuntimeError. The
    mode says nothing about ``Module.eval()``.
    """

    def __new__(cls, mode=True):
        if callable(mode):
            return cls()(mode)
        _checked_bool(mode, "inference_mode")
        return super().__new__(cls)

    def __init__(self, mode=True):
        self.mode = mode
        self._previous = (False, True)

    def __enter__(self):
        self._previous = (is_inference_mode(), is_grad_enabled())
        set_inference_mode_(self.mode)
        set_grad_enabled_(not self.mode)

    def __exit__(self, *exc_info):
        inference, grad = self._previous
        set_inference_mode_(inference)
        set_grad_enabled_(grad)

    def clone(self):
        return type(self)(self.mode)


class set_multithreading_enabled(_DecoratorContext):
    """PyTorch's switch for device threads in the backward pass.

    The engine here always runs on the calling thread, as PyTorch's does on the CPU, so only
    ``False`` and ``True`` are accepted and both mean the same.

    Parameters
    ----------
    mode : bool
    """

    def __init__(self, mode):
        self.mode = _checked_bool(mode, "set_multithreading_enabled")

    def __enter__(self):
        return None

    def __exit__(self, *exc_info):
        return None

    def clone(self):
        return type(self)(self.mode)


def _checked_bool(mode, name, argument="mode"):
    if not isinstance(mode, bool):
        raise TypeError(
            f"{name}(): argument '{argument}' (position 1) must be bool, not {type(mode).__name__}"
        )
    return mode
