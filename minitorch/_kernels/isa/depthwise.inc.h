/* Family depthwise for float and double. */
#include "depthwise.h"
#include "simd.h"

#include "real_f32.inc.h"
#include "depthwise_loops.inc.h"
#include "real_end.inc.h"

#include "real_f64.inc.h"
#include "depthwise_loops.inc.h"
#include "real_end.inc.h"
