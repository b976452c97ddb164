/* Uniform numbers into normal ones, to PyTorch's last bit.
 *
 * PyTorch's AVX2 code takes log, sin and cos from the single precision Cephes library
 * (S. Moshier), eight numbers at a time; its compiler fuses what is written with fmaf here.
 * Nothing else is fused, so every instruction set gives the same numbers.
 */

/* log(x) for 0 < x <= 1: x = 2^e m, sqrt(1/2) <= m < sqrt(2), and a polynomial in m - 1. */
MT_ALWAYS float cephes_log(float x) {
    x = x < 0x1p-126f ? 0x1p-126f : x;
    uint32_t bits = float_bits(x);
    float e = (float)((int32_t)(bits >> 23) - 127) + 1.0f;
    float m = bits_float((bits & 0x007fffff) | 0x3f000000);        /* in [1/2, 1) */
    int small = m < 0.707106781186547524f;
    x = (m - 1.0f) + (small ? m : 0.0f);
    e -= small ? 1.0f : 0.0f;
    float z = x * x, y = 7.0376836292E-2f;
    y = fmaf(y, x, -1.1514610310E-1f);
    y = fmaf(y, x, 1.1676998740E-1f);
    y = fmaf(y, x, -1.2420140846E-1f);
    y = fmaf(y, x, 1.4249322787E-1f);
    y = fmaf(y, x, -1.6668057665E-1f);
    y = fmaf(y, x, 2.0000714765E-1f);
    y = fmaf(y, x, -2.4999993993E-1f);
    y = fmaf(y, x, 3.3333331174E-1f);
    y = fmaf(y * x, z, e * -2.12194440e-4f) - z * 0.5f;
    return fmaf(e, 0.693359375f, x + y);
}

/* sin and cos of 0 <= x < 2 pi: x less a multiple of pi/4 in three parts, two polynomials. */
MT_ALWAYS void cephes_sincos(float x, float *sine, float *cosine) {
    int32_t octant = ((int32_t)(x * 1.27323954473516f) + 1) & ~1;
    float n = (float)octant;
    x = fmaf(n, -0.78515625f, x);
    x = fmaf(n, -2.4187564849853515625e-4f, x);
    x = fmaf(n, -3.77489497744594108e-8f, x);
    float z = x * x;
    float c = fmaf(2.443315711809948E-005f, z, -1.388731625493765E-003f);
    c = fmaf(c, z, 4.166664568298827E-002f) * z;
    c = fmaf(c, z, -(z * 0.5f)) + 1.0f;
    float s = fmaf(-1.9515295891E-4f, z, 8.3321608736E-3f);
    s = fmaf(s, z, -1.6666654611E-1f) * z;
    s = fmaf(s, x, x);
    float turned_s = octant & 2 ? c : s, turned_c = octant & 2 ? s : c;
    *sine = bits_float(float_bits(turned_s) ^ (uint32_t)(octant & 4) << 29);
    *cosine = bits_float(float_bits(turned_c) ^ (uint32_t)(~(octant - 2) & 4) << 29);
}

/* Blocks of 16: j pairs with j + 8. */
static void box_muller_f32(float *x, ptrdiff_t blocks, float mean, float std) {
    for (ptrdiff_t block = 0; block < blocks; block++, x += 16) {
        float cosines[8], sines[8];
        for (int j = 0; j < 8; j++) {
            float radius = sqrtf(-2.0f * cephes_log(1.0f - x[j])), sine, cosine;
            cephes_sincos(6.28318531f * x[j + 8], &sine, &cosine);
            cosines[j] = fmaf(radius * cosine, std, mean);
            sines[j] = fmaf(radius * sine, std, mean);
        }
        memcpy(x, cosines, sizeof(cosines));
        memcpy(x + 8, sines, sizeof(sines));
    }
}
