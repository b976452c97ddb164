/* "Template" arguments for a file that is included once for float and once for double. */
#define REAL float
#define VEC vf32
#define MASK vi32
#define INT int32_t
#define LANES LANES_F32
#define NAME(name) name##_f32
#define REAL_BYTES 4
