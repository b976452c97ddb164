"""Write ONNX files without the onnx package; the reader's :class:`OnnxModel` is what is written."""

from minitorch.serialization._protobuf import Message
from minitorch.serialization._records import TensorRecord
from minitorch.serialization.onnx import DATA_TYPES
from minitorch.serialization.safetensors import contiguous_bytes

_NUMBERS = {dtype: number for number, (dtype, _) in DATA_TYPES.items()}
# AttributeProto.AttributeType
_FLOAT, _INT, _STRING, _TENSOR, _INTS = 1, 2, 3, 4, 7


def write_model(file, model):
    """Write a model to an open file.

    Parameters
    ----------
    file : binary file object
    model : OnnxModel
        Its ``producer`` is one word; attributes are int, float, str, TensorRecord or lists of int.

    Raises
    ------
    ValueError
        For a dtype that ONNX does not have.
    """
    graph = Message()
    for node in model.nodes:
        graph.message(1, _node(node))
    graph.data(2, model.name)
    for name, record in model.initializers.items():
        graph.message(5, _tensor(name, record))
    for number, ends in ((11, model.inputs), (12, model.outputs)):
        for name, (dtype, shape) in ends.items():
            graph.message(number, _value_info(name, dtype, shape))
    message = Message().integer(1, model.ir_version).data(2, model.producer).message(7, graph)
    for domain, version in model.opsets.items():
        message.message(8, Message().data(1, domain).integer(2, version))
    for key, text in model.metadata.items():
        message.message(14, Message().data(1, key).data(2, text))
    for piece in message.pieces:
        file.write(piece)


def _node(node):
    message = Message()
    for name in node.inputs:
        message.data(1, name)
    for name in node.outputs:
        message.data(2, name)
    message.data(3, node.name).data(4, node.op)
    for name, value in node.attributes.items():
        message.message(5, _attribute(name, value))
    return message


def _attribute(name, value):
    message = Message().data(1, name)
    if isinstance(value, float):
        return message.float(2, value).integer(20, _FLOAT)
    if isinstance(value, int):
        return message.integer(3, value).integer(20, _INT)
    if isinstance(value, str):
        return message.data(4, value).integer(20, _STRING)
    if isinstance(value, TensorRecord):
        return message.message(5, _tensor("", value)).integer(20, _TENSOR)
    for number in value:  # not packed: the field was declared so
        message.integer(8, number)
    return message.integer(20, _INTS)


def _data_type(dtype, name):
    if dtype not in _NUMBERS:
        raise ValueError(f"ONNX has no dtype {dtype} (tensor {name!r})")
    return _NUMBERS[dtype]


def _tensor(name, record):
    message = Message()
    for size in record.size:
        message.integer(1, size)
    message.integer(2, _data_type(record.dtype.name, name)).data(8, name)
    return message.data(9, contiguous_bytes(record))


def _value_info(name, dtype, shape):
    sides = Message()
    for side in shape:
        dim = Message()
        sides.message(1, dim.data(2, side) if isinstance(side, str) else dim.integer(1, side))
    tensor = Message().integer(1, _data_type(dtype, name)).message(2, sides)
    return Message().data(1, name).message(2, Message().message(1, tensor))
