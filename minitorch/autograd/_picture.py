"""Graphs as pictures: the walk behind a tensor, DOT text, SVG text.

Arrows point as the forward pass runs. Blue boxes are leaf tensors, each standing for its
``AccumulateGrad`` node; grey boxes are function nodes; green boxes are the roots. The layers of a
network (`minitorch.utils.module_graph`) have colours by their kind.
"""

from minitorch.autograd._layout import lay_out

__all__ = ["Box", "draw", "to_dot", "walk"]

LEAF, FUNCTION, ROOT = "leaf", "function", "root"
WEIGHTS, NORM, ACTIVATION, POOLING, BLOCK = "weights", "norm", "activation", "pooling", "block"

# Fill, outline and text colour of each kind of box, on white and on dark paper.
_COLOURS = {
    LEAF: ("#cfe4ff", "#2f74d0", "#0b3b7a"),
    FUNCTION: ("#f4f5f7", "#a3abb8", "#20262e"),
    ROOT: ("#d9f4df", "#3c9a55", "#14532d"),
    WEIGHTS: ("#e9e0fb", "#7f56d9", "#3d1f7c"),
    NORM: ("#fdf0d2", "#b98a1d", "#593f00"),
    ACTIVATION: ("#fde3df", "#cb5a4e", "#6b1a12"),
    POOLING: ("#d7f1f3", "#27899a", "#0b444e"),
    BLOCK: ("#e8ecf3", "#64748b", "#1e293b"),
}
_DARK = {
    LEAF: ("#14325c", "#5b9df0", "#d5e6ff"),
    FUNCTION: ("#242a33", "#6b7482", "#e3e7ed"),
    ROOT: ("#153d23", "#55b871", "#d3f5dc"),
    WEIGHTS: ("#34245c", "#a385ee", "#eae2fc"),
    NORM: ("#473711", "#d3a941", "#fbeecb"),
    ACTIVATION: ("#51231d", "#e58479", "#fde3df"),
    POOLING: ("#123f47", "#4db4c5", "#d5f1f4"),
    BLOCK: ("#2c3645", "#8796ad", "#e6ebf3"),
}
_EDGE_COLOUR, _DARK_EDGE = "#7b8494", "#8d97a6"
_PAPER, _DARK_PAPER = "#ffffff", "#12161c"
_FONT = "Helvetica, Arial, sans-serif"
_FONT_SIZE = 13.0
_LINE = 16.0
_MARGIN = 20.0
_ROW_GAP = 34.0
_ARROW = 7.0


class Box:
    """One box of the picture: its kind, its lines of text, and the title shown on hovering."""

    def __init__(self, kind, lines, title):
        self.kind = kind
        self.lines = lines
        self.title = title


def walk(roots, params=None):
    """Collect the graph behind `roots`.

    Parameters
    ----------
    roots : sequence of Tensor
        Each must require grad.
    params : dict of str to Tensor, optional
        Names for leaves and roots.

    Returns
    -------
    boxes : list of Box
        In the order of the forward pass: every box after all boxes it depends on.
    edges : list of (int, int)
        From and to, in the direction of the forward pass; parallel edges are kept.

    Raises
    ------
    TypeError, RuntimeError
        If a root is no tensor, or has no graph.
    """
    names = {id(tensor): name for name, tensor in (params or {}).items()}
    nodes, inputs = collect([_node_of(i, root) for i, root in enumerate(roots)])
    index = {id(node): i for i, node in enumerate(nodes)}
    boxes = [_box(node, names) for node in nodes]
    edges = [(index[id(parent)], index[id(node)]) for node in nodes for parent in inputs[id(node)]]
    for root in roots:
        if root.grad_fn is not None:
            edges.append((index[id(root.grad_fn)], len(boxes)))
            boxes.append(Box(ROOT, _tensor_lines(root, names), "output"))
    return boxes, edges


