/* Which tables does this build hold, and which of them can this processor run? */
#ifndef MT_SELECT_H
#define MT_SELECT_H

#include <string.h>

#include "isa.h"

enum { MT_N_ISAS = 3 };

/* Best first. */
static inline const char *mt_isa_name(int rank) {
    static const char *const names[MT_N_ISAS] = {"avx512", "avx2", "portable"};
    return names[rank];
}

/* The table called `name`, or NULL when the build or the processor lacks it. */
static inline const mt_kernels *mt_find_isa(const char *name) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (!strcmp(name, "avx512"))
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
                       && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
                   ? &mt_kernels_avx512 : NULL;
    if (!strcmp(name, "avx2"))  /* every processor with AVX2 and FMA has F16C as well */
        return avx2 ? &mt_kernels_avx2 : NULL;
#endif
    return strcmp(name, "portable") ? NULL : &mt_kernels_portable;
}

#endif
