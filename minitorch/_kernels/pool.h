/* The thread pool of minitorch: the only place that starts threads.
 *
 * A job is a function over the index range [0, n), cut into chunks.  The cut depends on n and
 * grain alone, never on the number of threads, so a kernel that sums per chunk gives the same
 * bits on any machine.
 */
#ifndef MT_POOL_H
#define MT_POOL_H

#include <stddef.h>

typedef void (*mt_task)(void *ctx, ptrdiff_t begin, ptrdiff_t end);

/* Length of the chunks that mt_parallel_for makes: at least `grain`, and at most
 * MT_MAX_CHUNKS of them. */
enum { MT_MAX_CHUNKS = 512 };
ptrdiff_t mt_chunk_length(ptrdiff_t n, ptrdiff_t grain);

/* Calls task(ctx, begin, end) for every chunk of [0, n), in any order, the caller taking part;
 * returns when all are done.  Runs every chunk in the caller when there is one chunk or one
 * thread, inside another task, or while another thread's job has the pool. */
void mt_parallel_for(mt_task task, void *ctx, ptrdiff_t n, ptrdiff_t grain);

int mt_num_threads(void);
void mt_set_num_threads(int n);

/* Index of the calling thread in the pool: 0 for every thread that is not a worker. */
int mt_thread_index(void);

/* Working memory of the calling thread, 64-byte aligned, kept from call to call and grown when
 * needed; the contents do not survive a growing.  One block per slot, so that a kernel and the
 * kernel it calls do not share.  NULL when memory is short. */
enum { MT_SCRATCH_SLOTS = 12 };
void *mt_scratch(int slot, ptrdiff_t nbytes);

/* Frees the calling thread's working memory. */
void mt_release_scratch(void);

#endif
