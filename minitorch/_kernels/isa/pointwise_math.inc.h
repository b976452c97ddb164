/* exp, log and their kin for float, without branches, calls or fused operations: the loops
   around them vectorise, and every instruction set gives the same bits.  Errors stay below
   two units in the last place (tests/kernels/test_pointwise_math.py measures them). */

/* Adding this rounds a float of less than 2**22 to an integer, in the low bits of the sum. */
#define ROUND_MAGIC 12582912.0f

/* e^x = 2^n e^r with |r| <= ln(2)/2, e^r by its Taylor series.  2^n is applied in two halves,
   so that results may be subnormal or infinite. */
MT_ALWAYS float vec_exp(float x) {
    float clamped = x > 89.0f ? 89.0f : x;
    clamped = clamped < -104.0f ? -104.0f : clamped;
    float shifted = clamped * 1.44269504f + ROUND_MAGIC, n = shifted - ROUND_MAGIC;
    float r = clamped - n * 0.693359375f - n * -2.12194440e-4f;    /* ln 2 in two parts */
    float q = 1.0f / 5040;
    q = q * r + 1.0f / 720;
    q = q * r + 1.0f / 120;
    q = q * r + 1.0f / 24;
    q = q * r + 1.0f / 6;
    q = q * r + 0.5f;
    float y = 1.0f + (r + r * r * q);
    int32_t exponent = (int32_t)(float_bits(shifted) - float_bits(ROUND_MAGIC));
    int32_t half = exponent >> 1;
    return y * bits_float((uint32_t)(half + 127) << 23)
             * bits_float((uint32_t)(exponent - half + 127) << 23);
}

/* e^x - 1 = 2^n (e^r - 1) + (2^n - 1), r as in vec_exp: nothing cancels where n is 0.  Halved
   until the end, so that 2^n does not overflow before the result does. */
MT_ALWAYS float vec_expm1(float x) {
    float clamped = x > 89.0f ? 89.0f : x;
    clamped = clamped < -20.0f ? -20.0f : clamped;                 /* -1 in float from -17.4 on */
    float shifted = clamped * 1.44269504f + ROUND_MAGIC, n = shifted - ROUND_MAGIC;
    float r = clamped - n * 0.693359375f - n * -2.12194440e-4f;
    float q = 1.0f / 40320;
    q = q * r + 1.0f / 5040;
    q = q * r + 1.0f / 720;
    q = q * r + 1.0f / 120;
    q = q * r + 1.0f / 24;
    q = q * r + 1.0f / 6;
    q = q * r + 0.5f;
    int32_t exponent = (int32_t)(float_bits(shifted) - float_bits(ROUND_MAGIC));
    float half = bits_float((uint32_t)(exponent + 126) << 23);     /* 2^(n - 1) */
    float y = 2.0f * (half * (r + r * r * q) + (half - 0.5f));
    return fabsf(x) < 0x1p-25f ? x : y;                            /* -0.0 and subnormals too */
}

/* log(2^e m) = e ln 2 + log m with sqrt(1/2) <= m < sqrt(2), and log m = 2 atanh(s) for
   s = (m - 1) / (m + 1), arranged as in Sun's fdlibm so that m - 1 enters exactly. */
MT_ALWAYS float vec_log_positive(float x) {
    int subnormal = x < 0x1p-126f;
    uint32_t bits = float_bits(subnormal ? x * 0x1p23f : x);
    uint32_t above = bits - 0x3f3504f3;                            /* sqrt(1/2) */
    int32_t e = ((int32_t)above >> 23) - (subnormal ? 23 : 0);
    float f = bits_float((above & 0x007fffff) + 0x3f3504f3) - 1.0f;
    float s = f / (2.0f + f), z = s * s;
    float tail = z * (2.0f / 3 + z * (2.0f / 5 + z * (2.0f / 7 + z * (2.0f / 9))));
    float half_square = 0.5f * f * f, n = (float)e;
    float y = f - (half_square - (s * (half_square + tail) + n * -2.12194440e-4f));
    return y + n * 0.693359375f;
}

MT_ALWAYS float vec_log(float x) {
    float y = vec_log_positive(x);
    y = x < INFINITY ? y : x;                                      /* infinity and NaN */
    y = x == 0 ? -INFINITY : y;
    return x < 0 ? NAN : y;
}

/* log(1 + x), the rounding of 1 + x made good to first order. */
MT_ALWAYS float vec_log1p(float x) {
    float u = 1.0f + x, rounded = (u - 1.0f) - x;
    float y = vec_log_positive(u) - rounded / u;
    y = u == 1.0f ? x : y;
    y = x < INFINITY ? y : x;
    y = x == -1.0f ? -INFINITY : y;
    return x < -1.0f ? NAN : y;
}