def _node_of(i, root):
    if not hasattr(root, "grad_fn"):
        raise TypeError(f"root {i} must be a Tensor, but got {type(root).__name__}")
    if not root.requires_grad:
        raise RuntimeError(
            f"element {i} of roots does not require grad and does not have a grad_fn"
        )
    if root.grad_fn is not None:
        return root.grad_fn
    from minitorch.autograd.graph import get_gradient_edge

    return get_gradient_edge(root).node


def collect(roots):
    """Nodes in forward order and the inputs of each; iterative, for graphs of any depth."""
    order, inputs = [], {}
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in inputs:
            parents = [parent for parent, _ in node.next_functions if parent is not None]
            inputs[id(node)] = parents
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(parents))
    return order, inputs


def is_leaf(node):
    return node.name().rpartition("::")[2] == "AccumulateGrad"


def _box(node, names):
    name = node.name().rpartition("::")[2]
    if is_leaf(node):
        return Box(LEAF, _tensor_lines(node.variable, names), name)
    return Box(FUNCTION, [name], name)


def _tensor_lines(tensor, names):
    """Name, where there is one, and shape."""
    shape = str(tuple(tensor.shape))
    name = names.get(id(tensor))
    return [shape] if name is None else [name, shape]


def to_dot(boxes, edges):
    """A graph as `walk` gives it in the DOT language, for graphviz."""
    lines = [
        "digraph {",
        '    graph [rankdir="TB"];',
        '    node [shape="box", style="filled,rounded", fontname="Helvetica", fontsize="13"];',
        f'    edge [color="{_EDGE_COLOUR}", arrowsize="0.7"];',
    ]
    for i, box in enumerate(boxes):
        fill, outline, ink = _COLOURS[box.kind]
        label = "\\n".join(_dot_escape(line) for line in box.lines)
        lines.append(
            f'    n{i} [label="{label}", fillcolor="{fill}", color="{outline}", fontcolor="{ink}"];'
        )
    lines.extend(f"    n{source} -> n{target};" for source, target in edges)
    return "\n".join([*lines, "}"]) + "\n"


