"""A warm program and a cold one print the same and end the same."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.jobs.sandbox import Sandbox
from localaws.jobs.warm.pool import WarmPool
from tests.localaws.warmbed import Bed, is_warm

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="warm starts need Linux"),
    pytest.mark.xdist_group("warm"),
]

IDENTITY = """
import locale, os, resource, signal, site, sys
print(sys.argv, sys.orig_argv, sys.path, sys.executable, sys.prefix, sys.flags, os.getcwd())
print({name: value for name, value in globals().items() if name != "__loader__"}, type(__loader__))
print(sorted(os.environ.items()), os.getenv("OMP_NUM_THREADS"))
print(open("/proc/self/environ").read() != "" and sorted(os.listdir("/proc/self/fd")))
for stream in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__):
    print(stream, stream.line_buffering, stream.write_through, stream.errors, type(stream.buffer), stream.seekable())
print([(str(number), str(signal.getsignal(number))) for number in signal.Signals])
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), os.umask(0), resource.getrlimit(resource.RLIMIT_NOFILE))
print(os.getpid() == os.getsid(0) == os.getpgid(0), os.getuid(), os.getgroups(), open("/proc/self/uid_map").read())
print(site.USER_BASE, site.USER_SITE, locale.setlocale(locale.LC_CTYPE), os.path.expanduser("~"))
print([name for name in sys.modules if name.startswith("localaws.")], sys.stdin.read())
"""
SCRIPTS = {
    "identity": IDENTITY,
    "exit number": "import sys; sys.exit(3)",
    "exit text": "import sys; print('out', end=''); sys.exit('a reason')",
    "exit none": "import sys; sys.exit()",
    "exit large": "import sys; sys.exit(300)",
    "exit at once": "import os; print('out'); os._exit(7)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "terminated": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "aborted": "import os; os.abort()",
    "interrupted": "raise KeyboardInterrupt",
    "uncaught": "def f(n):\n    return 1 / n\n\n\ntry:\n    f(0)\nexcept ZeroDivisionError as error:\n    raise ValueError('no') from error\n",
    "uncaught group": "raise ExceptionGroup('two', [ValueError(1), OSError(2)])",
    "syntax": "print(1\n",
    "encoding": "# -*- coding: latin-1 -*-\nprint('done')\n",
    "hook": "import sys\nsys.excepthook = lambda *found: print('hook', found[0], found[2].tb_frame.f_code.co_name, found[2].tb_next)\n1 / 0\n",
    "bad hook": "import sys\ndef hook(*found):\n    raise OSError('hook')\nsys.excepthook = hook\n1 / 0\n",
    "exit in hook": "import sys\nsys.excepthook = lambda *found: sys.exit(9)\n1 / 0\n",
    "atexit": "import atexit\natexit.register(print, 'last')\natexit.register(print, 'first')\nprint('out')\n",
    "threads": "import threading, time\ndef work():\n    time.sleep(0.05)\n    print('joined')\nthreading.Thread(target=work).start()\nprint(threading.current_thread().name, threading.main_thread() is threading.current_thread())\n",
    "daemon": "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\nprint(threading.active_count())\n",
    "unclosed file": "import os\nf = open('left', 'w')\nf.write('text')\nif os.fork() == 0:\n    os._exit(0)\nprint(os.wait()[1])\n",
    "finalizer": "class C:\n    def __del__(self):\n        print('gone')\nkept = C()\nkept.cycle = kept\nprint('out')\n",
    "closed output": "import sys; sys.stdout.close()",
    "no output": "import sys; sys.stdout = None; sys.exit(4)",
    "native output": "import ctypes\nctypes.CDLL(None).printf(b'from C')\n",
    "pickle": "import pickle\nclass C:\n    x = 1\nprint(pickle.loads(pickle.dumps(C())).x, C, C.__module__, pickle.dumps(C)[:40])\n",
    "clock": "import os, time, tempfile, logging\nprint(time.tzname, tempfile.gettempdir(), logging.LogRecord('n', 20, 'p', 1, 'm', (), None).relativeCreated < 60000)\n",
    "new library": "import _xxsubinterpreters, sys\nprint(sys.getrefcount)\n",
    "main": "import sys, inspect\nprint(sys.modules['__main__'].__file__, inspect.getsource(sys.modules['__main__'])[:20])\n",
}
WORKERS = """
import multiprocessing, os, sys

class Result:
    def __init__(self, value):
        self.value = value

def work(number):
    return Result(number * number)

