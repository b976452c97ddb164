"""Convolution by its definition; for tests only."""

from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

cdef void conv2d_naive(
    double* y, double* dx, double* dw, const floating* x, const floating* w, const floating* dy,
    const ConvShape* shape) noexcept nogil
