"""Read a pickle stream as data: an opcode interpreter that calls and imports nothing.

A pickle is a program for a small stack machine whose opcodes may name any callable of the
reading process and have it called.  Here the names stay names: a ``GLOBAL`` becomes a
:class:`Global`, a ``REDUCE`` a :class:`Call`, and so on.  What those nodes mean is decided
afterwards, by a table, in ``_resolve.py``.  No module of the standard library's ``pickle`` takes
part.

Every opcode consumes at least one byte and allocates in proportion to the bytes that it
consumed, so memory and time are bounded by the size of the stream.  That is capped too, and so
are the objects in it: the most hostile stream makes a few hundred MB of them, and no more.
"""

import struct

from minitorch.serialization._errors import CheckpointError, quote
from minitorch.serialization._nodes import (
    Call,
    DictNode,
    Global,
    ListNode,
    Node,
    PersistentId,
    SetNode,
)

MAX_BYTES = 64 << 20
MAX_OPERATIONS = 8_000_000
MAX_STACK = 1_000_000
MAX_OBJECTS = 1_000_000  # containers, tuples, calls, names; and slots of the memo
MAX_NAME = 1024

_INT = struct.Struct("<i")
_UINT = struct.Struct("<I")
_USHORT = struct.Struct("<H")
_ULONGLONG = struct.Struct("<Q")
_DOUBLE = struct.Struct(">d")


class Pickle:
    """One parsed stream.

    Attributes
    ----------
    root : object
        The value at STOP: a scalar, a tuple or a :class:`Node`.
    end : int
        Offset of the byte after STOP.
    protocol : int
        What PROTO said (0 without it).
    globals : list of Global
        Every name in the stream, in order, used or not.
    persistent : list of PersistentId
        Every outside reference in the stream, in order.
    foreign : tuple of int and int, or None
        The first opcode that PyTorch's ``weights_only`` reader does not know, and its place.
    """

    __slots__ = ("root", "end", "protocol", "globals", "persistent", "foreign")

    def __init__(self, root, end, protocol, globals_, persistent, foreign):
        self.foreign = foreign
        self.root = root
        self.end = end
        self.protocol = protocol
        self.globals = globals_
        self.persistent = persistent


def read_pickle(buffer, start=0, end=None, max_bytes=MAX_BYTES):
    """Parse the pickle that starts at ``buffer[start]``.

    Parameters
    ----------
    buffer : bytes-like
        Memory that holds the stream; more may follow it.
    start : int
        Where the stream begins; offsets in errors count from the start of the buffer.
    end : int, optional
        Where it must have ended, if not at the end of the buffer.
    max_bytes : int
        Longest stream accepted.

    Returns
    -------
    Pickle

    Raises
    ------
    CheckpointError
        If the stream is truncated, malformed, too large, or uses an opcode that no writer of
        weights uses.
    """
    view = memoryview(buffer).cast("B")
    return _Machine(view, start, len(view) if end is None else end, max_bytes).run()


