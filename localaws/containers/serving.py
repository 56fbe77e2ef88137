"""The model server: /ping and /invocations over a script's model_fn, input_fn, predict_fn and output_fn.

Runs in a process of its own inside a model's sandbox and imports nothing of localaws. The script is
``code/$SAGEMAKER_PROGRAM`` (``inference.py`` by default) of the unpacked ``model.tar.gz``. Its last argument
is the number of an open, listening socket, so whoever started it may connect at once; it answers when the
model is loaded.

Source: the handler contract of aws/sagemaker-inference-toolkit (Transformer).
"""

from __future__ import annotations

import importlib.util
import inspect
import io
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

CSV, JSON, NPY = "text/csv", "application/json", "application/x-npy"
LIBSVM = ("text/libsvm", "text/x-libsvm")
DRAIN_SECONDS = 60.0  # a request may take as long
HANDLERS = ("input_fn", "predict_fn", "output_fn")


class Refusal(Exception):
    """A request this server cannot answer, with an HTTP status."""

    def __init__(self, status_code: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status_code


def default_input(data: bytes, content_type: str) -> Any:
    """A request body as a numpy array: CSV, JSON or npy; in the XGBoost image as its DMatrix."""
    import numpy as np

    if in_xgboost_image():
        return xgboost_input(data, content_type)

    if content_type == CSV:
        return np.genfromtxt(io.BytesIO(data), delimiter=",")
    if content_type == JSON:
        return np.array(json.loads(data))
    if content_type == NPY:
        return np.load(io.BytesIO(data), allow_pickle=False)
    raise Refusal(415, f"the default input_fn reads {CSV}, {JSON} and {NPY}, not {content_type}")


def in_xgboost_image() -> bool:
    """Whether this process stands in for the XGBoost image, whose default handlers are its own."""
    return "xgboost" in os.environ.get("SAGEMAKER_SERVING_MODULE", "")


def xgboost_input(data: bytes, content_type: str) -> Any:
    """A request body as XGBoost's DMatrix: CSV or libsvm, a row each line."""
    import numpy as np
    import xgboost

    if content_type == CSV:
        return xgboost.DMatrix(np.genfromtxt(io.BytesIO(data), delimiter=",", ndmin=2))
    if content_type in LIBSVM:
        with tempfile.NamedTemporaryFile(suffix=".libsvm") as file:
            file.write(data)
            file.flush()
            return xgboost.DMatrix(f"{file.name}?format=libsvm")
    raise Refusal(415, f"the default input_fn of XGBoost reads {CSV} and {LIBSVM[0]}, not {content_type}")


def default_predict(data: Any, model: Any) -> Any:
    """What the model says: its ``predict``, or the model called."""
    if in_xgboost_image():
        return model.predict(data, validate_features=False)
    if hasattr(model, "predict"):
        return model.predict(data)
    if callable(model):
        return model(data)
    raise TypeError(f"the model is a {type(model).__name__} with no predict; define predict_fn")


def default_output(prediction: Any, accept: str) -> bytes:
    """A prediction as CSV (a row for each item), JSON or npy."""
    import numpy as np

    if accept == JSON:
        return json.dumps(prediction.tolist() if hasattr(prediction, "tolist") else prediction).encode()
    array = np.asarray(prediction)
    if accept == CSV:
        rows = array.reshape(array.shape[0], -1).tolist() if array.ndim else [[array.item()]]
        return "".join(",".join(map(str, row)) + "\n" for row in rows).encode()
    if accept == NPY:
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        return buffer.getvalue()
    raise Refusal(406, f"the default output_fn writes {CSV}, {JSON} and {NPY}, not {accept}")


class Model:
    """A loaded model with the script's handlers around it."""

    def __init__(self, folder: Path) -> None:
        self._script = load_script(folder / "code" / os.environ.get("SAGEMAKER_PROGRAM", "inference.py"))
        if hasattr(self._script, "transform_fn") and any(hasattr(self._script, name) for name in HANDLERS):
            raise ValueError(
                f"{self._script.__name__}: define transform_fn, or some of {', '.join(HANDLERS)}, not both"
            )
        if not hasattr(self._script, "model_fn"):
            raise NotImplementedError(f"{self._script.__file__} defines no model_fn(model_dir)")
        self._context = SimpleNamespace(system_properties={"model_dir": str(folder), "gpu_id": None})
        self._model = self._call("model_fn", None, str(folder))

    def answer(self, data: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """The response body to a request body, and its content type."""
        if hasattr(self._script, "transform_fn"):
            result = self._call("transform_fn", None, self._model, data, content_type, accept)
        else:
            parsed = self._call("input_fn", default_input, data, content_type)
            prediction = self._call("predict_fn", default_predict, parsed, self._model)
            result = self._call("output_fn", default_output, prediction, accept)
        body, kind = result if isinstance(result, tuple) else (result, accept)
        return (body.encode() if isinstance(body, str) else bytes(body)), kind

    def _call(self, name: str, default: Callable[..., Any] | None, *values: Any) -> Any:
        """Call a handler of the script, or the default; one with a further argument is given the context."""
        handler = getattr(self._script, name, default)
        assert handler is not None
        wanted = len(inspect.signature(handler).parameters)
        return handler(*values, self._context) if wanted == len(values) + 1 else handler(*values)


def load_script(path: Path) -> ModuleType:
    """The user's module, with its folder on sys.path."""
    if not path.is_file():
        raise FileNotFoundError(
            f"model.tar.gz holds no {path.parent.name}/{path.name}; set SAGEMAKER_PROGRAM or add it"
        )
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


class Answering(Protocol):
    """What answers invocations; an exception with a ``status_code`` is answered with that."""

    def answer(self, data: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """The response body to a request body, and its content type."""


class Requests:
    """Counts requests being answered, so that the server ends after the last of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self.ending = False

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def drain(self) -> None:
        """Wait for those under way."""
        self.ending = True
        deadline = time.monotonic() + DRAIN_SECONDS
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, deadline - time.monotonic())


class Handler(BaseHTTPRequestHandler):
    """Answers /ping and /invocations."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    model: Answering
    requests = Requests()

    def do_GET(self) -> None:
        """A ping: the model is loaded, or this process would not serve."""
        self._respond(200 if self.path == "/ping" else 404, b"\n", "text/plain")

    def do_POST(self) -> None:
        """An invocation."""
        with self.requests:
            data = self._body()
            if self.path != "/invocations":
                self._respond(404, b"not found\n", "text/plain")
                return
            try:
                self._respond(200, *self.model.answer(data, self._content_type(), self._accept()))
            except Exception as error:
                status = getattr(error, "status_code", None)
                if status is None:
                    traceback.print_exc()
                text = traceback.format_exc() if status is None else str(error)
                self._respond(int(status or 500), text.encode(), "text/plain")

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _content_type(self) -> str:
        return (self.headers.get("Content-Type") or CSV).partition(";")[0].strip()

    def _accept(self) -> str:
        asked = (self.headers.get("Accept") or "*/*").partition(",")[0].partition(";")[0].strip()
        return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON) if asked == "*/*" else asked

    def _respond(self, status: int, body: bytes, content_type: str) -> None:
        if self.requests.ending:
            self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()  # before the request counts as answered

    def log_message(self, *_: object) -> None:
        """Say nothing: the script's own output is the log."""


def serve(descriptor: int) -> None:
    """Load the model, then answer until SIGTERM."""
    Handler.model = Model(Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "model")
    answer_on(descriptor, Handler)


def answer_on(descriptor: int, handler: type[Handler]) -> None:
    """Answer what comes to a listening socket until SIGTERM, and then what is under way."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler, bind_and_activate=False)
    server.daemon_threads = True
    server.socket.close()
    server.socket = socket.socket(fileno=descriptor)
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    ending.wait()
    server.shutdown()
    server.server_close()
    handler.requests.drain()


if __name__ == "__main__":
    serve(int(sys.argv[-1]))
