/* Table of casts: cast[dst][src] is a loop with one input. */
#ifndef MT_CONVERT_H
#define MT_CONVERT_H

#include "loop.h"

typedef struct {
    mt_loop cast[MT_N_CODES][MT_N_CODES];
} mt_convert_table;

#endif
