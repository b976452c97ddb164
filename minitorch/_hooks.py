"""The handle that every ``register_*hook`` of tensors, nodes, modules and optimizers returns."""

import weakref
from collections import OrderedDict

__all__ = ["HookTable", "RemovableHandle"]


class HookTable(dict):
    """Hooks by the number of their handle, which refers to the table weakly."""

    __slots__ = ("__weakref__",)


class RemovableHandle:
    """What registers a hook returns: `remove()`, or the end of a ``with`` block, ends the hook.

    The handle holds the hook tables weakly: it neither keeps their owner alive nor fails when
    the owner is gone.

    Parameters
    ----------
    hooks_dict : HookTable or collections.OrderedDict
        The table that the hook is (to be) stored in, under ``handle.id``. A plain dict cannot be
        referenced weakly.
    extra_dict : HookTable, collections.OrderedDict or list of them, optional
        Tables of flags under the same id, cleared together with the hook.
    """

    __module__ = "minitorch.utils.hooks"
    next_id = 0

    def __init__(self, hooks_dict, *, extra_dict=None):
        self.hooks_dict_ref = weakref.ref(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        if extra_dict is None:
            extra_dict = []
        elif isinstance(extra_dict, dict):
            extra_dict = [extra_dict]
        self.extra_dict_ref = tuple([weakref.ref(table) for table in extra_dict])

    def remove(self):
        """Forget the hook. Calling it twice does no harm."""
        for ref in (self.hooks_dict_ref, *self.extra_dict_ref):
            table = ref()
            if table is not None:
                table.pop(self.id, None)

    def __getstate__(self):
        # The tables themselves: a copy of their owner has its own, which the handle then means.
        return (self.hooks_dict_ref(), self.id, tuple(ref() for ref in self.extra_dict_ref))

    def __setstate__(self, state):
        table, self.id, extra = state
        # An owner that is gone leaves tables that nobody else holds.
        self.hooks_dict_ref = weakref.ref(OrderedDict() if table is None else table)
        self.extra_dict_ref = tuple(weakref.ref(flags) for flags in extra if flags is not None)
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.remove()
