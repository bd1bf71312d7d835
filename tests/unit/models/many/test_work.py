import functools
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError, FitError, OutputError
from core_trial.models.many.fingerprint import fingerprint
from core_trial.models.many.work import CHUNKS, each


def made():
    """A function that other processes get by value, since they cannot import this file."""

    def normal(seed):
        return np.random.default_rng(seed).standard_normal(3)

    return normal


normal = made()


class Stops:
    """Counts its calls, and stops the run at one of them."""

    def __init__(self, at):
        self.at, self.calls = at, 0

    def __call__(self, seed):
        self.calls += 1
        if self.calls == self.at:
            raise KeyboardInterrupt
        return normal(seed)

    def __reduce__(self):  # the fingerprint is that of the work, not of where it stops
        return (Stops, (None,))


def test_results_come_in_the_order_of_the_tasks_for_any_number_of_processes():
    one, two = (each(normal, range(300), workers=w, progress=False) for w in (1, 2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[7], normal(7))


def test_a_stopped_run_resumes_with_the_same_bits(tmp_path):
    stopped, resumed = Stops(at=40), Stops(at=None)
    with pytest.raises(KeyboardInterrupt):
        each(stopped, range(100), workers=1, progress=False, resume=tmp_path)
    found = each(resumed, range(100), workers=1, progress=False, resume=tmp_path)
    np.testing.assert_array_equal(found, [normal(k) for k in range(100)])
    assert resumed.calls == 100 - 39
    again = Stops(at=1)  # everything is there, so that nothing is called
    np.testing.assert_array_equal(each(again, range(100), progress=False, resume=tmp_path), found)
    assert again.calls == 0


def test_another_number_of_processes_may_resume(tmp_path):
    expected = each(normal, range(50), workers=1, progress=False, resume=tmp_path)
    for k in range(0, 50, 3):  # as if these had not been done when it stopped
        (tmp_path / f"chunk-{k:06d}.pickle").unlink()
    found = each(normal, range(50), workers=2, progress=False, resume=tmp_path)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the cluster's own, of the worker that it lost
def test_a_worker_that_is_killed_comes_back_and_nothing_is_lost():
    import joblib
    from distributed import Client, LocalCluster

    def slow(k):
        time.sleep(0.05)
        return np.random.default_rng(k).standard_normal()

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(processes=True, **settings) as cluster,
        Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        before = client.run(os.getpid)
        victim = next(iter(before.values()))
        threading.Timer(1.0, lambda: os.kill(victim, signal.SIGKILL)).start()
        found = each(slow, range(120), progress=False)
        after = client.run(os.getpid)
    assert found == [np.random.default_rng(k).standard_normal() for k in range(120)]
    assert len(after) == 2
    assert victim not in after.values()


def test_a_process_that_is_ended_from_outside_is_an_error_of_ours():
    def ended(k):
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(FitError, match="ended from outside"):
        each(ended, range(2), workers=2, progress=False)


def test_the_folder_of_another_call_is_refused(tmp_path):
    each(normal, range(5), progress=False, resume=tmp_path)
    with pytest.raises(DesignError, match="another call"):
        each(normal, range(6), progress=False, resume=tmp_path)
    with pytest.raises(DesignError, match="another call"):
        each(abs, range(5), progress=False, resume=tmp_path)


def test_a_damaged_chunk_is_named(tmp_path):
    each(normal, range(5), progress=False, resume=tmp_path)
    (tmp_path / "chunk-000003.pickle").write_bytes(pickle.dumps([1.0])[:-1])
    with pytest.raises(DesignError, match=r"chunk-000003\.pickle cannot be read"):
        each(normal, range(5), progress=False, resume=tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        each(normal, range(5), progress=False, resume=tmp_path / "file")


@pytest.mark.parametrize("workers", [0, 1.5, "two", True])
def test_what_is_no_number_of_processes(workers):
    with pytest.raises(DesignError, match="number of processes"):
        each(normal, [1], workers=workers, progress=False)


@pytest.mark.parametrize(("n", "size"), [(1, 1), (CHUNKS, 1), (2 * CHUNKS - 1, 1), (2 * CHUNKS, 2)])
def test_size_of_the_chunks_kept(tmp_path, n, size):
    each(abs, range(n), progress=False, resume=tmp_path)
    assert len(list(tmp_path.glob("chunk-*"))) == -(-n // size)


def test_the_bar_goes_to_the_error_stream(capsys):
    each(abs, [1, 2], progress=True)
    assert capsys.readouterr().out == ""


def shifted(by):
    return lambda x: x + by


def test_fingerprint_sees_what_would_change_a_result():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", None]})
    assert fingerprint(frame) == fingerprint(frame.copy())
    assert fingerprint(frame) != fingerprint(frame.assign(a=[1.0, 2.5]))
    assert fingerprint(frame) != fingerprint(frame.rename(columns={"a": "c"}))
    assert fingerprint(shifted(1)) == fingerprint(shifted(1)) != fingerprint(shifted(2))
    assert fingerprint(functools.partial(pow, 2)) != fingerprint(functools.partial(pow, 3))
    assert fingerprint(1) != fingerprint(1.0) != fingerprint(True)
    seeds = np.random.SeedSequence(1).spawn(2)
    assert fingerprint(seeds[0]) != fingerprint(seeds[1])
    assert fingerprint(["ab", "c"]) != fingerprint(["a", "bc"])


def in_a_module(source):
    space = {"__name__": "made_up", "np": np}
    exec(source, space)
    return space["one"]


def test_fingerprint_sees_what_a_function_calls_in_its_module():
    source = "LIMIT = 2\ndef inner(x): return x + LIMIT\ndef one(x): return [inner(y) for y in x]"
    same, other = in_a_module(source), in_a_module(source.replace("x + LIMIT", "x - LIMIT"))
    assert fingerprint(same) == fingerprint(in_a_module(source)) != fingerprint(other)
    assert fingerprint(in_a_module(source.replace("LIMIT = 2", "LIMIT = 3"))) != fingerprint(same)


def test_fingerprint_of_functions_that_call_themselves():
    def down(n):
        return down(n - 1) if n else later()

    first = fingerprint(down)  # what it calls is not there yet

    def later():
        return 0

    assert fingerprint(down) != first


def test_fingerprint_is_the_same_in_another_process():
    values = "{'arm', 'centre', 'age', 'sex'}, frozenset({'p', 'q', 'r'}), {'b': 1, 'a': [None]}"
    code = (
        f"from core_trial.models.many.fingerprint import fingerprint; print(fingerprint({values}))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_what_cannot_be_kept_is_refused():
    with pytest.raises(DesignError, match="cannot be kept"):
        fingerprint(threading.Lock())
