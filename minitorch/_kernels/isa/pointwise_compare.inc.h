/* Comparisons and logic of one type T, to bool. */
static inline uint8_t FN(logical_not)(T x) { return x == 0; }
static inline uint8_t FN(logical_and)(T a, T b) { return (a != 0) & (b != 0); }
static inline uint8_t FN(logical_or)(T a, T b) { return (a != 0) | (b != 0); }
static inline uint8_t FN(logical_xor)(T a, T b) { return (a != 0) ^ (b != 0); }
static inline uint8_t FN(eq)(T a, T b) { return a == b; }
static inline uint8_t FN(ne)(T a, T b) { return a != b; }
static inline uint8_t FN(lt)(T a, T b) { return a < b; }
static inline uint8_t FN(le)(T a, T b) { return a <= b; }
static inline uint8_t FN(gt)(T a, T b) { return a > b; }
static inline uint8_t FN(ge)(T a, T b) { return a >= b; }

#define DEFINE(ID, name) LOOP(name) { BINARY_BODY(uint8_t, T, FN(name)) }
COMPARE(DEFINE)
#undef DEFINE
