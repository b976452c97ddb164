"""OpenVINO on the graph with folded BatchNorm."""

import openvino

from bench.contestants import Prepared
from bench.contestants.frameworks import IMAGES_COMPARED
from bench.inputs import images_of, read_weights
from bench.onnx_graph import folded_resnet18


class Contestant:
    """OpenVINO's CPU plugin, tuned for latency, in float32: by default it may take bfloat16."""

    name = "openvino"

    def __init__(self, threads, weights):
        self.threads = threads
        self.weights = weights

    def info(self):
        """What it is set to."""
        return {"threads": self.threads}

    def prepare(self, job):
        """Make the job "folded" ready."""
        core = openvino.Core()
        graph = folded_resnet18(read_weights(self.weights), job.images, job.pixels)
        compiled = core.compile_model(core.read_model(graph), "CPU", {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": self.threads,
        })
        request = compiled.create_infer_request()
        x = images_of(job.images, job.pixels)

        def call():
            return request.infer({0: x}, share_inputs=True)

        return Prepared(call, call()[0][:IMAGES_COMPARED].ravel().tolist())
