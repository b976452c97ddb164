"""ONNX Runtime on the graph with folded BatchNorm."""

import onnxruntime

from bench.contestants import Prepared
from bench.contestants.frameworks import IMAGES_COMPARED
from bench.inputs import images_of, read_weights
from bench.onnx_graph import folded_resnet18


class Contestant:
    """ONNX Runtime's CPU provider with all graph optimisations.

    Its threads spin while a run lasts, as by default, and stop with it: else they would take the
    processor from the contestant whose turn is next.
    """

    name = "onnxruntime"

    def __init__(self, threads, weights):
        self.threads = threads
        self.weights = weights

    def info(self):
        """What it is set to."""
        return {"threads": self.threads}

    def prepare(self, job):
        """Make the job "folded" ready."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.force_spinning_stop", "1")
        graph = folded_resnet18(read_weights(self.weights), job.images, job.pixels)
        session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
        feed = {"x": images_of(job.images, job.pixels)}

        def call():
            return session.run(None, feed)

        return Prepared(call, call()[0][:IMAGES_COMPARED].ravel().tolist())
