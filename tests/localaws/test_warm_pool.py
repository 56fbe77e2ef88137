"""The pool of warm interpreters: what it takes, what it refuses, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.jobs.launch import Launch
from localaws.jobs.sandbox import Sandbox
from localaws.jobs.warm.pool import KEPT, Warm, WarmPool
from localaws.jobs.warm.program import python_program, zygote_environment
from tests.localaws.warmbed import Bed, is_warm

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="warm starts need Linux"),
    pytest.mark.xdist_group("warm"),
]
ROOT = Path(__file__).parents[2]
PLAIN = {"PATH": str(Path(sys.executable).parent), "LANG": "C.UTF-8"}
WAITS = "import os, sys\nos.fork()\nos.read(int(sys.argv[1]), 1)\n"


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """Zygotes that import little, so they are ready at once."""
    folder = tmp_path_factory.mktemp("warm")
    pool = WarmPool("json")
    yield Bed(folder, pool, Sandbox.probe(folder))
    pool.close()


def waiting(bed: Bed) -> tuple[Warm, int]:
    """A running program, with a child, that both wait for a byte; and where to write it."""
    reading, writing = os.pipe()
    started = bed.start_warm(bed.launch({"a.py": WAITS}, "python3", "a.py", str(reading)), (reading,))
    os.close(reading)
    return started, writing


def zygote_of(pid: int) -> int:
    """The parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def gone(pid: int) -> bool:
    """Whether a process has ended, looking through a file that becomes readable at its end."""
    import select

    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watch], [], [], 20)[0])
    finally:
        os.close(watch)


@pytest.mark.parametrize(
    "words",
    [
        "python3 a.py --x 1",
        "python a.py",
        "python3 -u a.py",
        "python3 -m training.fit",
        "python3 -u -m training.fit -c",
        f"{sys.executable} -c pass",
    ],
)
def test_plain_python_can_be_warm(words: str) -> None:
    """
    Scripts, modules and code of this interpreter, with -u at most, can be warm.
    """
    found = python_program(words.split(), PLAIN)
    assert found is not None
    assert tuple(words.split()) == found.words


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        ("sh -c pass", {}),
        ("python3", {}),
        ("python3 -I a.py", {}),
        ("python3 -X dev a.py", {}),
        ("python3 -W error a.py", {}),
        ("python3 -um training.fit", {}),
        ("python3 -m", {}),
        ("python3 -", {}),
        ("python3 folder", {}),
        ("/usr/bin/python3 a.py", {}),
        ("./python3 a.py", {}),
        ("python2 a.py", {}),
        ("python3 a.py", {"PYTHONHASHSEED": "0"}),
        ("python3 a.py", {"PYTHONSTARTUP": "x"}),
        ("python3 a.py", {"LANG": "de_DE.UTF-8"}),
        ("python3 a.py", {"LC_ALL": "C"}),
        ("python3 a.py", {"LD_PRELOAD": "x.so"}),
        ("python3 a.py", {"MALLOC_ARENA_MAX": "1"}),
        ("python3 a.py", {"PATH": "/usr/bin:/bin"}),
    ],
)
def test_anything_else_starts_cold(words: str, variables: dict[str, str]) -> None:
    """
    Other programs, other interpreters, other options and variables that change an interpreter are never warm.
    """
    assert python_program(words.split(), PLAIN | variables) is None


