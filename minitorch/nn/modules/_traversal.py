"""Walking a tree of modules: children, parameters and buffers, with and without their names."""

from minitorch.nn.parameter import Parameter

__all__ = ["Traversal"]


def _join(prefix, name):
    return prefix + "." + name if prefix else name


class Traversal:
    """The methods of :class:`minitorch.nn.Module` that only read the module tree."""

    # ---- modules -------------------------------------------------------------------------------

    def named_children(self):
        """Yield ``(name, module)`` for the direct children; a module held twice comes once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self):
        """Yield the direct children."""
        for _, module in self.named_children():
            yield module

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Yield ``(name, module)`` for this module (under `prefix`) and all below it, depth first.

        Parameters
        ----------
        memo : set, optional
            Modules to leave out; those yielded are added to it.
        prefix : str
            Put before every name.
        remove_duplicate : bool
            Yield a module that is held under several names once only (default True).
        """
        if memo is None:
            memo = set()
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, _join(prefix, name), remove_duplicate)

    def modules(self, remove_duplicate=True):
        """Yield this module and all below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    # ---- parameters and buffers ----------------------------------------------------------------

    def _named_members(self, get_members_fn, prefix="", recurse=True, remove_duplicate=True):
        """Yield ``(name, member)`` over ``get_members_fn(module)`` of each module, without None."""
        seen = set()
        if recurse:
            modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        else:
            modules = [(prefix, self)]
        for module_name, module in modules:
            for name, member in get_members_fn(module):
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield _join(module_name, name), member

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Yield ``(name, parameter)``, own parameters first, then the children's.

        Parameters
        ----------
        prefix : str
            Put before every name.
        recurse : bool
            Also those of submodules (default True).
        remove_duplicate : bool
            Yield a parameter shared under several names once only (default True).
        """
        yield from self._named_members(
            lambda module: module._parameters.items(), prefix, recurse, remove_duplicate
        )

    def parameters(self, recurse=True):
        """Yield the parameters, as an optimizer wants them; see :meth:`named_parameters`."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Yield ``(name, buffer)``; the arguments are those of :meth:`named_parameters`."""
        yield from self._named_members(
            lambda module: module._buffers.items(), prefix, recurse, remove_duplicate
        )

    def buffers(self, recurse=True):
        """Yield the buffers; see :meth:`named_buffers`."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    # ---- by path -------------------------------------------------------------------------------

    def _attribute_at(self, path):
        """Return the owner of the last name of a dotted path, that name, and the value there."""
        owner_path, _, name = path.rpartition(".")
        owner = self.get_submodule(owner_path)
        if not hasattr(owner, name):
            raise AttributeError(f"{owner._get_name()} has no attribute `{name}`")
        return owner, name, getattr(owner, name)

    def get_submodule(self, target):
        """Return the module at a dotted path such as ``"layer1.0.conv1"``; ``""`` is this module.

        Raises
        ------
        AttributeError
            If a name on the path does not exist or is not a module.
        """
        module = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Traversal):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target, module, strict=False):
        """Put `module` at the dotted path `target`, replacing what is there.

        Parameters
        ----------
        target : str
            The path, such as ``"layer4.1.bn2"``; its owner must exist.
        module : Module
            The new module.
        strict : bool
            Refuse to add a name that does not exist yet (default False).

        Raises
        ------
        ValueError
            If `target` is empty or `module` is not a module.
        AttributeError
            If the path does not lead to a module, or, with `strict`, to nothing.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Traversal):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        owner_path, _, name = target.rpartition(".")
        owner = self.get_submodule(owner_path)
        if strict and not hasattr(owner, name):
            raise AttributeError(f"{owner._get_name()} has no attribute `{name}`")
        if hasattr(owner, name) and not isinstance(getattr(owner, name), Traversal):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(owner, name, module)

    def get_parameter(self, target):
        """Return the parameter at a dotted path; AttributeError if there is none."""
        _, name, parameter = self._attribute_at(target)
        if not isinstance(parameter, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return parameter

    def get_buffer(self, target):
        """Return the buffer at a dotted path; AttributeError if there is none."""
        owner, name, buffer = self._attribute_at(target)
        if name not in owner._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return buffer

    def apply(self, fn):
        """Call ``fn(module)`` on every module, children before their parent; return self.

        Examples
        --------
        >>> def zero(m):
        ...     if isinstance(m, nn.Linear):
        ...         nn.init.zeros_(m.weight)
        >>> net.apply(zero)  # doctest: +SKIP
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self