/* |x| + |x|^3 P(x^2) near zero (P fitted at Chebyshev points), 1 - 2 / (e^2x + 1) elsewhere. */
MT_ALWAYS float vec_tanh(float x) {
    float a = fabsf(x), z = x * x;
    float p = -0.00604516509593f;
    p = p * z + 0.020961329108f;
    p = p * z + -0.0538432631751f;
    p = p * z + 0.133327188456f;
    p = p * z + -0.333333284333f;
    float far = 1.0f - 2.0f / (vec_exp(2.0f * a) + 1.0f);
    return copysignf(a < 0.625f ? a + a * z * p : far, x);
}

/* x P(x^2) near zero, 1 - e^-L(|x|) elsewhere, L = -log(erfc); both fitted at Chebyshev points. */
MT_ALWAYS float vec_erf(float x) {
    float a = fabsf(x), z = x * x;
    float p = 8.35189708075e-5f;
    p = p * z + -0.000813879238574f;
    p = p * z + 0.00520072966671f;
    p = p * z + -0.0268592972608f;
    p = p * z + 0.112836941497f;
    p = p * z + -0.376126336881f;
    p = p * z + 0.12837916664f;                                    /* 2 / sqrt(pi) - 1 */
    float t = a > 4.0f ? 4.0f : a, l = -1.6435696536e-6f;
    l = l * t + 4.61779127904e-5f;
    l = l * t + -0.000597743471961f;
    l = l * t + 0.00476357524915f;
    l = l * t + -0.0264310176034f;
    l = l * t + 0.110094480828f;
    l = l * t + 0.631814516659f;
    l = l * t + 1.13023761637f;
    l = l * t + -0.000320441531277f;
    float far = copysignf(1.0f - vec_exp(-l), x);
    return a < 0.92f ? x + x * p : far;
}

/* sin and cos of |x| <= 8192: x = q pi/2 + r, the Taylor series of r, turned by q. */
MT_ALWAYS void vec_sincos(float x, float *sine, float *cosine) {
    float shifted = x * 0.636619772f + ROUND_MAGIC, q = shifted - ROUND_MAGIC;
    float r = x - q * 1.5703125f - q * 4.837512969970703125e-4f - q * 7.549789948768648e-8f;
    float z = r * r;
    float s = r * (1.0f + z * (-1.0f / 6 + z * (1.0f / 120 + z * (-1.0f / 5040
                                                                  + z * (1.0f / 362880)))));
    float c = 1.0f - 0.5f * z + z * z * (1.0f / 24 + z * (-1.0f / 720 + z * (1.0f / 40320
                                        - z * (1.0f / 3628800))));
    uint32_t quarter = float_bits(shifted);
    float turned_s = quarter & 1 ? c : s, turned_c = quarter & 1 ? s : c;
    *sine = bits_float(float_bits(turned_s) ^ (quarter & 2) << 30);
    *cosine = bits_float(float_bits(turned_c) ^ ((quarter + 1) & 2) << 30);
}

/* A whole chunk at a time, by the C library where one number of it is large or not finite. */
#define TURN_LOOP(name, pick)                                                                  \
    static void name##_loop_f32(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n) {            \
        for (ptrdiff_t begin = 0; begin < n; begin += MT_CHUNK) {                              \
            ptrdiff_t m = n - begin < MT_CHUNK ? n - begin : MT_CHUNK;                         \
            float x[MT_CHUNK], out[MT_CHUNK];                                                  \
            int large = 0;                                                                     \
            for (ptrdiff_t i = 0; i < m; i++)                                                  \
                x[i] = *(const float *)(ptrs[1] + (begin + i) * steps[1]);                     \
            for (ptrdiff_t i = 0; i < m; i++) large |= !(fabsf(x[i]) <= 8192.0f);              \
            for (ptrdiff_t i = 0; i < m; i++) {                                                \
                float sine, cosine;                                                            \
                vec_sincos(x[i], &sine, &cosine);                                              \
                out[i] = pick;                                                                 \
            }                                                                                  \
            for (ptrdiff_t i = 0; large && i < m; i++) out[i] = name##f(x[i]);                 \
            for (ptrdiff_t i = 0; i < m; i++)                                                  \
                *(float *)(ptrs[0] + (begin + i) * steps[0]) = out[i];                         \
        }                                                                                      \
    }
TURN_LOOP(sin, sine)
TURN_LOOP(cos, cosine)
