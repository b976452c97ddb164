"""All operations: :data:`OPS`, one record each, from the files of the families."""

from op_table_activation import ACTIVATIONS
from op_table_distance import DISTANCES
from op_table_images import IMAGES
from op_table_index import INDEXING
from op_table_linalg import LINALG
from op_table_loss import LOSSES
from op_table_matmul import MATMUL
from op_table_nn import NN_OPS
from op_table_order import ORDER
from op_table_pointwise import BINARY, TERNARY, UNARY
from op_table_reduce import REDUCTIONS
from op_table_shape import JOINS, SHAPES
from op_table_special import PAIRS, PARTS, SPECIAL
from op_table_windows import WINDOWS

OPS = [
    *UNARY,
    *BINARY,
    *TERNARY,
    *PARTS,
    *SPECIAL,
    *PAIRS,
    *REDUCTIONS,
    *SHAPES,
    *JOINS,
    *INDEXING,
    *MATMUL,
    *LINALG,
    *ORDER,
    *NN_OPS,
    *ACTIVATIONS,
    *LOSSES,
    *DISTANCES,
    *WINDOWS,
    *IMAGES,
]
