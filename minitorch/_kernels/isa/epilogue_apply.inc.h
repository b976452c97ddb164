/* Included for float and for double: an epilogue on a vector, and on a single value. */

/* `y` is where the vector will be stored, `c` its first channel. */
MT_INLINE VEC NAME(finish_vector)(VEC value, const REAL *y, ptrdiff_t c, const mt_epilogue *e) {
    const REAL *scale = e->scale, *offset = e->offset;
    if (scale && offset)
        value = NAME(mt_fma)(value, *(const VEC *)(scale + c), *(const VEC *)(offset + c));
    else if (scale)
        value = value * *(const VEC *)(scale + c);
    else if (offset)
        value = value + *(const VEC *)(offset + c);
    if (e->residual) value = value + *(const VEC *)((const char *)y + e->residual);
    return e->relu ? NAME(mt_relu)(value) : value;
}

/* The same for the first `count` lanes: the right edge. */
MT_INLINE void NAME(finish_edge)(REAL *y, const REAL *values, ptrdiff_t c, ptrdiff_t count,
                                 const mt_epilogue *e) {
    const REAL *scale = e->scale, *offset = e->offset;
    const REAL *residual = (const REAL *)((const char *)y + e->residual);
    for (ptrdiff_t j = 0; j < count; j++) {
        REAL value = values[j];
        if (scale && offset)
            value = NAME(mt_fma_one)(value, scale[c + j], offset[c + j]);
        else if (scale)
            value *= scale[c + j];
        else if (offset)
            value += offset[c + j];
        if (e->residual) value += residual[j];
        y[j] = e->relu && value < 0 ? 0 : value;
    }
}
