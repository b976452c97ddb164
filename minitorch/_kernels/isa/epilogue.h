/* What happens to a value of a product or convolution before it is stored. */
#ifndef MT_EPILOGUE_H
#define MT_EPILOGUE_H

#include <stddef.h>

/* y = relu(fma(value, scale, offset) + residual); what is NULL or 0 is left out.  The steps round
 * as separate passes over memory would: convolution, affine map, addition, relu. */
typedef struct mt_epilogue {
    const void *scale;      /* one value for each channel (column) */
    const void *offset;
    ptrdiff_t residual;     /* bytes from a value's place to its residual: an array like y */
    int relu;
} mt_epilogue;

#endif
