"""Write the type stubs of the compiled half of minitorch, for editors and type checkers.

    python tools/make_stubs.py            # write
    python tools/make_stubs.py --check    # exit code 1 if what is there is not what is written

Signatures come from the compiled functions themselves, types from the tables below, by the name
of the parameter; what no table knows is Any. Modules in Python need no stub: they are read.
"""

import argparse
import importlib
import inspect
import pathlib
import sys
import types

import minitorch

ROOT = pathlib.Path(__file__).parents[1]
STUBS = {
    "minitorch": "minitorch/__init__.pyi",
    "minitorch.tensor": "minitorch/tensor.pyi",
    "minitorch.nn.functional": "minitorch/nn/functional/__init__.pyi",
}
HEAD = '''"""Written by tools/make_stubs.py."""

import builtins as _b
from collections.abc import Callable as _Callable
from collections.abc import Iterator as _Iterator
from collections.abc import Sequence as _Sequence
from typing import Any as _Any

import numpy as _np
'''
ALIASES = '''
_Number = _b.int | _b.float | _b.bool
_Dims = _b.int | _Sequence[_b.int]
'''

# Types of parameters by name; a default of None adds "| None".
PARAMETERS = {
    "Tensor": """input self mat1 mat2 mat vec vec2 batch1 batch2 tensor tensor1 tensor2 mask source
        condition out other index src weight bias target running_mean running_var query key
        attn_mask input1 input2 x1 x2 anchor positive negative""",
    "Tensor | _Number": "other value exponent min max end weight_ fill_value",
    "_Number": "alpha beta start step p rtol atol eps negative_slope threshold lambd momentum "
               "margin delta",
    "_b.int": "dim0 dim1 dim2 diagonal k n chunks start_dim end_dim offset num_classes groups "
              "decimals seed dimension size_",
    "_b.bool": """keepdim keepdims requires_grad descending stable sorted largest accumulate
        inplace training equal_nan unbiased as_tuple return_inverse return_counts pin_memory
        non_blocking copy sparse_grad ceil_mode count_include_pad return_indices full log_target
        align_corners""",
    "_Dims": "dim dims kernel_size stride padding dilation output_padding output_size shifts",
    "_Sequence[Tensor]": "tensors",
    "_b.str": "mode reduction indexing padding_mode rounding_mode approximate",
    "_DType": "dtype",
    "_Any": "device layout memory_format generator size shape args kwargs",
}
KINDS = {}
for _kind, _names in PARAMETERS.items():
    for _name in _names.split():
        KINDS.setdefault(_name, _kind)
KINDS["other"] = KINDS["value"] = KINDS["exponent"] = "Tensor | _Number"

# What is returned, by name; everything else is a Tensor.
RETURNS = {
    "_b.bool": """equal allclose is_tensor is_floating_point is_complex is_storage is_grad_enabled
        is_contiguous is_inference is_pinned is_same_size is_set_to is_shared is_signed is_nonzero
        can_cast is_inference_mode_enabled is_anomaly_enabled is_anomaly_check_nan_enabled
        is_coalesced is_conj is_neg __bool__ __contains__ has_names""",
    "_b.int": """numel nelement dim ndimension element_size storage_offset data_ptr get_num_threads
        initial_seed seed __len__ __int__ __index__ __hash__ get_device""",
    "_b.float": "__float__",
    "_b.str": "__repr__ __format__ typename",
    "_Number": "item",
    "_np.ndarray": "numpy __array__",
    "_DType": "promote_types result_type get_default_dtype",
    "None": """backward retain_grad set_default_dtype set_num_threads set_rng_state
        set_printoptions save set_anomaly_enabled __setitem__ __delitem__""",
    "tuple[Tensor, ...]": """split chunk unbind tensor_split hsplit vsplit dsplit meshgrid
        broadcast_tensors split_with_sizes aminmax var_mean std_mean sort topk kthvalue cummax
        cummin""",
    "_Iterator[Tensor]": "__iter__ __reversed__",
    "_Any": """max min median nanmedian mode size stride tolist type unique unique_consecutive
        nonzero load finfo iinfo storage untyped_storage register_hook
        register_post_accumulate_grad_hook __dlpack__ __dlpack_device__ __reduce_ex__ __deepcopy__
        get_default_device apply_ map_ broadcast_shapes from_buffer_ __complex__ lstm gru dim_order
        multi_head_attention_forward""",
}
RETURN = {name: kind for kind, names in RETURNS.items() for name in names.split()}