if __name__ == "__main__":
    for method in {methods}:
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, [result.value for result in pool.map(work, range(4))])
    print(multiprocessing.current_process().name, multiprocessing.active_children(), sys.argv)
"""
JOBLIB = """
from joblib import Parallel, delayed

class Score:
    def __init__(self, value):
        self.value = value

def score(value):
    return Score(value + 1)

print([one.value for one in Parallel(n_jobs=2)(delayed(score)(value) for value in range(4))])
"""
LIBRARIES = """
import numpy, pandas, pyarrow, scipy.linalg, xgboost
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info
matrix = numpy.ones((200, 200))
print(float((matrix @ matrix).sum()), scipy.linalg.svdvals(matrix)[:1].round(3))
found = sorted((info["internal_api"], info["num_threads"]) for info in threadpool_info())
print(found, pyarrow.cpu_count())
data = xgboost.DMatrix(numpy.arange(2000.0).reshape(500, 4), numpy.arange(500.0))
booster = xgboost.train({"nthread": 0, "seed": 1}, data, 3)
print(booster.predict(data)[:3].round(2))
import json
print(json.loads(booster.save_config())["learner"]["generic_param"]["nthread"])
import threading
def inside():
    print(max(info["num_threads"] for info in threadpool_info() if info["internal_api"] == "openmp"))