class _Machine:
    """The stack machine; one method per opcode, found through ``_OPCODES``."""

    def __init__(self, view, start, end, max_bytes):
        self.view = view
        self.pos = start
        self.limit = min(end, start + max_bytes)
        self.capped = self.limit < end
        self.stack = []
        self.marks = []
        self.memo = {}
        self.protocol = 0
        self.objects = 0
        self.foreign = None
        self.globals = []
        self.persistent = []
        self.at = start

    def run(self):
        view, limit, opcodes = self.view, self.limit, _OPCODES
        for _ in range(MAX_OPERATIONS):
            self.at = at = self.pos
            if at >= limit:
                self.fail_short()
            self.pos = at + 1
            action = opcodes[view[at]]
            if action is None:
                self.fail(f"unsupported pickle opcode 0x{view[at]:02x}")
            if action is _STOP:
                return self.finish()
            action(self)
        self.fail(f"the pickle has more than {MAX_OPERATIONS} operations")

    def finish(self):
        if self.marks or len(self.stack) != 1:
            self.fail("the pickle does not end with exactly one value")
        return Pickle(self.stack[0], self.pos, self.protocol, self.globals, self.persistent,
                      self.foreign)  # fmt: skip

    # -- errors -------------------------------------------------------------------------
    def fail(self, reason):
        raise CheckpointError(reason, offset=self.at)

    def fail_short(self):
        if self.capped:
            self.fail("the pickle is longer than the limit")
        self.fail("the pickle is truncated")

    # -- reading ------------------------------------------------------------------------
    def take(self, count):
        pos = self.pos
        if count > self.limit - pos:
            self.fail_short()
        self.pos = pos + count
        return bytes(self.view[pos : pos + count])

    def number(self, form):
        return form.unpack(self.take(form.size))[0]

    def byte(self):
        return self.take(1)[0]

    def line(self):
        pos = self.pos
        head = bytes(self.view[pos : min(pos + MAX_NAME, self.limit)])
        end = head.find(b"\n")
        if end < 0:
            if pos + MAX_NAME < self.limit:
                self.fail("a name in the pickle is too long")
            self.fail_short()
        self.pos = pos + end + 1
        return self.text(head[:end])

    def text(self, raw):
        try:
            return raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            self.fail("text in the pickle is not valid UTF-8")

    # -- the stack ----------------------------------------------------------------------
    def push(self, value):
        stack = self.stack
        if len(stack) >= MAX_STACK:
            self.fail(f"the pickle's stack is deeper than {MAX_STACK}")
        stack.append(value)

    def push_object(self, value):
        """Push something that takes more memory than the bytes that made it."""
        self.objects += 1
        if self.objects > MAX_OBJECTS:
            self.fail(f"the pickle holds more than {MAX_OBJECTS} objects")
        self.push(value)

    def pop(self):
        stack = self.stack
        if not stack or (self.marks and len(stack) <= self.marks[-1]):
            self.fail("the pickle's stack runs empty")
        return stack.pop()

    def top(self):
        stack = self.stack
        if not stack or (self.marks and len(stack) <= self.marks[-1]):
            self.fail("the pickle's stack runs empty")
        return stack[-1]

    def since_mark(self):
        if not self.marks:
            self.fail("the pickle's stack holds no mark")
        mark = self.marks.pop()
        values = self.stack[mark:]
        del self.stack[mark:]
        return values

    def pairs_since_mark(self):
        flat = self.since_mark()
        if len(flat) % 2:
            self.fail("a key without a value in the pickle")
        return list(zip(flat[0::2], flat[1::2], strict=False))

    # -- opcodes: scalars ---------------------------------------------------------------
    def op_proto(self):
        self.protocol = self.byte()
        if not 2 <= self.protocol <= 5:
            self.fail(f"unsupported pickle protocol {self.protocol}")

    def op_frame(self):
        if self.number(_ULONGLONG) > self.limit - self.pos:
            self.fail_short()

    def op_none(self):
        self.push(None)

    def op_true(self):
        self.push(True)

    def op_false(self):
        self.push(False)

    def op_binint(self):
        self.push(self.number(_INT))

    def op_binint1(self):
        self.push(self.byte())

    def op_binint2(self):
        self.push(self.number(_USHORT))

    def op_long1(self):
        self.push(int.from_bytes(self.take(self.byte()), "little", signed=True))

    def op_binfloat(self):
        self.push(self.number(_DOUBLE))

    def op_unicode(self):
        self.push(self.text(self.take(self.number(_UINT))))

    def op_short_unicode(self):
        self.push(self.text(self.take(self.byte())))

    def op_unicode8(self):
        self.push(self.text(self.take(self.number(_ULONGLONG))))

    def op_string(self):
        count = self.number(_INT)
        if count < 0:
            self.fail("a string of negative length in the pickle")
        self.push(self.old_string(self.take(count)))

    def op_short_string(self):
        self.push(self.old_string(self.take(self.byte())))

    @staticmethod
    def old_string(raw):
        # Python 2's str: names in practice, so text; what is not text stays bytes.
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw

    def op_bytes(self):
        self.push(self.take(self.number(_UINT)))

    def op_short_bytes(self):
        self.push(self.take(self.byte()))

    def op_bytes8(self):
        self.push(self.take(self.number(_ULONGLONG)))

    def op_bytearray8(self):
        raw = self.take(self.number(_ULONGLONG))
        self.push_object(Call(Global("builtins", "bytearray", self.at), (raw,), self.at))

    # -- opcodes: containers ------------------------------------------------------------
    def op_mark(self):
        if len(self.marks) >= MAX_STACK:
            self.fail(f"the pickle has more than {MAX_STACK} open marks")
        self.marks.append(len(self.stack))

    def op_empty_tuple(self):
        self.push(())

    def op_tuple(self):
        self.push_object(tuple(self.since_mark()))

    def op_tuple1(self):
        self.push_object((self.pop(),))

    def op_tuple2(self):
        b = self.pop()
        self.push_object((self.pop(), b))

    def op_tuple3(self):
        c = self.pop()
        b = self.pop()
        self.push_object((self.pop(), b, c))

    def op_empty_list(self):
        self.push_object(ListNode([], self.at))

    def op_list(self):
        self.push_object(ListNode(self.since_mark(), self.at))

    def op_empty_dict(self):
        self.push_object(DictNode([], self.at))

    def op_dict(self):
        self.push_object(DictNode(self.pairs_since_mark(), self.at))

    def op_empty_set(self):
        self.push_object(SetNode([], self.at))

    def op_frozenset(self):
        self.push_object(SetNode(self.since_mark(), self.at, frozen=True))

    def op_append(self):
        value = self.pop()
        self.target((ListNode, Call), "APPEND").items.append(value)

    def op_appends(self):
        values = self.since_mark()
        self.target((ListNode, Call), "APPENDS").items.extend(values)

    def op_additems(self):
        values = self.since_mark()
        self.target((SetNode,), "ADDITEMS").items.extend(values)

    def op_setitem(self):
        value = self.pop()
        key = self.pop()
        self.target((DictNode, Call), "SETITEM").pairs.append((key, value))

    def op_setitems(self):
        pairs = self.pairs_since_mark()
        self.target((DictNode, Call), "SETITEMS").pairs.extend(pairs)

    def target(self, kinds, opcode):
        node = self.top()
        if not isinstance(node, kinds):
            self.fail(f"{opcode} on a {_kind(node)}")
        return node

    # -- opcodes: the memo and the stack ------------------------------------------------
    def op_pop(self):
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.pop()

    def op_pop_mark(self):
        self.since_mark()

    def op_dup(self):
        self.push(self.top())

    def put(self, index):
        if len(self.memo) >= MAX_OBJECTS:
            self.fail(f"the pickle's memo is larger than {MAX_OBJECTS}")
        self.memo[index] = self.top()

    def get(self, index):
        if index not in self.memo:
            self.fail(f"the pickle reads memo {index}, which was never written")
        self.push(self.memo[index])

    def op_binput(self):
        self.put(self.byte())

    def op_long_binput(self):
        self.put(self.number(_UINT))

    def op_memoize(self):
        self.put(len(self.memo))

    def op_binget(self):
        self.get(self.byte())

    def op_long_binget(self):
        self.get(self.number(_UINT))

    # -- opcodes: names, calls, state ---------------------------------------------------
    def add_global(self, module, name):
        if not isinstance(module, str) or not isinstance(name, str):
            self.fail("a global whose name is not text")
        if len(module) > MAX_NAME or len(name) > MAX_NAME:
            self.fail("a name in the pickle is too long")
        node = Global(module, name, self.at)
        self.globals.append(node)
        return node

    def op_global(self):
        module = self.line()
        self.push_object(self.add_global(module, self.line()))

    def op_stack_global(self):
        name = self.pop()
        self.push_object(self.add_global(self.pop(), name))

    def op_inst(self):
        module = self.line()
        func = self.add_global(module, self.line())
        self.push_object(Call(func, tuple(self.since_mark()), self.at))

    def op_obj(self):
        values = self.since_mark()
        if not values:
            self.fail("OBJ without a class")
        self.push_object(Call(values[0], tuple(values[1:]), self.at))

    def op_reduce(self):
        args = self.arguments()
        self.push_object(Call(self.pop(), args, self.at))

    def op_newobj(self):
        args = self.arguments()
        self.push_object(Call(self.pop(), args, self.at, new=True))

    def op_newobj_ex(self):
        keywords = self.pop()
        args = self.arguments()
        self.push_object(Call(self.pop(), (*args, keywords), self.at, new=True))

    def arguments(self):
        args = self.pop()
        if type(args) is not tuple:
            self.fail(f"call arguments are a {_kind(args)}, not a tuple")
        return args

    def op_build(self):
        state = self.pop()
        node = self.top()
        if not isinstance(node, Node):
            self.fail(f"BUILD on a {_kind(node)}")
        node.build(state)

    def op_binpersid(self):
        node = PersistentId(self.pop(), self.at)
        self.persistent.append(node)
        self.push_object(node)