PROPERTIES = {
    "shape": "Size", "dtype": "_DType", "device": "_Any", "grad": "Tensor | None", "data": "Tensor",
    "T": "Tensor", "mT": "Tensor", "H": "Tensor", "mH": "Tensor", "real": "Tensor",
    "requires_grad": "_b.bool", "is_leaf": "_b.bool", "retains_grad": "_b.bool",
    "ndim": "_b.int", "output_nr": "_b.int", "nbytes": "_b.int", "itemsize": "_b.int",
    "eps": "_b.float", "tiny": "_b.float", "smallest_normal": "_b.float", "bits": "_b.int",
    "is_floating_point": "_b.bool", "is_complex": "_b.bool", "is_signed": "_b.bool",
}
WRITABLE = {"grad", "data", "requires_grad"}
# Dunder methods that a type checker has to see.
OPERATORS = """abs add and array bool contains delitem eq float floordiv format ge getitem gt iadd
    iand ifloordiv ilshift imod imul index int invert ior ipow irshift isub iter itruediv ixor le
    len lshift lt matmul mod mul ne neg or pos pow radd rand repr reversed rfloordiv rlshift
    rmatmul rmod rmul ror rpow rrshift rshift rsub rtruediv rxor setitem sub truediv
    xor""".split()


def is_compiled(function):
    """Whether a function comes from an extension module."""
    return "cython" in type(function).__name__


def annotation(name, default):
    kind = KINDS.get(name, "_Any")
    return f"{kind} | None" if default is None and kind != "_Any" else kind


def signature(function, name, method):
    """``(self, other: Tensor | _Number, *, alpha: _Number | None = ...) -> Tensor``."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
                      inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)]
        parameters = ([inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
                      if method else []) + parameters
    words, keyword_only = [], False
    if method and (not parameters or parameters[0].kind is inspect.Parameter.VAR_POSITIONAL):
        words.append("self")
    for number, parameter in enumerate(parameters):
        if method and number == 0 and not words:
            words.append("self")
            continue
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            words.append(f"*{parameter.name}: _Any")
            keyword_only = True
            continue
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            words.append(f"**{parameter.name}: _Any")
            continue
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not keyword_only:
            words.append("*")
            keyword_only = True
        word = f"{parameter.name}: {annotation(parameter.name, parameter.default)}"
        if parameter.default is not inspect.Parameter.empty:
            word += " = ..."
        words.append(word)
    return f"({', '.join(words)}) -> {RETURN.get(name, 'Tensor')}"


def function_stub(name, function, method=False, indent=""):
    """One function, with the first line of its docstring."""
    doc = (inspect.getdoc(function) or "").splitlines()
    head = f"{indent}def {name}{signature(function, name, method)}:"
    if not doc or name.startswith("__"):
        return f"{head} ..."
    text = doc[0].replace("\\", "\\\\").replace('"""', "'''")
    quoted = f'"""{text}"""' if not text.endswith('"') else f'"""{text} """'
    return f"{head}\n{indent}    {quoted}"


def class_stub(cls, name):
    """A compiled class, or Tensor with all that is bound to it."""
    lines = [f"class {name}:"]
    doc = (inspect.getdoc(cls) or "").splitlines()
    if doc:
        lines.append(f'    """{doc[0]}"""')
    lines.append("    def __init__(self, *args: _Any, **kwargs: _Any) -> None: ...")
    for member in sorted(dir(cls)):
        dunder = member.startswith("__")
        if member.startswith("_") and not (dunder and member[2:-2] in OPERATORS):
            continue
        getattr(cls, member, None)   # methods that are bound at their first use
        value = inspect.getattr_static(cls, member)
        if dunder and getattr(object, member, None) is value:
            continue
        if isinstance(value, property | types.GetSetDescriptorType | types.MemberDescriptorType):
            lines += property_stub(member)
        elif isinstance(value, staticmethod | classmethod):
            lines.append(f"    {member}: _Callable[..., _Any]")
        elif callable(value):
            lines.append(operator_stub(member) if dunder
                         else function_stub(member, value, True, "    "))
        else:
            lines.append(f"    {member}: _Any")
    return "\n".join(lines)


