/* See pool.h.  Workers spin for some 100 microseconds after a job, then sleep: longer than a
 * network spends between two of its jobs, for waking costs as much. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pool.h"

#include "memory.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__x86_64__) || defined(__i386__)
#define cpu_relax() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define cpu_relax() __asm__ __volatile__("yield")
#else
#define cpu_relax() ((void)0)
#endif

enum { SPIN_TURNS = 4000, MAX_THREADS = 256 };

/* ---- the job ----
 *
 * `ticket` holds the job's generation (high half) and the number of chunks not yet taken (low
 * half) in one word: a worker that comes late compares and swaps both at once, so it can never
 * take a chunk of a job that has ended.  The fields of `job` are written before the ticket and
 * stay as they are until `finished` reaches `chunks`, which a taken chunk holds back. */
static _Atomic uint64_t ticket;
static _Atomic uint32_t finished;
static struct {
    mt_task task;
    void *ctx;
    ptrdiff_t n, length;
    uint32_t chunks;
} job;

static _Atomic int pool_taken;       /* one job at a time; others run in their caller */
static int thread_goal = 1;          /* threads wanted, the caller included */
static int workers;                  /* started; changed only by the owner of pool_taken */
static _Atomic int active_workers;   /* workers with an index above it sleep on */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t job_posted = PTHREAD_COND_INITIALIZER;
static pthread_cond_t job_finished = PTHREAD_COND_INITIALIZER;
static _Atomic int sleepers;
static _Atomic int caller_sleeps;

static _Thread_local int thread_index;
static _Thread_local int inside_task;

static uint32_t generation_of(uint64_t word) { return (uint32_t)(word >> 32); }
static uint32_t remaining_of(uint64_t word) { return (uint32_t)word; }

/* Takes one chunk of job `generation`; 0 when none is left or the job is over. */
static int take_chunk(uint32_t generation, uint32_t *taken) {
    uint64_t word = atomic_load(&ticket);
    while (generation_of(word) == generation && remaining_of(word)) {
        if (atomic_compare_exchange_weak(&ticket, &word, word - 1)) {
            *taken = job.chunks - remaining_of(word);
            return 1;
        }
    }
    return 0;
}

static void run_chunk(mt_task task, void *ctx, ptrdiff_t n, ptrdiff_t length, ptrdiff_t chunk) {
    ptrdiff_t begin = chunk * length;
    ptrdiff_t end = n - begin < length ? n : begin + length;
    task(ctx, begin, end);
}

static void work_on(uint32_t generation) {
    uint32_t chunk;
    inside_task = 1;
    while (take_chunk(generation, &chunk)) {
        uint32_t chunks = job.chunks;  /* read before the last chunk is reported */
        run_chunk(job.task, job.ctx, job.n, job.length, chunk);
        if (atomic_fetch_add(&finished, 1) + 1 == chunks && atomic_load(&caller_sleeps)) {
            pthread_mutex_lock(&lock);
            pthread_cond_signal(&job_finished);
            pthread_mutex_unlock(&lock);
        }
    }
    inside_task = 0;
}

/* ---- workers ---- */

static int job_for_me(uint32_t seen) {
    return generation_of(atomic_load(&ticket)) != seen
           && thread_index <= atomic_load(&active_workers);
}

static void await_job(uint32_t seen) {
    for (int turn = 0; turn < SPIN_TURNS; turn++) {
        if (job_for_me(seen)) return;
        cpu_relax();
    }
    pthread_mutex_lock(&lock);
    atomic_fetch_add(&sleepers, 1);  /* before looking again: the poster looks after posting */
    while (!job_for_me(seen)) pthread_cond_wait(&job_posted, &lock);
    atomic_fetch_sub(&sleepers, 1);
    pthread_mutex_unlock(&lock);
}

static void *worker(void *index) {
    thread_index = (int)(intptr_t)index;
    uint32_t seen = 0;
    for (;;) {
        await_job(seen);
        seen = generation_of(atomic_load(&ticket));
        work_on(seen);
    }
    return NULL;
}

/* The child of a fork has the forking thread alone: start anew. */
static void after_fork_in_child(void) {
    static const pthread_mutex_t fresh_lock = PTHREAD_MUTEX_INITIALIZER;
    static const pthread_cond_t fresh_cond = PTHREAD_COND_INITIALIZER;
    lock = fresh_lock;
    job_posted = fresh_cond;
    job_finished = fresh_cond;
    workers = 0;
    atomic_fetch_and(&ticket, ~(uint64_t)UINT32_MAX);  /* no chunk of a job that was running */
    atomic_store(&sleepers, 0);
    atomic_store(&caller_sleeps, 0);
    atomic_store(&active_workers, 0);
    atomic_store(&pool_taken, 0);
}

/* At import, not with the first worker: a fork that has already begun in another thread runs no
   handler that is registered from then on, and its child would take over our sleeping workers. */
__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(NULL, NULL, after_fork_in_child);
}

