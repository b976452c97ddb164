/* Included for float and for double.  The roundings are PyTorch's: `a.add(b, alpha)` rounds
 * once, `a.mul(m).add(b, alpha)` twice. */

MT_INLINE void NAME(sgd_vector)(VEC *param, VEC *buffer, VEC grad, const mt_sgd_step *how) {
    const VEC momentum = NAME(mt_set1)((REAL)how->momentum);
    if (how->maximize) grad = -grad;
    if (how->weight_decay != 0)
        grad = NAME(mt_fma)(*param, NAME(mt_set1)((REAL)how->weight_decay), grad);
    if (buffer) {
        *buffer = how->first ? grad
                             : NAME(mt_fma)(grad,
                                            NAME(mt_set1)((REAL)how->one_minus_dampening),
                                            *buffer * momentum);
        grad = how->nesterov ? NAME(mt_fma)(*buffer, momentum, grad) : *buffer;
    }
    *param = NAME(mt_fma)(grad, NAME(mt_set1)((REAL)how->minus_lr), *param);
}

MT_NOINLINE void NAME(sgd_step)(void *param_p, void *buffer_p, const void *grad_p, ptrdiff_t n,
                                const mt_sgd_step *how_p) {
    REAL *param = param_p, *buffer = buffer_p;
    const REAL *grad = grad_p;
    const mt_sgd_step how = *how_p;
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES)
        NAME(sgd_vector)((VEC *)(param + i), buffer ? (VEC *)(buffer + i) : NULL,
                         *(const VEC *)(grad + i), &how);
    if (i < n) {  /* the rest in the first lanes of one more vector */
        VEC p = {0}, b = {0}, g = {0};
        for (ptrdiff_t lane = 0; lane < n - i; lane++) {
            p[lane] = param[i + lane];
            g[lane] = grad[i + lane];
            if (buffer && !how.first) b[lane] = buffer[i + lane];
        }
        NAME(sgd_vector)(&p, buffer ? &b : NULL, g, &how);
        for (ptrdiff_t lane = 0; lane < n - i; lane++) {
            param[i + lane] = p[lane];
            if (buffer) buffer[i + lane] = b[lane];
        }
    }
}

static const mt_sgd_kernels NAME(sgd_kernels) = {.step = NAME(sgd_step)};
