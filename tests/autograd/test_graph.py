"""autograd.graph: the picture of the graph, edges, hooks on what is saved."""

import re
import xml.etree.ElementTree as ET

import pytest

import minitorch as mt
from minitorch.autograd import graph
from minitorch.autograd._layout import lay_out

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def tutorial():
    a = mt.tensor([2.0, 3.0], requires_grad=True)
    b = mt.tensor([6.0, 4.0], requires_grad=True)
    return a, b, 3 * a**3 - b**2


def boxes(svg):
    """(class, lines of text, rectangle as floats) of each box."""
    found = []
    for group in ET.fromstring(svg).iter(SVG + "g"):
        rectangle = group.find(SVG + "rect")
        numbers = [float(rectangle.get(name)) for name in ("x", "y", "width", "height")]
        lines = [text.text for text in group.iter(SVG + "text")]
        found.append((group.get("class"), lines, numbers))
    return found


def arrows(svg):
    """(start, end) of each arrow."""
    found = []
    for path in ET.fromstring(svg).iter(SVG + "path"):
        if path.get("class") == "edge":
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))]
            found.append(((numbers[0], numbers[1]), (numbers[-2], numbers[-1])))
    return found


def test_dot_of_the_tutorial_names_nodes_and_points_forward(tutorial):
    a, b, q = tutorial
    dot = graph.to_dot(q, params={"a": a, "b": b})
    labels = dict(re.findall(r'(n\d+) \[label="([^"]+)"', dot))
    assert sorted(labels.values()) == sorted(
        ["a\\n(2,)", "b\\n(2,)", "PowBackward0", "PowBackward0", "MulBackward0", "SubBackward0",
         "(2,)"]
    )
    edges = [(labels[s], labels[t]) for s, t in re.findall(r"(n\d+) -> (n\d+);", dot)]
    assert sorted(edges) == sorted(
        [
            ("a\\n(2,)", "PowBackward0"),
            ("b\\n(2,)", "PowBackward0"),
            ("PowBackward0", "MulBackward0"),
            ("MulBackward0", "SubBackward0"),
            ("PowBackward0", "SubBackward0"),
            ("SubBackward0", "(2,)"),
        ]
    )


def test_leaves_are_blue_in_both_forms(tutorial):
    a, b, q = tutorial
    for line in graph.to_dot(q, params={"a": a}).split("\n"):
        assert ('fillcolor="#cfe4ff"' in line) == ('"a\\n' in line or 'label="(2,)", f' in line
                                                   and "#0b3b7a" in line)
    svg = graph.to_svg(q, params={"a": a, "b": b})
    leaves = [lines for kind, lines, _ in boxes(svg) if kind == "leaf"]
    assert sorted(leaves) == [["a", "(2,)"], ["b", "(2,)"]]
    root = ET.fromstring(svg)
    fills = {g.get("class"): g.find(SVG + "rect").get("fill") for g in root.iter(SVG + "g")}
    red, green, blue = (int(fills["leaf"][i : i + 2], 16) for i in (1, 3, 5))
    assert blue > green > red


def test_svg_arrows_go_down_from_box_to_box(tutorial):
    a, b, q = tutorial
    svg = graph.to_svg(q, params={"a": a, "b": b, "Q": q})
    rectangles = [numbers for _, _, numbers in boxes(svg)]
    assert len(arrows(svg)) == 6
    for (x0, y0), (x1, y1) in arrows(svg):
        assert y1 > y0
        assert any(x <= x0 <= x + w and abs(y + h - y0) < 0.5 for x, y, w, h in rectangles)
        assert any(x <= x1 <= x + w and 0 <= y - y1 < 10 for x, y, w, h in rectangles)


def test_svg_boxes_do_not_overlap_and_lie_inside():
    x = mt.ones(3, requires_grad=True)
    h = x
    for _ in range(5):
        h = (h * x).sin() + x * h
    svg = graph.to_svg(h.sum(), h.prod(), params={"x": x})
    rectangles = [numbers for _, _, numbers in boxes(svg)]
    width, height = (float(ET.fromstring(svg).get(k)) for k in ("width", "height"))
    for i, (x0, y0, w0, h0) in enumerate(rectangles):
        assert x0 >= 0 and y0 >= 0 and x0 + w0 <= width and y0 + h0 <= height
        for x1, y1, w1, h1 in rectangles[i + 1 :]:
            assert x0 + w0 <= x1 or x1 + w1 <= x0 or y0 + h0 <= y1 or y1 + h1 <= y0
    for numbers in re.findall(r"[MCL]([-\d. ]+)", svg):
        assert all(-0.5 <= float(n) for n in numbers.split())


def test_parallel_edges_are_both_drawn():
    x = mt.ones(2, requires_grad=True)
    svg = graph.to_svg(x * x)
    ends = [end for _, end in arrows(svg)]
    assert len(ends) == 3
    assert len(set(ends)) == 3


def test_names_are_escaped():
    x = mt.ones(2, requires_grad=True)
    params = {'<"a&b">': x}
    texts = [lines for _, lines, _ in boxes(graph.to_svg(x * 2, params=params))]
    assert ['<"a&b">', "(2,)"] in texts
    assert '\\"a&b\\"' in graph.to_dot(x * 2, params=params)


def test_picture_of_a_leaf_is_the_leaf():
    svg = graph.to_svg(mt.ones(2, requires_grad=True))
    assert [kind for kind, _, _ in boxes(svg)] == ["leaf"]