def _dot_escape(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def draw(boxes, edges, title="Graph of the forward pass"):
    """A graph as `walk` gives it as an SVG document, for light and dark screens."""
    widths = [max(map(_text_width, box.lines)) + 22.0 for box in boxes]
    heights = [len(box.lines) * _LINE + 10.0 for box in boxes]
    leaves = {i for i, box in enumerate(boxes) if box.kind == LEAF}
    plan = lay_out(widths, edges, leaves)
    tops, row_heights, bottom = _rows(plan.layer, heights)
    rights = [x + w / 2 for x, w in zip(plan.x, widths, strict=True)]
    rights.extend(x for route in plan.routes for x, _ in route)
    width = max(rights) + 2 * _MARGIN
    parts = _head(width, bottom + _MARGIN, title)
    ports = _ports(plan, widths, edges)
    for route, port, (source, target) in zip(plan.routes, ports, edges, strict=True):
        start = tops[plan.layer[source]] + (row_heights[plan.layer[source]] + heights[source]) / 2
        end = tops[plan.layer[target]] + (row_heights[plan.layer[target]] - heights[target]) / 2
        parts.append(_edge_path(route, port, start, end, tops, row_heights))
    for i, box in enumerate(boxes):
        middle = tops[plan.layer[i]] + row_heights[plan.layer[i]] / 2
        parts.append(_box_markup(box, plan.x[i] + _MARGIN, middle, widths[i], heights[i]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _rows(layer, heights):
    """Top and height of each row, and the bottom of the last."""
    row_heights = [0.0] * (max(layer) + 1)
    for row, height in zip(layer, heights, strict=True):
        row_heights[row] = max(row_heights[row], height)
    tops, y = [], _MARGIN
    for height in row_heights:
        tops.append(y)
        y += height + _ROW_GAP
    return tops, row_heights, y - _ROW_GAP


def _ports(plan, widths, edges):
    """Where each edge enters its target: one port per input, from left to right as they come."""
    arriving = {}
    for i, (_, target) in enumerate(edges):
        arriving.setdefault(target, []).append(i)
    ports = [0.0] * len(edges)
    for target, incoming in arriving.items():
        incoming.sort(key=lambda i: plan.routes[i][-2][0])
        step = min(18.0, (widths[target] - 16.0) / max(len(incoming) - 1, 1))
        for k, i in enumerate(incoming):
            ports[i] = plan.x[target] + (k - (len(incoming) - 1) / 2) * step
    return ports


def _edge_path(route, port, start, end, tops, row_heights):
    """A smooth path through the points of `route`, straight down inside the rows it crosses."""
    x, y = route[0][0] + _MARGIN, start
    path = [f"M{x:.1f} {y:.1f}"]
    for next_x, row in route[1:-1]:
        next_x += _MARGIN
        path.append(_bend(x, y, next_x, tops[row]))
        x, y = next_x, tops[row] + row_heights[row]
        path.append(f"L{x:.1f} {y:.1f}")
    path.append(_bend(x, y, port + _MARGIN, end - _ARROW))
    path.append(f"L{port + _MARGIN:.1f} {end - _ARROW + 1:.1f}")
    return f'<path class="edge" d="{"".join(path)}" marker-end="url(#arrow)"/>'


def _bend(x0, y0, x1, y1):
    middle = (y0 + y1) / 2
    return f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"


def _head(width, height, title):
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{_xml_escape(title)}</title>",
        f'<defs><marker id="arrow" viewBox="0 0 10 10" refX="0" refY="5" markerWidth="{_ARROW:g}" '
        f'markerHeight="{_ARROW:g}" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path class="tip" d="M0 0L10 5L0 10z" fill="{_EDGE_COLOUR}"/></marker></defs>',
        "<style>"
        f"text{{font-family:{_FONT};font-size:{_FONT_SIZE:g}px;text-anchor:middle}}"
        f".edge{{fill:none;stroke:{_EDGE_COLOUR};stroke-width:1.3}}"
        "rect{stroke-width:1.2}.name{font-weight:bold}"
        f"@media (prefers-color-scheme:dark){{{_dark_style()}}}"
        "</style>",
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}" fill="{_PAPER}"/>',
    ]


def _dark_style():
    """Rules that win over the colours written at each box, which are those for white paper."""
    rules = [f".paper{{fill:{_DARK_PAPER}}}.edge{{stroke:{_DARK_EDGE}}}.tip{{fill:{_DARK_EDGE}}}"]
    rules += [f".{kind} rect{{fill:{fill};stroke:{outline}}}.{kind} text{{fill:{ink}}}"
              for kind, (fill, outline, ink) in _DARK.items()]
    return "".join(rules)


def _box_markup(box, x, middle, width, height):
    fill, outline, ink = _COLOURS[box.kind]
    rounding = 6 if box.kind == FUNCTION else height / 2 if box.kind == ROOT else 3
    lines = [
        f'<g class="{box.kind}"><title>{_xml_escape(box.title)}</title>',
        f'<rect x="{x - width / 2:.1f}" y="{middle - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{rounding:g}" fill="{fill}" stroke="{outline}"/>',
    ]
    first = middle - (len(box.lines) - 1) * _LINE / 2 + _FONT_SIZE * 0.35
    for i, text in enumerate(box.lines):
        weight = ' class="name"' if len(box.lines) > 1 and i == 0 else ""
        lines.append(
            f'<text x="{x:.1f}" y="{first + i * _LINE:.1f}" fill="{ink}"{weight}>'
            f"{_xml_escape(text)}</text>"
        )
    return "".join([*lines, "</g>"])


def _xml_escape(text):
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def _text_width(text):
    """Estimated width in pixels of a line in Helvetica, bold; there is no font to ask."""
    em = 0.0
    for char in text:
        if char in "iljtfrI.,()[]:;'| ":
            em += 0.38
        elif char in "mwMW@":
            em += 0.96
        elif char.isupper():
            em += 0.76
        else:
            em += 0.65
    return em * _FONT_SIZE
