"""The thread pool: every index once, the same chunks for any thread count, forks, nesting."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from minitorch._kernels import _testing_nn as kernels
from minitorch._kernels import parallel


@pytest.fixture(autouse=True)
def restore_threads():
    before = parallel.get_num_threads()
    yield
    parallel.set_num_threads(before)


def run(n, grain, nested=False):
    begin_at = np.full(n, -1, np.int64)
    visits = np.zeros(n, np.int64)
    kernels.log_chunks(begin_at, visits, grain, nested)
    return begin_at, visits


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("n", [0, 1, 7, 512, 513, 10_000])
@pytest.mark.parametrize("grain", [1, 16, 1_000_000])
def test_parallel_for_visits_each_index_once(threads, n, grain):
    parallel.set_num_threads(threads)
    begin_at, visits = run(n, grain)
    np.testing.assert_array_equal(visits, 1)
    length, count = kernels.chunk_length(n, grain)
    assert length >= grain and count <= 512
    np.testing.assert_array_equal(begin_at, np.arange(n) // length * length)


def test_parallel_for_many_jobs_in_a_row():
    parallel.set_num_threads(4)
    begin_at = np.empty(64, np.int64)
    visits = np.zeros(64, np.int64)
    for _ in range(5000):
        kernels.log_chunks(begin_at, visits, 1)
    np.testing.assert_array_equal(visits, 5000)


def test_parallel_for_inside_a_task_runs_inline():
    parallel.set_num_threads(4)
    _, visits = run(1000, 10, nested=True)
    np.testing.assert_array_equal(visits, 1)


def test_parallel_for_from_many_python_threads():
    parallel.set_num_threads(3)
    failures = []

    def job():
        for _ in range(500):
            if not (run(100, 3)[1] == 1).all():
                failures.append(1)

    threads = [threading.Thread(target=job) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_thread_count_can_change_between_jobs():
    for threads in (2, 5, 1, 3, 2, 6) * 20:
        parallel.set_num_threads(threads)
        np.testing.assert_array_equal(run(200, 1)[1], 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_child_has_a_working_pool():
    code = (
        "import os, numpy as np\n"
        "from minitorch._kernels import parallel, _testing_nn as kernels\n"
        "parallel.set_num_threads(3)\n"
        "def job():\n"
        "    begin, visits = np.empty(300, np.int64), np.zeros(300, np.int64)\n"
        "    for _ in range(100): kernels.log_chunks(begin, visits, 1)\n"
        "    return (visits == 100).all()\n"
        "assert job()\n"
        "pid = os.fork()\n"
        "if pid == 0: os._exit(0 if job() else 1)\n"
        "assert os.waitpid(pid, 0)[1] == 0\n"
        "assert job()\n")
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_child_forked_during_a_job_of_another_thread():
    code = (
        "import os, threading, numpy as np\n"
        "from minitorch._kernels import parallel, _testing_nn as kernels\n"
        "parallel.set_num_threads(3)\n"
        "def jobs(n, times):\n"
        "    begin, visits = np.empty(n, np.int64), np.zeros(n, np.int64)\n"
        "    for _ in range(times): kernels.log_chunks(begin, visits, 1)\n"
        "    return (visits == times).all()\n"
        "done = threading.Event()\n"
        "def work():\n"
        "    while not done.is_set(): jobs(2_000_000, 1)\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\n"
        "for _ in range(20):\n"
        "    pid = os.fork()\n"
        "    if pid == 0: os._exit(0 if jobs(300, 20) else 1)\n"
        "    assert os.waitpid(pid, 0)[1] == 0\n"
        "done.set()\n"
        "thread.join()\n")
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_scratch_is_aligned_kept_and_grown():
    first = kernels.scratch_address(7, 1000)
    assert first % 64 == 0
    assert kernels.scratch_address(7, 500) == first
    assert kernels.scratch_address(7, 10_000_000) % 64 == 0
    parallel.release_scratch()
    assert kernels.scratch_address(7, 100) % 64 == 0


def import_with(**environment):
    return subprocess.run(
        [sys.executable, "-c",
         "from minitorch._kernels import parallel, dispatch;"
         "print(parallel.get_num_threads(), dispatch.isa())"],
        env={**os.environ, **environment}, capture_output=True, text=True)


def test_environment_sets_thread_count_and_isa():
    done = import_with(MINITORCH_NUM_THREADS="3", MINITORCH_ISA="portable")
    assert done.stdout.split() == ["3", "portable"], done.stderr


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_invalid_thread_count_in_environment(value):
    done = import_with(MINITORCH_NUM_THREADS=value)
    assert done.returncode and "MINITORCH_NUM_THREADS must be a positive integer" in done.stderr


def test_unavailable_isa_in_environment():
    done = import_with(MINITORCH_ISA="avx1024")
    assert done.returncode and "MINITORCH_ISA: instruction set 'avx1024'" in done.stderr


@pytest.mark.parametrize("value, error", [
    (0, RuntimeError), (-2, RuntimeError), (1.5, TypeError), ("2", TypeError), (True, TypeError)])
def test_set_num_threads_refuses(value, error):
    with pytest.raises(error, match="set_num_threads expects"):
        parallel.set_num_threads(value)


def test_quota_of_a_cgroup_folder(tmp_path):
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert parallel._quota_in(2, str(tmp_path)) == 1.5
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert parallel._quota_in(2, str(tmp_path)) is None
    (tmp_path / "cpu.cfs_quota_us").write_text("400000")
    (tmp_path / "cpu.cfs_period_us").write_text("100000")
    assert parallel._quota_in(1, str(tmp_path)) == 4
    (tmp_path / "cpu.cfs_quota_us").write_text("-1")
    assert parallel._quota_in(1, str(tmp_path)) is None
