"""Where the boxes of a layered graph go: a small Sugiyama layout, without graphviz.

The four classical steps, each a function here: give every node a layer, so that all edges point
down; break long edges with invisible nodes; order the nodes of each layer to avoid crossings;
choose x so that edges run straight. The last step minimises the weighted sum of squared
horizontal edge lengths, layer by layer, keeping the order: each layer is an isotonic regression
and is solved exactly (pool adjacent violators).

Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures",
IEEE Trans. SMC 11 (1981); Barlow et al., "Statistical inference under order restrictions" (1972).
"""

__all__ = ["Layout", "lay_out"]

_ORDER_SWEEPS = 12
# Sweeps of the placement: many for pictures a person looks at, few for giant graphs.
_PLACE_SWEEPS, _PLACE_VISITS = 240, 400_000
# An edge between two invisible nodes bends worst to the eye, so it pulls hardest; then chains,
# then the trunk (edges that do not start at a leaf).
_PULL_REAL, _PULL_HALF, _PULL_DUMMY = 1.0, 2.0, 8.0
_PULL_LEAF, _PULL_TRUNK, _PULL_CHAIN = 0.2, 4.0, 24.0


class Layout:
    """Result of :func:`lay_out`.

    Attributes
    ----------
    x : list of float
        Centre of each node.
    layer : list of int
        Row of each node, 0 at the top.
    routes : list of list of (float, int)
        For each edge the points (x, row) it passes, its two ends included.
    """

    def __init__(self, x, layer, routes):
        self.x = x
        self.layer = layer
        self.routes = routes


def lay_out(widths, edges, leaves=frozenset(), gap=24.0):
    """Lay out a directed acyclic graph in rows.

    Parameters
    ----------
    widths : list of float
        Width of each node's box.
    edges : list of (int, int)
        From and to; the graph must have no cycle. Parallel edges are allowed.
    leaves : set of int
        Nodes without incoming edges that stand in the row just above their first child, instead
        of the top row, and give way where an edge between two other nodes wants to run straight.
    gap : float
        Smallest horizontal distance between neighbouring boxes.

    Returns
    -------
    Layout
    """
    layer = _layers(len(widths), edges, leaves)
    graph = _Layered(widths, layer, edges, leaves)
    order = _best_order(graph)
    x = _place(graph, order, gap)
    shift = min(x[i] - graph.width[i] / 2 for i in range(len(x))) if x else 0.0
    x = [value - shift for value in x]
    routes = [[(x[i], graph.layer[i]) for i in chain] for chain in graph.chains]
    return Layout(x[: len(widths)], layer, routes)


def _layers(count, edges, leaves):
    """Longest path from the top; what hangs on leaves alone sinks to just above its child."""
    children = [[] for _ in range(count)]
    parents = [[] for _ in range(count)]
    for source, target in edges:
        children[source].append(target)
        parents[target].append(source)
    order = _topological(children, parents)
    layer = [0] * count
    for node in order:
        # A node fed by nothing but leaves needs a row above it for those leaves.
        layer[node] = max(
            (1 if above in leaves else layer[above] + 1 for above in parents[node]), default=0
        )
    sinks = [False] * count
    for node in order:
        sinks[node] = all(sinks[above] and len(children[above]) == 1 for above in parents[node])
    for node in reversed(order):
        if children[node] and sinks[node] and (parents[node] or node in leaves):
            layer[node] = min(layer[child] for child in children[node]) - 1
    return layer


def _topological(children, parents):
    """Every node after all its parents."""
    waiting = [len(above) for above in parents]
    order = [node for node, number in enumerate(waiting) if number == 0]
    for node in order:
        for child in children[node]:
            waiting[child] -= 1
            if waiting[child] == 0:
                order.append(child)
    return order


class _Layered:
    """The graph with long edges broken: after the real nodes come invisible ones of width 0."""

    def __init__(self, widths, layer, edges, leaves):
        self.real = len(widths)
        self.width = list(widths)
        self.layer = list(layer)
        self.chains = []
        self.up = [[] for _ in widths]
        self.down = [[] for _ in widths]
        for (source, target), pull in zip(edges, _pulls(edges, leaves), strict=True):
            self.chains.append(self._chain(source, target, pull))
        rows = max(self.layer, default=-1) + 1
        self.rows = [[] for _ in range(rows)]
        for node, row in enumerate(self.layer):
            self.rows[row].append(node)

    def _chain(self, source, target, pull):
        chain = [source]
        for row in range(self.layer[source] + 1, self.layer[target]):
            chain.append(self._add_dummy(row))
        chain.append(target)
        for upper, lower in zip(chain, chain[1:], strict=False):
            dummies = (upper >= self.real) + (lower >= self.real)
            weight = pull * (_PULL_REAL, _PULL_HALF, _PULL_DUMMY)[dummies]
            self.down[upper].append((lower, weight))
            self.up[lower].append((upper, weight))
        return chain

    def _add_dummy(self, row):
        self.width.append(0.0)
        self.layer.append(row)
        self.up.append([])
        self.down.append([])
        return len(self.width) - 1


