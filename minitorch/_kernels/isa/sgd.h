/* Family sgd: one step of gradient descent, every array read and written once. */
#ifndef MT_SGD_H
#define MT_SGD_H

#include <stddef.h>

typedef struct mt_sgd_step {
    double minus_lr, momentum, one_minus_dampening, weight_decay;
    int nesterov, maximize, first;
} mt_sgd_step;

typedef struct mt_sgd_kernels {
    /* param and buffer are updated; buffer is NULL when momentum is 0.  See sgd.pxd. */
    void (*step)(void *param, void *buffer, const void *grad, ptrdiff_t n,
                 const mt_sgd_step *how);
} mt_sgd_kernels;

#endif