def test_picture_refuses_what_has_no_graph():
    with pytest.raises(RuntimeError, match="element 0 of roots does not require grad"):
        graph.to_svg(mt.ones(2))
    with pytest.raises(TypeError, match="root 1 must be a Tensor, but got int"):
        graph.to_dot(mt.ones(2, requires_grad=True), 3)
    with pytest.raises(TypeError, match="at least one tensor"):
        graph.to_dot()


def test_picture_of_a_deep_graph_does_not_recurse():
    y = mt.ones(1, requires_grad=True)
    for _ in range(3000):
        y = y + 1
    assert graph.to_dot(y).count("AddBackward0") == 3000
    assert graph.to_svg(y).count("AddBackward0") >= 3000


def test_layout_keeps_rows_orders_and_gaps():
    widths = [40.0, 40.0, 90.0, 20.0, 60.0]
    edges = [(0, 2), (1, 2), (0, 3), (2, 4), (3, 4), (1, 4)]
    plan = lay_out(widths, edges, gap=10.0)
    assert plan.layer == [0, 0, 1, 1, 2]
    for i in range(5):
        for j in range(i + 1, 5):
            if plan.layer[i] == plan.layer[j]:
                assert abs(plan.x[i] - plan.x[j]) >= (widths[i] + widths[j]) / 2 + 10 - 1e-6
    assert [len(route) for route in plan.routes] == [2, 2, 2, 2, 2, 3]


def test_layout_removes_an_avoidable_crossing():
    plan = lay_out([10.0] * 4, [(0, 3), (1, 2)])
    assert (plan.x[0] - plan.x[1]) * (plan.x[3] - plan.x[2]) > 0


def test_layout_stands_leaves_above_their_child():
    # a long trunk 0-1-2-3 and a leaf that only node 3 uses
    plan = lay_out([10.0] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)], leaves={0, 4})
    assert plan.layer == [0, 1, 2, 3, 2]


def test_layout_draws_a_chain_as_a_straight_line():
    plan = lay_out([30.0, 80.0, 10.0], [(0, 1), (1, 2)])
    assert max(plan.x) - min(plan.x) < 0.01


def test_gradient_edge_stands_for_its_tensor():
    x = mt.tensor([2.0], requires_grad=True)
    y = x * x
    edge = graph.get_gradient_edge(x)
    assert edge.node.name().endswith("AccumulateGrad") and edge.output_nr == 0
    assert mt.autograd.grad(y, edge, retain_graph=True)[0].item() == 4.0
    assert graph.get_gradient_edge(y).node is y.grad_fn
    with pytest.raises(RuntimeError, match="does not require gradients"):
        graph.get_gradient_edge(mt.ones(1))


def test_nodes_are_instances_of_node():
    x = mt.tensor([2.0], requires_grad=True)
    assert isinstance((x * x).grad_fn, graph.Node)


def test_increment_version_counts():
    x = mt.ones(2)
    graph.increment_version(x)
    graph.increment_version([x, x])
    assert x._version == 3


def test_saved_tensors_hooks_pack_once_and_unpack_each_time():
    seen = []

    def pack(t):
        seen.append("pack")
        return t.detach()

    def unpack(t):
        seen.append("unpack")
        return t

    x = mt.tensor([3.0], requires_grad=True)
    with graph.saved_tensors_hooks(pack, unpack):
        y = (x**2).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert seen == ["pack", "unpack", "unpack"]
    assert x.grad.item() == 12.0
    (x**2).sum().backward()
    assert seen.count("pack") == 1


def test_saved_tensors_hooks_keep_the_place_in_the_graph():
    x = mt.tensor([0.3, 0.7], dtype=mt.float64, requires_grad=True)

    def function(x):
        a, b = (x * x).exp().unbind()
        return (a * b + b.sin() * x[0]) * x.sigmoid()

    for pack in (lambda t: t.detach(), lambda t: t.numpy(force=True).copy(), lambda t: t):
        unpack = mt.as_tensor
        plain = mt.autograd.grad(function(x).sum(), x, create_graph=True)[0]
        with graph.saved_tensors_hooks(pack, unpack):
            y = function(x).sum()
        hooked = mt.autograd.grad(y, x, create_graph=True)[0]
        assert mt.equal(plain, hooked)
        for scale in (1.0, 2.0):
            first, second = (mt.autograd.grad((g * scale).pow(2).sum(), x, retain_graph=True)[0]
                             for g in (plain, hooked))
            assert mt.equal(first, second)


def test_save_on_cpu_changes_nothing_here():
    x = mt.tensor([3.0], requires_grad=True)
    with graph.save_on_cpu():
        y = x**2
    y.backward()
    assert x.grad.item() == 6.0


def test_disabled_saved_tensors_hooks_raise_the_message():
    with graph.disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"):
            with graph.save_on_cpu():
                pass
    with graph.save_on_cpu():
        pass


def test_multi_grad_hook_waits_for_all_or_any():
    a = mt.tensor([1.0], requires_grad=True)
    b = mt.tensor([2.0], requires_grad=True)
    c = a * b
    seen = []
    handle = graph.register_multi_grad_hook((a, b, c), lambda grads: seen.append(grads))
    c.backward(retain_graph=True)
    assert [g.item() for g in seen[0]] == [2.0, 1.0, 1.0]
    c.backward(inputs=[a], retain_graph=True)
    assert len(seen) == 2 and seen[1][1] is None
    handle.remove()
    first = []
    graph.register_multi_grad_hook((a, b), lambda g: first.append(g.item()), mode="any")
    c.backward()
    assert len(seen) == 2 and len(first) == 1
    with pytest.raises(ValueError, match="Expects mode to be one of"):
        graph.register_multi_grad_hook((a,), print, mode="some")
