#undef REAL
#undef VEC
#undef MASK
#undef INT
#undef LANES
#undef NAME
#undef REAL_BYTES
