/* Family sgd for float and double. */
#include "sgd.h"
#include "simd.h"

#include "real_f32.inc.h"
#include "sgd_step.inc.h"
#include "real_end.inc.h"

#include "real_f64.inc.h"
#include "sgd_step.inc.h"
#include "real_end.inc.h"
