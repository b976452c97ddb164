"""no_grad, enable_grad, set_grad_enabled, inference_mode: managers, decorators, generators."""

import threading

import pytest

import minitorch as mt


def recorded():
    """Whether an operation here is recorded."""
    return (mt.ones(1, requires_grad=True) * 2).requires_grad


def test_no_grad_switches_off_and_back():
    with mt.no_grad():
        assert not mt.is_grad_enabled()
        assert not recorded()
        with mt.enable_grad():
            assert recorded()
        assert not recorded()
    assert recorded()


def test_mode_returns_after_an_exception():
    with pytest.raises(KeyError), mt.no_grad():
        raise KeyError
    assert mt.is_grad_enabled()


@pytest.mark.parametrize("decorator", [mt.no_grad(), mt.no_grad], ids=["called", "bare"])
def test_no_grad_decorates_a_function(decorator):
    @decorator
    def inside(value):
        """A docstring."""
        return value, recorded()

    assert inside(3) == (3, False)
    assert inside.__name__ == "inside" and inside.__doc__ == "A docstring."
    assert recorded()


def test_decorated_function_may_call_itself():
    @mt.no_grad()
    def descend(n):
        return [mt.is_grad_enabled()] + (descend(n - 1) if n else [])

    assert descend(3) == [False] * 4
    assert mt.is_grad_enabled()


def test_decorated_generator_does_not_leak_its_mode():
    @mt.no_grad()
    def numbers():
        got = yield recorded()
        yield got, recorded()
        return "end"

    generator = numbers()
    assert next(generator) is False
    assert recorded()
    assert generator.send("x") == ("x", False)
    with pytest.raises(StopIteration) as end:
        next(generator)
    assert end.value.value == "end"
    assert recorded()


def test_decorated_generator_passes_exceptions_in():
    @mt.no_grad()
    def patient():
        try:
            yield 1
        except KeyError:
            yield mt.is_grad_enabled()

    generator = patient()
    next(generator)
    assert generator.throw(KeyError("x")) is False
    generator.close()
    assert mt.is_grad_enabled()


def test_with_inside_a_generator_leaks_as_in_pytorch():
    def numbers():
        with mt.no_grad():
            yield 1

    generator = numbers()
    next(generator)
    assert not mt.is_grad_enabled()
    generator.close()
    assert mt.is_grad_enabled()


def test_a_decorated_class_is_made_in_the_mode_and_warns():
    class Thing:
        def __init__(self):
            self.mode = mt.is_grad_enabled()

    with pytest.warns(FutureWarning, match="Decorating classes is deprecated"):
        made = mt.no_grad()(Thing)
    assert made().mode is False and mt.is_grad_enabled()


def test_set_grad_enabled_is_call_manager_and_decorator():
    mt.set_grad_enabled(False)
    assert not recorded()
    mt.set_grad_enabled(True)
    with mt.set_grad_enabled(False):
        assert not recorded()
    assert recorded()

    @mt.set_grad_enabled(False)
    def inside():
        return recorded()

    assert recorded()
    assert inside() is False
    with pytest.raises(TypeError, match="must be bool, not int"):
        mt.set_grad_enabled(1)


def test_mode_belongs_to_the_thread():
    seen = []
    with mt.no_grad():
        thread = threading.Thread(target=lambda: seen.append(recorded()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_parameter_and_factory_keep_requires_grad_under_no_grad():
    with mt.no_grad():
        assert mt.nn.Parameter(mt.ones(1)).requires_grad
        assert mt.ones(1, requires_grad=True).requires_grad


def test_inference_mode_makes_inference_tensors():
    x = mt.ones(2, requires_grad=True)
    with mt.inference_mode():
        assert mt.is_inference_mode_enabled()
        assert not mt.is_grad_enabled()
        y = x * 2
    assert not mt.is_inference_mode_enabled()
    assert y.is_inference() and not y.requires_grad
    with pytest.raises(RuntimeError, match="Inference tensors do not track version counter"):
        y._version  # noqa: B018 - reading it is the test
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside"):
        y.add_(1)
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        x * y


def test_inference_mode_false_leaves_inference_mode():
    with mt.inference_mode():
        with mt.inference_mode(False):
            assert not mt.is_inference_mode_enabled()
            assert recorded()
        assert mt.is_inference_mode_enabled()


def test_inference_mode_decorates():
    @mt.inference_mode()
    def called():
        return mt.is_inference_mode_enabled()

    @mt.inference_mode
    def bare():
        return mt.is_inference_mode_enabled()

    assert called() and bare()
    assert not mt.is_inference_mode_enabled()
