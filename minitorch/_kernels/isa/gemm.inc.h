/* Family gemm for float and double; the register tile suits the number of vector registers:
 * AVX-512 has 32, so 12 x 2 accumulators + 2 of B; the others have 16: 6 x 2 + 2 + 1 of A. */
#include "epilogue.inc.h"
#include "gemm.h"
#include "simd.h"
#include "transpose.inc.h"

#if MT_VECTOR_BYTES == 64
enum { MR = 12 };
#else
enum { MR = 6 };
#endif
enum { NV = 2 };  /* vectors in a row of a tile */

#include "real_f32.inc.h"
#include "gemm_tile.inc.h"
#include "real_end.inc.h"

#include "real_f64.inc.h"
#include "gemm_tile.inc.h"
#include "real_end.inc.h"
