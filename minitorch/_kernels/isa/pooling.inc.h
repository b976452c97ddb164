/* Family pooling for float and double. */
#include "pooling.h"
#include "simd.h"

#include "real_f32.inc.h"
#include "pooling_taps.inc.h"
#include "real_end.inc.h"

#include "real_f64.inc.h"
#include "pooling_taps.inc.h"
#include "real_end.inc.h"
