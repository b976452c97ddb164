/* Aligned memory for arrays; large blocks ask for huge pages.
 *
 * A first touch costs a page fault for every 4 KiB, and reading weights row by row misses the
 * TLB; with pages of 2 MiB there are 512 times fewer of both. */
#ifndef MT_MEMORY_H
#define MT_MEMORY_H

#include <stddef.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

enum { MT_ALIGNMENT = 64, MT_HUGE_PAGE = 1 << 21 };

/* Uninitialised memory for free(), or NULL. */
static inline void *mt_allocate(size_t nbytes) {
    void *block = NULL;
    const int huge = nbytes >= MT_HUGE_PAGE;
    if (posix_memalign(&block, huge ? MT_HUGE_PAGE : MT_ALIGNMENT, nbytes)) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (huge) madvise(block, nbytes, MADV_HUGEPAGE);  /* a wish: it may fail */
#endif
    return block;
}

#endif
