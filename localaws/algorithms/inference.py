"""A built-in algorithm's model server: the HTTP side of script mode's, with the algorithm's own formats."""

from __future__ import annotations

import os

from localaws.algorithms.algorithm import Algorithm, Predictor
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.requests import SAME, request_matrix
from localaws.algorithms.responses import UnknownAccept
from localaws.algorithms.tables import media_type
from localaws.containers.serving import Handler, Refusal

ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"


class Inference:
    """A loaded model that answers request bodies."""

    def __init__(self, algorithm: Algorithm, predictor: Predictor) -> None:
        self._algorithm = algorithm
        self._predictor = predictor

    def answer(self, data: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """The response body to a request body, and its content type.

        Raises:
            Refusal: The content type is not taken, the body is not of it, or the answer has no such form.
        """
        name = media_type(content_type)[0]
        if SAME.get(name, name) not in self._algorithm.request_types:
            raise Refusal(
                415,
                f"Content-type {content_type!r} is not supported; expected one of "
                f"{', '.join(self._algorithm.request_types)}",
            )
        try:
            return self._predictor.predict(request_matrix(data, name)).body(accept or self._algorithm.accept)
        except CustomerError as error:
            raise Refusal(400, str(error)) from error
        except UnknownAccept as error:
            raise Refusal(406, str(error)) from error


class InferenceHandler(Handler):
    """Answers /ping and /invocations; the algorithm chooses the form nobody asks for."""

    def _accept(self) -> str:
        asked = (self.headers.get("Accept") or "*/*").partition(",")[0].strip()
        return os.environ.get(ACCEPT, "") if asked == "*/*" else asked
