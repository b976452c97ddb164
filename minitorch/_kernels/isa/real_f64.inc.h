/* See real_f32.inc.h. */
#define REAL double
#define VEC vf64
#define MASK vi64
#define INT int64_t
#define LANES LANES_F64
#define NAME(name) name##_f64
#define REAL_BYTES 8
