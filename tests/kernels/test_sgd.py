"""The fused SGD step against the plain formula."""

import itertools

import numpy as np
import pytest

from minitorch._kernels import _testing_nn as kernels

RTOL = {np.float32: 2e-6, np.float64: 2e-15}
OPTIONS = [dict(lr=0.1, momentum=m, dampening=d, weight_decay=w, nesterov=v, maximize=x)
           for m, d, w, v, x in itertools.product((0, 0.9), (0, 0.3), (0, 0.01), (False, True),
                                                  (False, True))
           if not (v and (m == 0 or d != 0))]


def reference(param, buffer, grad, o, first):
    grad = -grad if o["maximize"] else grad
    grad = grad + o["weight_decay"] * param
    if o["momentum"]:
        buffer = grad if first else o["momentum"] * buffer + (1 - o["dampening"]) * grad
        grad = grad + o["momentum"] * buffer if o["nesterov"] else buffer
    return param - o["lr"] * grad, buffer


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 5, 16, 37, 40_000])
@pytest.mark.parametrize("options", OPTIONS,
                         ids=lambda o: ",".join(f"{k}={v}" for k, v in o.items() if v))
def test_sgd_step(isa, options, n, dtype):
    rng = np.random.default_rng(n)
    param = rng.standard_normal(n).astype(dtype)
    buffer = np.full(n, np.nan, dtype) if options["momentum"] else None
    wide, wide_buffer = param.astype(np.float64), None
    for step in range(3):
        grad = rng.standard_normal(n).astype(dtype)
        kernels.sgd_step(param, buffer, grad, options, step == 0)
        wide, wide_buffer = reference(wide, wide_buffer, grad.astype(np.float64), options,
                                      step == 0)
    np.testing.assert_allclose(param, wide, rtol=RTOL[dtype], atol=RTOL[dtype])
    if buffer is not None:
        np.testing.assert_allclose(buffer, wide_buffer, rtol=RTOL[dtype], atol=RTOL[dtype])
