"""What a pickle describes, inert: parts of a description, with no way to become the thing."""


class Node:
    """Something that a pickle describes and that is more than a scalar or a tuple."""

    __slots__ = ("offset", "states")

    def __init__(self, offset):
        self.offset = offset
        self.states = None

    def build(self, state):
        """Record one BUILD argument."""
        if self.states is None:
            self.states = []
        self.states.append(state)


class Global(Node):
    """A dotted name that the stream wanted imported."""

    __slots__ = ("module", "name")

    def __init__(self, module, name, offset):
        super().__init__(offset)
        self.module = module
        self.name = name

    @property
    def path(self):
        return f"{self.module}.{self.name}"


class Call(Node):
    """A call that the stream wanted made; also an object made with ``cls.__new__``."""

    __slots__ = ("func", "args", "new", "items", "pairs")

    def __init__(self, func, args, offset, new=False):
        super().__init__(offset)
        self.func = func
        self.args = args
        self.new = new
        self.items = []
        self.pairs = []


class PersistentId(Node):
    """A reference to something stored beside the pickle."""

    __slots__ = ("pid",)

    def __init__(self, pid, offset):
        super().__init__(offset)
        self.pid = pid


class ListNode(Node):
    """A list, with its items in order."""

    __slots__ = ("items",)

    def __init__(self, items, offset):
        super().__init__(offset)
        self.items = items


class DictNode(Node):
    """A dict, as the key and value pairs set, in order."""

    __slots__ = ("pairs",)

    def __init__(self, pairs, offset):
        super().__init__(offset)
        self.pairs = pairs


class SetNode(Node):
    """A set (or frozenset), with its items in order."""

    __slots__ = ("items", "frozen")

    def __init__(self, items, offset, frozen=False):
        super().__init__(offset)
        self.items = items
        self.frozen = frozen