def operator_stub(name):
    """A dunder method, whose parameters Python fixes."""
    returned = RETURN.get(name, "Tensor")
    extra = {"__setitem__": ", index: _Any, value: _Any", "__getitem__": ", index: _Any",
             "__delitem__": ", index: _Any", "__contains__": ", element: _Any",
             "__format__": ", spec: _b.str", "__array__": ", dtype: _Any = ..., copy: _Any = ..."}
    unary = "abs bool float index int invert iter len neg pos repr reversed".split()
    rest = extra.get(name, "" if name[2:-2] in unary else ", other: _Any")
    ignore = "  # type: ignore[override]" if name in ("__eq__", "__ne__") else ""
    return f"    def {name}(self{rest}) -> {returned}: ...{ignore}"


def property_stub(name):
    kind = PROPERTIES.get(name, "_Any")
    lines = ["    @property", f"    def {name}(self) -> {kind}: ..."]
    if name in WRITABLE:
        lines += [f"    @{name}.setter", f"    def {name}(self, value: {kind}) -> None: ..."]
    return lines


def stub(module_name):
    """The text of one stub."""
    module = importlib.import_module(module_name)
    imports, body = [], []
    names = sorted(name for name in dir(module) if not name.startswith("_"))
    for name in names:
        value = getattr(module, name)
        where = getattr(value, "__module__", None) or ""
        if name == "Tensor" and module_name == "minitorch.tensor":
            body.append(class_stub(value, name))
        elif isinstance(value, types.ModuleType):
            home, _, last = value.__name__.rpartition(".")
            if home in ("minitorch", "minitorch.compat") and module_name == "minitorch":
                imports.append(f"from {home} import {last} as {name}")
        elif is_compiled(value):
            body.append(function_stub(name, value))
        elif isinstance(value, types.FunctionType) and module_name != "minitorch.tensor":
            body.append(function_stub(name, value))
        elif isinstance(value, type | types.FunctionType) and where.startswith("minitorch"):
            body_or_import(module_name, name, value, where, imports, body)
        elif module_name == "minitorch.tensor":
            continue
        else:
            kind = type(value).__name__
            body.append(f"{name}: {kind if kind == 'dtype' else constant_kind(value)}")
    if module_name != "minitorch.tensor":
        imports.append("from minitorch.tensor import Tensor as Tensor")
    if module_name == "minitorch":
        body.append("_DType = dtype")
    else:
        imports.append("from minitorch import Size as Size")
        imports.append("from minitorch import dtype as _DType")
    return HEAD + "\n" + "\n".join(sorted(set(imports))) + "\n" + ALIASES + "\n" \
        + "\n".join(body) + "\n"


def body_or_import(module_name, name, value, where, imports, body):
    """A class or function in Python is imported from its source; a compiled class is written."""
    if where == module_name and module_name == "minitorch.tensor":
        if isinstance(value, types.FunctionType) and name in value.__globals__["__all__"]:
            body.append(function_stub(name, value))
        return
    source = importlib.import_module(where)
    if (source.__file__ or "").endswith(".py"):
        if where != module_name and name != "Tensor":
            imports.append(f"from {where} import {value.__name__} as {name}")
    elif module_name == "minitorch":
        body.append(class_stub(value, name))


def constant_kind(value):
    kind = type(value).__name__
    return f"_b.{kind}" if kind in ("int", "float", "bool", "str") else "_Any"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for module_name, path in STUBS.items():
        text = stub(module_name)
        if check:
            if not (ROOT / path).exists() or (ROOT / path).read_text() != text:
                stale.append(path)
        else:
            (ROOT / path).write_text(text)
    if stale:
        sys.exit(f"not what tools/make_stubs.py writes: {', '.join(stale)}")


if __name__ == "__main__":
    assert minitorch
    main()
