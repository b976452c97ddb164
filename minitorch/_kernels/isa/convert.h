/* Table of casts: cast[dst][src] is a loop with one input; and of transposed copies.

   A transposed copy reads runs along the rows and writes runs along the columns:
   out[r * out_row + c * item] = x[r * item + c * x_column], strides in bytes. */
#ifndef MT_CONVERT_H
#define MT_CONVERT_H

#include "loop.h"

typedef void (*mt_transpose)(char *out, ptrdiff_t out_row, const char *x, ptrdiff_t x_column,
                             ptrdiff_t rows, ptrdiff_t columns);

typedef struct {
    mt_loop cast[MT_N_CODES][MT_N_CODES];
    mt_transpose transpose[4];  /* by log2 of the item size */
} mt_convert_table;

#endif