/* Starts missing workers; the pool does with fewer when the system refuses. */
static void start_workers(int wanted) {
    while (workers < wanted) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, worker, (void *)(intptr_t)(workers + 1))) break;
        pthread_detach(thread);
        workers++;
    }
    atomic_store(&active_workers, workers < wanted ? workers : wanted);
}

/* ---- the caller ---- */

static void post_job(mt_task task, void *ctx, ptrdiff_t n, ptrdiff_t length, uint32_t chunks) {
    job.task = task;
    job.ctx = ctx;
    job.n = n;
    job.length = length;
    job.chunks = chunks;
    atomic_store(&finished, 0);
    uint32_t generation = generation_of(atomic_load(&ticket)) + 1;
    atomic_store(&ticket, (uint64_t)generation << 32 | chunks);
    if (atomic_load(&sleepers)) {
        pthread_mutex_lock(&lock);
        pthread_cond_broadcast(&job_posted);
        pthread_mutex_unlock(&lock);
    }
    work_on(generation);
}

/* Waits for the chunks that workers have started. */
static void await_finish(uint32_t chunks) {
    for (int turn = 0; turn < SPIN_TURNS; turn++) {
        if (atomic_load(&finished) == chunks) return;
        cpu_relax();
    }
    pthread_mutex_lock(&lock);
    atomic_store(&caller_sleeps, 1);
    while (atomic_load(&finished) != chunks) pthread_cond_wait(&job_finished, &lock);
    atomic_store(&caller_sleeps, 0);
    pthread_mutex_unlock(&lock);
}

ptrdiff_t mt_chunk_length(ptrdiff_t n, ptrdiff_t grain) {
    ptrdiff_t least = (n + MT_MAX_CHUNKS - 1) / MT_MAX_CHUNKS;
    ptrdiff_t length = grain > least ? grain : least;
    return length > 0 ? length : 1;
}

static int take_pool(void) {
    int expected = 0;
    return atomic_compare_exchange_strong(&pool_taken, &expected, 1);
}

void mt_parallel_for(mt_task task, void *ctx, ptrdiff_t n, ptrdiff_t grain) {
    if (n <= 0) return;
    ptrdiff_t length = mt_chunk_length(n, grain);
    ptrdiff_t chunks = (n + length - 1) / length;
    if (chunks == 1) {
        task(ctx, 0, n);
        return;
    }
    if (thread_goal == 1 || inside_task || !take_pool()) {
        for (ptrdiff_t chunk = 0; chunk < chunks; chunk++) run_chunk(task, ctx, n, length, chunk);
        return;
    }
    if (workers != thread_goal - 1 || atomic_load(&active_workers) != thread_goal - 1)
        start_workers(thread_goal - 1);
    post_job(task, ctx, n, length, (uint32_t)chunks);
    await_finish((uint32_t)chunks);
    atomic_store(&pool_taken, 0);
}

int mt_num_threads(void) { return thread_goal; }

void mt_set_num_threads(int n) {
    thread_goal = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

int mt_thread_index(void) { return thread_index; }

/* ---- working memory ---- */

/* A large block takes whole huge pages, so that it seldom has to grow. */
enum { GRANULE = 4096, LARGE = 1 << 18 };

typedef struct {
    void *block[MT_SCRATCH_SLOTS];
    ptrdiff_t size[MT_SCRATCH_SLOTS];
} Scratch;

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static _Thread_local Scratch *own_scratch;

static void free_blocks(Scratch *scratch) {
    for (int slot = 0; slot < MT_SCRATCH_SLOTS; slot++) {
        free(scratch->block[slot]);
        scratch->block[slot] = NULL;
        scratch->size[slot] = 0;
    }
}

static void free_scratch(void *scratch) {
    free_blocks(scratch);
    free(scratch);
}

static void make_scratch_key(void) { pthread_key_create(&scratch_key, free_scratch); }

/* The thread's record; the key exists only so that it is freed when the thread ends. */
static Scratch *thread_scratch(void) {
    if (!own_scratch) {
        pthread_once(&scratch_once, make_scratch_key);
        own_scratch = calloc(1, sizeof *own_scratch);
        if (own_scratch) pthread_setspecific(scratch_key, own_scratch);
    }
    return own_scratch;
}

void *mt_scratch(int slot, ptrdiff_t nbytes) {
    Scratch *scratch = thread_scratch();
    if (!scratch) return NULL;
    if (scratch->size[slot] < nbytes) {
        ptrdiff_t granule = nbytes < LARGE ? GRANULE : MT_HUGE_PAGE;
        ptrdiff_t size = (nbytes + granule - 1) / granule * granule;
        free(scratch->block[slot]);
        scratch->size[slot] = 0;
        scratch->block[slot] = NULL;
        scratch->block[slot] = mt_allocate((size_t)size);
        if (!scratch->block[slot]) return NULL;
        scratch->size[slot] = size;
    }
    return scratch->block[slot];
}

void mt_release_scratch(void) {
    if (own_scratch) free_blocks(own_scratch);
}
