"""What the numbers were measured on."""

import datetime
import importlib.metadata
import os
import pathlib
import platform

PACKAGES = {"minitorch": "minitorch-cpu", "torch": "torch", "onnxruntime": "onnxruntime",
            "openvino": "openvino", "numpy": "numpy"}


def cpu_name():
    """The processor's name, with its instruction sets that matter here."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = fields.get("flags", "").split()
    widest = next((flag for flag in ("avx512f", "avx2") if flag in flags), platform.machine())
    return f"{fields.get('model name', platform.machine())} ({widest})"


def cores():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def version_of(package):
    """The installed version, or None; of minitorch the imported one, which may be a checkout."""
    if package == PACKAGES["minitorch"]:
        import minitorch

        return minitorch.__version__
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def gather(names, threads):
    """Facts about the machine and the contestants `names`."""
    wanted = [*names, "numpy"]
    return {
        "cpu": cpu_name(), "cores": cores(), "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version_of(PACKAGES[name]) for name in wanted},
        "date": datetime.date.today().isoformat(),
    }
