"""The tables, one file for each kind of measurement.

A table is a function that takes the `bench.plan.Plan` and returns a `bench.results.Table`.
"""

from bench.tables import memory, resnet, scaling, start, statements

TABLES = {
    "resnet18": resnet.main,
    "contiguous": resnet.contiguous,
    "one-thread": resnet.one_thread,
    "scaling-images": scaling.images,
    "scaling-pixels": scaling.pixels,
    "memory": memory.training_step,
    "small": statements.small,
    "import": start.imports,
    "first-call": start.first_call,
}