def _kind(node):
    if isinstance(node, Global):
        return f"global ({quote(node.path)})"
    return type(node).__name__.replace("Node", "").lower()


_STOP = object()
# What the opcodes of protocol 2 are to PyTorch's ``weights_only`` reader
# (torch/_weights_only_unpickler.py); it raises for any other.
_TORCHS = frozenset(b"\x80.NJKMGX\x8aU()t\x85\x86\x87]}\x8fa" b"esu\x88\x89qrhjcR\x81bQ")


def _noted(action):
    """Return an opcode's method that also notes the first use of such an opcode."""
    def run(machine):
        if machine.foreign is None:
            machine.foreign = (machine.view[machine.at], machine.at)
        action(machine)

    return run


def _opcode_table():
    """Opcodes by byte (their values: Python's ``pickletools``); None where refused."""
    m = _Machine
    table = {
        b"\x80": m.op_proto, b"\x95": m.op_frame, b".": _STOP,
        b"N": m.op_none, b"\x88": m.op_true, b"\x89": m.op_false,
        b"J": m.op_binint, b"K": m.op_binint1, b"M": m.op_binint2, b"\x8a": m.op_long1,
        b"G": m.op_binfloat,
        b"X": m.op_unicode, b"\x8c": m.op_short_unicode, b"\x8d": m.op_unicode8,
        b"T": m.op_string, b"U": m.op_short_string,
        b"B": m.op_bytes, b"C": m.op_short_bytes, b"\x8e": m.op_bytes8,
        b"\x96": m.op_bytearray8,
        b"(": m.op_mark, b")": m.op_empty_tuple, b"t": m.op_tuple,
        b"\x85": m.op_tuple1, b"\x86": m.op_tuple2, b"\x87": m.op_tuple3,
        b"]": m.op_empty_list, b"l": m.op_list, b"}": m.op_empty_dict, b"d": m.op_dict,
        b"\x8f": m.op_empty_set, b"\x91": m.op_frozenset,
        b"a": m.op_append, b"e": m.op_appends, b"\x90": m.op_additems,
        b"s": m.op_setitem, b"u": m.op_setitems,
        b"0": m.op_pop, b"1": m.op_pop_mark, b"2": m.op_dup,
        b"q": m.op_binput, b"r": m.op_long_binput, b"\x94": m.op_memoize,
        b"h": m.op_binget, b"j": m.op_long_binget,
        b"c": m.op_global, b"\x93": m.op_stack_global, b"i": m.op_inst, b"o": m.op_obj,
        b"R": m.op_reduce, b"\x81": m.op_newobj, b"\x92": m.op_newobj_ex,
        b"b": m.op_build, b"Q": m.op_binpersid,
    }  # fmt: skip
    found = [table.get(bytes([code])) for code in range(256)]
    return [action if action is None or code in _TORCHS else _noted(action)
            for code, action in enumerate(found)]  # fmt: skip


_OPCODES = _opcode_table()