def _pulls(edges, leaves):
    """How strongly each edge wants to be vertical.

    Most of all in a chain: the only edge out of its source, and the only one into its target,
    where leaves do not count beside other inputs.
    """
    leaving, entering, from_trunk = {}, {}, {}
    for source, target in edges:
        leaving[source] = leaving.get(source, 0) + 1
        entering[target] = entering.get(target, 0) + 1
        from_trunk[target] = from_trunk.get(target, 0) + (source not in leaves)
    pulls = []
    for source, target in edges:
        rivals = entering if source in leaves else from_trunk
        if leaving[source] == 1 and rivals[target] == 1:
            pulls.append(_PULL_CHAIN)
        else:
            pulls.append(_PULL_LEAF if source in leaves else _PULL_TRUNK)
    return pulls


def _best_order(graph):
    """Rows ordered by repeated barycentres, downwards and upwards; the least crossed one wins."""
    rows = _first_order(graph)
    best, fewest = [list(row) for row in rows], _crossings(graph, rows)
    for sweep in range(_ORDER_SWEEPS):
        if fewest == 0:
            break
        downwards = sweep % 2 == 0
        sequence = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
        for row in sequence:
            fixed = rows[row - 1] if downwards else rows[row + 1]
            _sort_by_neighbours(rows[row], fixed, graph.up if downwards else graph.down)
        crossings = _crossings(graph, rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _first_order(graph):
    """Depth-first from the bottom, so that each node's inputs start side by side, in order."""
    rows = [[] for _ in graph.rows]
    seen = [False] * len(graph.width)
    bottoms = [i for i in range(len(graph.width)) if not graph.down[i]]
    stack = bottoms[::-1]
    while stack:
        node = stack.pop()
        if seen[node]:
            continue
        seen[node] = True
        rows[graph.layer[node]].append(node)
        stack.extend(parent for parent, _ in reversed(graph.up[node]) if not seen[parent])
    return rows


def _sort_by_neighbours(row, fixed, neighbours):
    place = {node: i for i, node in enumerate(fixed)}
    own = {node: i for i, node in enumerate(row)}

    def barycentre(node):
        around = [place[other] for other, _ in neighbours[node]]
        return sum(around) / len(around) if around else own[node]

    row.sort(key=barycentre)


def _crossings(graph, rows):
    """Pairs of edges that cross between neighbouring rows, counted as inversions."""
    total = 0
    for upper, lower in zip(rows, rows[1:], strict=False):
        place = {node: i for i, node in enumerate(lower)}
        ends = []
        for node in upper:
            ends.extend(sorted(place[child] for child, _ in graph.down[node]))
        total += _inversions(ends, len(lower))
    return total


def _inversions(values, size):
    """Number of pairs i < j with values[i] > values[j], by a Fenwick tree over 0..size-1."""
    tree = [0] * (size + 1)
    total = 0
    for seen, value in enumerate(values):
        i, not_greater = value + 1, 0
        while i:
            not_greater += tree[i]
            i -= i & -i
        total += seen - not_greater
        i = value + 1
        while i <= size:
            tree[i] += 1
            i += i & -i
    return total


def _place(graph, rows, gap):
    """x of every node: sweeps of :func:`_settle`, each pulling a row to its neighbours."""
    x = [0.0] * len(graph.width)
    for row in rows:
        edge = 0.0
        for node in row:
            x[node] = edge + graph.width[node] / 2
            edge += graph.width[node] + gap
    last = len(rows) - 1
    for sweep in range(max(8, min(_PLACE_SWEEPS, _PLACE_VISITS // max(len(x), 1)))):
        sequence = range(len(rows)) if sweep % 2 == 0 else range(last, -1, -1)
        for row in sequence:
            _settle(graph, rows[row], x, gap)
    return x


def _settle(graph, row, x, gap):
    """Move one row to the weighted means of its neighbours, order and gaps kept."""
    wishes, weights, offsets = [], [], []
    offset = 0.0
    for i, node in enumerate(row):
        if i:
            left = row[i - 1]
            offset += (graph.width[left] + graph.width[node]) / 2 + gap
        around = graph.up[node] + graph.down[node]
        weight = sum(pull for _, pull in around)
        wish = sum(x[other] * pull for other, pull in around) / weight if weight else x[node]
        offsets.append(offset)
        wishes.append(wish - offset)
        weights.append(weight or 1e-3)
    for node, value, offset in zip(row, _isotonic(wishes, weights), offsets, strict=True):
        x[node] = value + offset


def _isotonic(values, weights):
    """The non-decreasing sequence nearest to `values` in weighted least squares."""
    blocks = []
    for value, weight in zip(values, weights, strict=True):
        count = 1
        while blocks and blocks[-1][0] > value:
            former, mass, size = blocks.pop()
            value = (former * mass + value * weight) / (mass + weight)
            weight += mass
            count += size
        blocks.append((value, weight, count))
    return [value for value, _, count in blocks for _ in range(count)]
