"""Whether two files mean the same network: its logits on a few fixed images."""

import minitorch
from minitorch.models import get_model
from minitorch.models._onnx_run import as_tensor, run_graph

SIZE = (2, 64, 64)  # images, height, width
_LARGEST = 1024  # pixels a side, and images, that a file may ask for
# Of the largest logit.  float16 keeps 11 bits of each weight; the rest sums in another order.
TOLERANCE = {"float16": 5e-2}
DEFAULT_TOLERANCE = 1e-4


class Probe:
    """A network of `minitorch.models` in evaluation mode, to be filled with weights.

    Parameters
    ----------
    arch : str
    num_classes : int or None
        None: a backbone without a head, whose features count as its logits.
    """

    def __init__(self, arch, num_classes):
        self.network = get_model(arch, num_classes=num_classes or 1).eval()
        if num_classes is None:
            self.network.fc = minitorch.nn.Identity()

    def logits(self, tensors, size=SIZE):
        """Return what the network makes of the probe's images with these weights.

        Parameters
        ----------
        tensors : dict of str to TensorRecord
            Under torchvision's names.
        size : tuple of int
            Images, height and width.

        Returns
        -------
        numpy.ndarray
            (images, classes), float32.
        """
        own = self.network.state_dict()
        with minitorch.no_grad():
            for name, record in tensors.items():  # one by one, for the memory
                own[name].copy_(as_tensor(record))
            return self.network(_images(size)).numpy()


def graph_logits(model, size=SIZE):
    """Return what the graph of an ONNX file makes of the same images."""
    return run_graph(model, _images(size)).numpy()


def _images(size):
    import numpy as np

    count, height, width = size
    drawn = np.random.default_rng(0).standard_normal((count, 3, height, width), np.float32)
    return minitorch.from_numpy(drawn)


def size_for(model):
    """Return the probe's size for an ONNX graph, which may fix it; None if that is too large."""
    name = next((name for name in model.inputs if name not in model.initializers), None)
    shape = model.inputs[name][1] if name is not None else None
    if shape is None or len(shape) != 4:
        return SIZE
    sides = [n if isinstance(n, int) and n > 0 else default
             for n, default in zip((shape[0], *shape[2:]), SIZE, strict=True)]  # fmt: skip
    return tuple(sides) if max(sides) <= _LARGEST else None


def difference(expected, found):
    """Return the largest difference as a share of the largest expected logit.

    0 for logits equal in every bit; NaN if an expected one is not finite: nothing can be said.
    """
    import numpy as np

    if expected.shape != found.shape:
        return float("inf")
    if not np.isfinite(expected).all():
        return float("nan")
    if expected.tobytes() == found.tobytes():
        return 0.0
    if not np.isfinite(found).all():
        return float("inf")
    largest = np.abs(expected.astype(np.float64)).max(initial=0.0)
    apart = np.abs(expected.astype(np.float64) - found).max(initial=0.0)
    return float(apart / largest) if largest else float(apart > 0)