thread = threading.Thread(target=inside); thread.start(); thread.join()
print(LogisticRegression().fit(matrix[:4, :2] * [[1, 2], [3, 4], [5, 6], [7, 8]], [0, 1, 0, 1]).classes_)
"""


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    folder = tmp_path_factory.mktemp("warm")
    pool = WarmPool()
    hang_up = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored under nohup, which cold programs inherit
    yield Bed(folder, pool, Sandbox.probe(folder))
    signal.signal(signal.SIGHUP, hang_up)
    pool.close()


def same(bed: Bed, files: dict[str, str], *words: str, **variables: str) -> tuple[int, str]:
    """How a program ends and what it prints, cold and warm alike."""
    cold = bed.cold(bed.launch(files, *words, **variables))
    warm = bed.warm(bed.launch(files, *words, **variables))
    assert cold == warm
    return warm


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_the_same_warm_and_cold(bed: Bed, name: str) -> None:
    """
    A warm script sees, prints and ends as a cold one does.
    """
    _, output = same(
        bed, {"train.py": SCRIPTS[name]}, "python3", "train.py", "--rate", "0.1", TZ="Asia/Tokyo"
    )
    assert "zygote" not in output


@pytest.mark.parametrize(
    "words",
    [
        ("python3", "-m", "package.job", "--rate", "1"),
        ("python3", "-u", "-m", "package"),
        ("python3", "-m", "package.fails"),
        ("python3", "-m", "package.stops"),
        ("python3", "-m", "package.missing"),
        ("python3", "-m", "json", "package/data.json"),
        ("python3", "-c", "import sys; print(sys.argv, sys.path, __name__, sorted(globals()))", "a", "-b"),
        ("python3", "-c", "1 / 0"),
        ("python3", "package/job.py", "x"),
        ("python3", "missing.py"),
        ("python", "-u", "package/job.py"),
    ],
    ids=" ".join,
)
def test_a_command_is_the_same_warm_and_cold(bed: Bed, words: tuple[str, ...]) -> None:
    """
    Modules, packages, code and scripts in folders run warm as they run cold.
    """
    files = {
        "package/__init__.py": "",
        "package/__main__.py": "import sys; print('package', sys.argv, __package__, __spec__.name)",
        "package/job.py": "import sys; print(__name__, __file__, __package__, sys.argv, sys.path)",
        "package/fails.py": "import package.job\nraise ValueError(package.job.__name__)\n",
        "package/stops.py": "raise SystemExit('stopped')",
        "package/data.json": '{"a": 1}',
    }
    same(bed, files, *words)


def test_buffered_output_is_written_at_the_end(bed: Bed) -> None:
    """
    Without PYTHONUNBUFFERED a program's output is buffered, warm and cold.
    """
    script = "import os, sys\nprint('late')\nos.write(1, b'early ')\nprint(sys.stdout.write_through)\n"
    code, output = same(bed, {"a.py": script}, "python3", "a.py", PYTHONUNBUFFERED="")
    assert (0, "early late\nFalse\n") == (code, output)


def test_pythonpath_comes_after_the_scripts_folder(bed: Bed) -> None:
    """
    PYTHONPATH's folders stand on sys.path in order, made absolute, once each; the standard library follows.
    """
    files = {"a.py": "import sys, own\nprint(sys.path, own.x)", "lib/own.py": "x = 1", "lib/data.txt": ""}
    code, _ = same(bed, files, "python3", "a.py", PYTHONPATH="lib:/nowhere::lib:/usr")
    assert 0 == code


@pytest.mark.parametrize(
    "files",
    [
        {"scipy.py": "version = 'mine'", "a.py": "import scipy; print(scipy.version)"},
        {"json/__init__.py": "version = 'mine'", "a.py": "import json; print(json.version)"},
        {"lib/xgboost.py": "version = 'mine'", "a.py": "import xgboost; print(xgboost.version)"},
        {"lib/sitecustomize.py": "print('mine')", "a.py": "print('then me')"},
    ],
    ids=["script's folder", "package", "PYTHONPATH", "sitecustomize"],
)
def test_a_jobs_own_module_wins_over_a_loaded_one(bed: Bed, files: dict[str, str]) -> None:
    """
    A module of the job that has the name of a preloaded one is the one the program imports.
    """
    code, output = same(bed, files, "python3", "a.py", PYTHONPATH="lib")
    assert (0, "mine") == (code, output.split("\n")[0])


@pytest.mark.parametrize("methods", [["fork"], ["spawn", "forkserver"]], ids=str)
def test_worker_processes_work(bed: Bed, methods: list[str]) -> None:
    """
    Pools of processes started by each method share classes of __main__.
    """
    code, output = same(bed, {"a.py": WORKERS.format(methods=methods)}, "python3", "a.py", "x")
    assert 0 == code
    assert f"{methods[0]} [0, 1, 4, 9]" in output


def test_joblib_workers_work(bed: Bed) -> None:
    """
    joblib's processes run functions of a warm __main__.
    """
    code, output = bed.warm(bed.launch({"a.py": JOBLIB}, "python3", "a.py"))
    assert (0, "[1, 2, 3, 4]\n") == (code, output)


@pytest.mark.parametrize("variables", [{"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "2"}], ids=str)
def test_libraries_use_the_threads_the_variables_say(bed: Bed, variables: dict[str, str]) -> None:
    """
    OpenMP, OpenBLAS, Arrow and XGBoost take a job's number of threads, in its main thread and in others.
    """
    code, output = same(bed, {"a.py": LIBRARIES}, "python3", "a.py", **variables)
    number = int(variables["OMP_NUM_THREADS"])
    assert 0 == code
    assert (
        f"('openblas', {number}), ('openblas', {number}), ('openmp', {number})], {number}\n"
        in output.replace("] ", "], ")
    )


def test_two_programs_draw_different_numbers(bed: Bed) -> None:
    """
    Programs of one zygote share no random stream.
    """
    script = "import random, numpy, uuid\nprint(random.random(), numpy.random.rand(), uuid.uuid4())\n"
    drawn = [bed.warm(bed.launch({"a.py": script}, "python3", "a.py"))[1].split() for _ in range(2)]
    assert 6 == len({*drawn[0], *drawn[1]})


def test_a_host_is_private(bed: Bed) -> None:
    """
    What a warm program writes under its root is in its host's folder, and other hosts do not see it.
    """
    script = is_warm() + "open('../model', 'w').write('m'); print(sorted(os.listdir('..')))"
    for _ in range(2):
        launch = bed.launch({"a.py": script}, "python3", "a.py")
        assert (0, "warm\n['code', 'model']\n") == bed.warm(launch)
        assert "m" == (launch.instance.root / "model").read_text()


def test_hosts_find_each_other(bed: Bed) -> None:
    """
    A warm program reads the host's own /etc/hosts where hosts are private.
    """
    if bed.sandbox.mount_point is None:
        pytest.skip("no private mounts here")
    launch = bed.launch({"a.py": "print(open('/etc/hosts').read())"}, "python3", "a.py")
    (launch.instance.folder / "hosts").write_text("127.0.0.2 algo-2\n")
    assert (0, "127.0.0.2 algo-2\n\n") == bed.warm(launch)


def test_without_namespaces_the_real_folders_are_used(bed: Bed, tmp_path: Path) -> None:
    """
    Where there are no private mounts a warm program works in its host's real folder.
    """
    plain = Bed(tmp_path, bed.pool, Sandbox(None))
    launch = plain.launch({"a.py": is_warm() + "print(os.getcwd())"}, "python3", "a.py")
    assert (0, f"warm\n{launch.folder}\n".replace(str(launch.instance.folder), "HOST")) == plain.warm(launch)
