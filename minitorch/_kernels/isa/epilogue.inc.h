/* Epilogues for float and double; included by each family that has them. */
#ifndef MT_EPILOGUE_INC_H
#define MT_EPILOGUE_INC_H

#include "epilogue.h"
#include "simd.h"

#include "real_f32.inc.h"
#include "epilogue_apply.inc.h"
#include "real_end.inc.h"

#include "real_f64.inc.h"
#include "epilogue_apply.inc.h"
#include "real_end.inc.h"

#endif
