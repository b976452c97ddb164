/* Bodies of inner loops around a scalar function f, with the layouts that a compiler can
   vectorise written out: all operands contiguous, or one of them a scalar. */

/* A call that is left in a loop keeps the loop scalar. */
#define MT_ALWAYS static inline __attribute__((always_inline))

#define AT(T, p, i) (((const T *)(p))[i])
#define STEP_AT(T, p, i, step) (*(const T *)((p) + (i) * (step)))

#define UNARY_BODY(TO, T, f)                                                                   \
    char *out = ptrs[0];                                                                       \
    const char *a = ptrs[1];                                                                   \
    ptrdiff_t so = steps[0], sa = steps[1];                                                    \
    if (so == sizeof(TO) && sa == sizeof(T)) {                                                 \
        MT_INDEPENDENT                                                                         \
        for (ptrdiff_t i = 0; i < n; i++) ((TO *)out)[i] = f(AT(T, a, i));                     \
    } else {                                                                                   \
        for (ptrdiff_t i = 0; i < n; i++) *(TO *)(out + i * so) = f(STEP_AT(T, a, i, sa));     \
    }

#define BINARY_BODY(TO, T, f)                                                                  \
    char *out = ptrs[0];                                                                       \
    const char *a = ptrs[1], *b = ptrs[2];                                                     \
    ptrdiff_t so = steps[0], sa = steps[1], sb = steps[2];                                     \
    if (so == sizeof(TO) && sa == sizeof(T) && sb == sizeof(T)) {                              \
        MT_INDEPENDENT                                                                         \
        for (ptrdiff_t i = 0; i < n; i++) ((TO *)out)[i] = f(AT(T, a, i), AT(T, b, i));        \
    } else if (so == sizeof(TO) && sa == sizeof(T) && sb == 0) {                               \
        T right = *(const T *)b;                                                               \
        MT_INDEPENDENT                                                                         \
        for (ptrdiff_t i = 0; i < n; i++) ((TO *)out)[i] = f(AT(T, a, i), right);              \
    } else if (so == sizeof(TO) && sa == 0 && sb == sizeof(T)) {                               \
        T left = *(const T *)a;                                                                \
        MT_INDEPENDENT                                                                         \
        for (ptrdiff_t i = 0; i < n; i++) ((TO *)out)[i] = f(left, AT(T, b, i));               \
    } else {                                                                                   \
        for (ptrdiff_t i = 0; i < n; i++)                                                      \
            *(TO *)(out + i * so) = f(STEP_AT(T, a, i, sa), STEP_AT(T, b, i, sb));             \
    }

/* Two tensors and a scalar. */
#define BINARY_SCALAR_BODY(T, f)                                                               \
    char *out = ptrs[0];                                                                       \
    const char *a = ptrs[1], *b = ptrs[2], *c = ptrs[3];                                       \
    ptrdiff_t so = steps[0], sa = steps[1], sb = steps[2], sc = steps[3];                      \
    if (so == sizeof(T) && sa == sizeof(T) && sb == sizeof(T) && sc == 0) {                    \
        T scalar = *(const T *)c;                                                              \
        MT_INDEPENDENT                                                                         \
        for (ptrdiff_t i = 0; i < n; i++) ((T *)out)[i] = f(AT(T, a, i), AT(T, b, i), scalar); \
    } else {                                                                                   \
        for (ptrdiff_t i = 0; i < n; i++)                                                      \
            *(T *)(out + i * so) = f(STEP_AT(T, a, i, sa), STEP_AT(T, b, i, sb),               \
                                     STEP_AT(T, c, i, sc));                                    \
    }

/* One tensor and two scalars. */
#define UNARY_SCALARS_BODY(T, f)                                                               \
    char *out = ptrs[0];                                                                       \
    const char *a = ptrs[1], *b = ptrs[2], *c = ptrs[3];                                       \
    ptrdiff_t so = steps[0], sa = steps[1], sb = steps[2], sc = steps[3];                      \
    if (so == sizeof(T) && sa == sizeof(T) && sb == 0 && sc == 0) {                            \
        T first = *(const T *)b, second = *(const T *)c;                                       \
        MT_INDEPENDENT                                                                         \
        for (ptrdiff_t i = 0; i < n; i++) ((T *)out)[i] = f(AT(T, a, i), first, second);       \
    } else {                                                                                   \
        for (ptrdiff_t i = 0; i < n; i++)                                                      \
            *(T *)(out + i * so) = f(STEP_AT(T, a, i, sa), STEP_AT(T, b, i, sb),               \
                                     STEP_AT(T, c, i, sc));                                    \
    }

/* Four inputs: three tensors and a scalar, or two and two; contiguous ones share a loop. */
#define QUATERNARY_BODY(T, f)                                                                  \
    char *out = ptrs[0];                                                                       \
    const char *a = ptrs[1], *b = ptrs[2], *c = ptrs[3], *d = ptrs[4];                         \
    ptrdiff_t so = steps[0], sa = steps[1], sb = steps[2], sc = steps[3], sd = steps[4];       \
    if (so == sizeof(T) && sa == sizeof(T) && sb == sizeof(T) && sc == sizeof(T) && sd == 0) { \
        T scalar = *(const T *)d;                                                              \
        MT_INDEPENDENT                                                                         \
        for (ptrdiff_t i = 0; i < n; i++)                                                      \
            ((T *)out)[i] = f(AT(T, a, i), AT(T, b, i), AT(T, c, i), scalar);                  \
    } else {                                                                                   \
        for (ptrdiff_t i = 0; i < n; i++)                                                      \
            *(T *)(out + i * so) = f(STEP_AT(T, a, i, sa), STEP_AT(T, b, i, sb),               \
                                     STEP_AT(T, c, i, sc), STEP_AT(T, d, i, sd));              \
    }

#define LOOP(name) static void FN(name##_loop)(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n)
