"""``torch.backends.cuda``: not built; its switches may be set and switch nothing."""

from types import SimpleNamespace

__all__ = ["is_built", "matmul"]

# How exactly a GPU would multiply; the CPU's products are of full precision whatever it says.
matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
    fp32_precision="none",
)


def is_built():
    """False."""
    return False
