"""Which names of PyTorch a program uses that minitorch has not, found without running it."""

import ast
from dataclasses import dataclass

from minitorch.compat import _guard, _names
from minitorch.compat._tensor_methods import ONLY_IN_TORCH


@dataclass(frozen=True)
class Finding:
    """One use of a name that minitorch lacks.

    Attributes
    ----------
    line : int
    name : str
        The full dotted name, such as ``torch.nn.CTCLoss``.
    text : str
        The sentence for a person, with the nearest name there is.
    """

    line: int
    name: str
    text: str


def lint(source, filename="<string>"):
    """Find the names of torch and torchvision in a program that minitorch lacks.

    Parameters
    ----------
    source : str or bytes
        The program's text.
    filename : str
        For the error of a text that is no Python.

    Returns
    -------
    list of Finding
        By line. Names are followed through imports, aliases and attributes, not through
        variables; a method that only a Tensor of PyTorch has is reported whatever it is called
        on. Imports within ``try: ... except ImportError`` are not reported.

    Raises
    ------
    SyntaxError
    """
    visitor = _Visitor(ast.parse(source, filename))
    visitor.visit(visitor.tree)
    return sorted(set(visitor.findings), key=lambda finding: (finding.line, finding.name))


class _Visitor(ast.NodeVisitor):
    def __init__(self, tree):
        self.tree = tree
        self.names = {}        # a name of the program -> the dotted name it stands for
        self.findings = []

    def visit_Import(self, node):
        for item in node.names:
            if item.name.split(".")[0] in _names.ROOTS:
                # `import torch.nn` binds torch; with `as` it binds the module itself
                bound = item.asname or item.name.split(".")[0]
                self.names[bound] = item.name if item.asname else bound
                self.check(item.name, node.lineno, imported=True)

    def visit_ImportFrom(self, node):
        if node.level or (node.module or "").split(".")[0] not in _names.ROOTS:
            return
        for item in node.names:
            full = node.module if item.name == "*" else f"{node.module}.{item.name}"
            if item.name != "*":
                self.names[item.asname or item.name] = full
            self.check(full, node.lineno, imported=True)

    def visit_Attribute(self, node):
        full = self.dotted(node)
        if full is None:
            if node.attr in ONLY_IN_TORCH:
                self.report(f"torch.Tensor.{node.attr}", node.lineno)
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Load):
            self.check(full, node.lineno)

    def dotted(self, node):
        """``F.relu`` as ``torch.nn.functional.relu``; None for what is not rooted in torch."""
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in self.names:
            return ".".join([self.names[node.id], *reversed(parts)])
        return None

    def check(self, full, line, imported=False):
        """Report the shortest part of a dotted name that is missing."""
        if imported and _guard.in_guard(self.tree, line):
            return
        missing = first_missing(full)
        if missing is not None:
            self.report(missing, line)

    def report(self, full, line):
        self.findings.append(Finding(line, full, _names.explain_missing(full)))


def first_missing(full):
    """The shortest prefix of a dotted name that minitorch lacks, or None."""
    parts = full.split(".")
    source, value = _names.source_of(parts[0]), None
    for end in range(1, len(parts)):
        name = ".".join(parts[: end + 1])
        below = _names.source_of(name) if source is not None else None
        if below is not None:
            source, value = below, None
            continue
        try:
            value = (_names.lookup(".".join(parts[:end]), source, parts[end]) if source is not None
                     else getattr(value, parts[end]))
        except AttributeError:
            # attributes of what a class makes are not known before it runs
            return name if source is not None or isinstance(value, type) else None
        source = None
    return None
