/* The inner loop that every elementwise kernel is made of, and the dtype codes.

   A loop computes n elements; ptrs[0] is the output, ptrs[1..] are the inputs, and
   steps[k] is the distance in bytes between two elements of operand k.  A step of 0
   means one scalar for all elements.  The output may be exactly one of the inputs;
   operands must not overlap in any other way. */
#ifndef MT_LOOP_H
#define MT_LOOP_H

#include <stddef.h>
#include <stdint.h>

typedef void (*mt_loop)(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n);

/* The same numbers as `Code` in types.pxd. */
enum mt_code {
    MT_BOOL, MT_U8, MT_I8, MT_I16, MT_I32, MT_I64, MT_F16, MT_BF16, MT_F32, MT_F64, MT_N_CODES
};

/* Iterations are independent (also when the output is an input): vectorise them. */
#if defined(__clang__)
#define MT_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define MT_INDEPENDENT _Pragma("GCC ivdep")
#else
#define MT_INDEPENDENT
#endif

/* Elements of float16 and bfloat16 that are widened to float at a time. */
#define MT_CHUNK 256

#endif