def test_variables_that_libraries_read_as_they_load_choose_the_zygote() -> None:
    """
    OpenMP's and OpenBLAS's variables are a zygote's own; a job's others are not.
    """
    variables = {"OMP_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "Haswell", "SM_HOSTS": "x", "PYTHONPATH": "/a"}
    assert {"OMP_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "Haswell"} == zygote_environment(variables)


def test_nobody_waits_for_a_warm_up(bed: Bed) -> None:
    """
    The first program of a pool is not warm: its zygote is not ready yet.
    """
    pool = WarmPool("json")
    try:
        with (bed.folder / "unused").open("ab") as output:
            assert pool.launch(bed.launch({}, "python3", "-c", "pass"), output.fileno()) is None
    finally:
        pool.close()


def test_modules_that_are_not_installed_are_left_out(bed: Bed, tmp_path: Path) -> None:
    """
    A pool asked for modules that are not installed is warm without them.
    """
    pool = WarmPool("localaws_no_such_module,json.no_such_module")
    try:
        own = Bed(tmp_path, pool, bed.sandbox)
        assert (0, "warm\n") == own.warm(own.launch({"a.py": is_warm()}, "python3", "a.py"))
    finally:
        pool.close()


def test_a_pool_may_be_off(bed: Bed) -> None:
    """
    A pool that is told to be off starts no zygote.
    """
    pool = WarmPool("off")
    assert pool.launch(bed.launch({}, "python3", "-c", "pass"), 1) is None
    assert {} == pool._zygotes


@pytest.mark.skipif(os.cpu_count() == 1, reason="OpenBLAS starts no thread on one core")
def test_a_library_that_starts_threads_turns_the_pool_off(bed: Bed, tmp_path: Path) -> None:
    """
    A zygote with a second thread refuses to fork, and its pool starts no other one.
    """
    script = (
        "import os, sys\nfrom localaws.jobs.warm.pool import WarmPool\n"
        "from localaws.jobs.launch import Launch\nfrom localaws.jobs.sandbox import Sandbox\n"
        "from pathlib import Path\nfrom tests.localaws.warmbed import Bed\n"
        "import localaws.jobs.warm.pool as module\n"
        "module.QUIET['OPENBLAS_NUM_THREADS'] = '2'\n"
        "pool = WarmPool('numpy')\nbed = Bed(Path(sys.argv[1]), pool, Sandbox(None))\n"
        "launch = bed.launch({}, 'python3', '-c', 'pass')\n"
        "assert pool.launch(launch, 1) is None\n"
        "[zygote] = pool._zygotes.values()\nprint(zygote.process.wait(), pool.launch(launch, 1), pool._open)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "1 None False\n" == found.stdout
    assert "the warm runtime is off: a library that is imported for it starts threads\n" == found.stderr


def test_open_files_keep_their_numbers(bed: Bed) -> None:
    """
    A program finds the open files it is given under the numbers its words name, and no others.
    """
    script = "import os, socket, sys\nsocket.socket(fileno=int(sys.argv[1])).send(b'here')\nprint(os.listdir('/proc/self/fd'))"
    mine, theirs = socket.socketpair()
    number = os.dup2(theirs.fileno(), 57)
    try:
        started = bed.start_warm(bed.launch({"a.py": script}, "python3", "a.py", "57"), (number,))
        assert 0 == started.wait()
        assert b"here" == mine.recv(10)
    finally:
        os.close(number)
        mine.close()
        theirs.close()


def test_killing_the_group_ends_a_program_and_its_children(bed: Bed) -> None:
    """
    A warm program leads a process group: SIGKILL to the group ends what it started too.
    """
    started, gate = waiting(bed)
    assert started.pid == os.getpgid(started.pid) == os.getsid(started.pid)
    os.killpg(started.pid, signal.SIGKILL)
    assert -signal.SIGKILL == started.wait()
    os.close(gate)


def test_a_signal_reaches_the_programs_handler(bed: Bed) -> None:
    """
    SIGTERM runs a handler that the program set.
    """
    script = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "os.write(int(sys.argv[1]), b'x')\nsignal.pause()\n"
    )
    reading, writing = os.pipe()
    started = bed.start_warm(bed.launch({"a.py": script}, "python3", "a.py", str(writing)), (writing,))
    assert b"x" == os.read(reading, 1)
    os.close(reading)
    os.close(writing)
    os.kill(started.pid, signal.SIGTERM)
    assert 5 == started.wait()


def test_a_killed_zygote_takes_its_programs_along_and_is_replaced(bed: Bed) -> None:
    """
    When a zygote is killed its programs end as killed, and the next program gets a new zygote.
    """
    started, gate = waiting(bed)
    zygote = zygote_of(started.pid)
    os.kill(zygote, signal.SIGKILL)
    assert -signal.SIGKILL == started.wait()
    os.close(gate)
    assert (0, "warm\n") == bed.warm(bed.launch({"a.py": is_warm()}, "python3", "a.py"))


def test_a_retired_zygote_ends_after_its_last_program(bed: Bed) -> None:
    """
    More sets of variables than are kept push out the zygote used longest ago; its program runs to its end.
    """
    started, gate = waiting(bed)
    zygote = zygote_of(started.pid)
    for number in range(KEPT):
        script = bed.launch({"a.py": is_warm()}, "python3", "a.py", OMP_NUM_THREADS=str(number + 7))
        assert (0, "warm\n") == bed.warm(script)
    os.write(gate, b"xx")
    assert 0 == started.wait()
    assert gone(zygote)
    os.close(gate)


def test_closing_a_pool_ends_its_programs(bed: Bed, tmp_path: Path) -> None:
    """
    A pool that is closed, as one whose process was killed, leaves no zygote and no program behind.
    """
    pool = WarmPool("json")
    own = Bed(tmp_path, pool, bed.sandbox)
    started, gate = waiting(own)
    zygote = zygote_of(started.pid)
    pool.close()
    assert -signal.SIGKILL == started.wait()
    assert gone(zygote)
    assert pool.launch(own.launch({}, "python3", "-c", "pass"), 1) is None
    os.close(gate)


def test_a_host_that_cannot_be_entered_fails_the_program(bed: Bed) -> None:
    """
    A program whose working folder is missing ends with code 126 and says why.
    """
    launch = bed.launch({}, "python3", "-c", "pass")
    missing = Launch(launch.argv, launch.environment, launch.instance, "/opt/ml/nowhere")
    code, output = bed.warm(missing)
    assert 126 == code
    assert "/opt/ml/nowhere" in output


def test_many_programs_at_once_end_each_with_its_own_code(bed: Bed) -> None:
    """
    Programs of one zygote that overlap report their own exit codes.
    """
    launches = [bed.launch({}, "python3", "-c", f"raise SystemExit({number})") for number in range(12)]
    started = [bed.start_warm(launch) for launch in launches]
    assert list(range(12)) == [one.wait() for one in started]


def test_a_large_environment_arrives(bed: Bed) -> None:
    """
    Variables of hundreds of kilobytes, as a hundred long hyperparameters make, reach a warm program.
    """
    large = {f"SM_HP_{number}": "x" * 2500 for number in range(200)}
    script = "import os; print(sum(len(value) for name, value in os.environ.items() if name[:5] == 'SM_HP'))"
    assert (0, "500000\n") == bed.warm(bed.launch({"a.py": script}, "python3", "a.py", **large))
