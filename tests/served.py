"""A module `serve` for the preset of each server, with a request and the response to it."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import pytest

_SECONDS: Final = 180


@dataclass(frozen=True, slots=True)
class Served:
    """The module `serve` of a server, a request, and the response to it."""

    code: str
    path: str
    request: object
    response: object

    def check(self, url: str) -> None:
        """Require that the server answers the request, which is repeated until it has started."""
        response = _answer(f"{url}/{self.path}", self.request)
        if "outputs" in response:  # of the Open Inference Protocol
            response = response["outputs"][0]["data"]
        assert response == self.response


SERVED: Final = {
    "flask": Served(
        "import flask\n"
        "app = flask.Flask(__name__)\n"
        "@app.post('/predict')\n"
        "def predict():\n"
        "    return {'sum': sum(flask.request.json['values'])}\n",
        "predict",
        {"values": [1, 2]},
        {"sum": 3},
    ),
    "fastapi": Served(
        "import fastapi\n"
        "app = fastapi.FastAPI()\n"
        "@app.post('/predict')\n"
        "def predict(values: list[float] = fastapi.Body(embed=True)) -> dict[str, float]:\n"
        "    return {'sum': sum(values)}\n",
        "predict",
        {"values": [1, 2]},
        {"sum": 3.0},
    ),
    "bentoml": Served(
        "import bentoml\n"
        "@bentoml.service\n"
        "class Service:\n"
        "    @bentoml.api\n"
        "    def predict(self, values: list[float]) -> dict[str, float]:\n"
        "        return {'sum': sum(values)}\n",
        "predict",
        {"values": [1, 2]},
        {"sum": 3.0},
    ),
    "mlserver": Served(
        "import numpy\n"
        "from mlserver import MLModel\n"
        "from mlserver.codecs import decode_args\n"
        "class Model(MLModel):\n"
        "    @decode_args\n"
        "    async def predict(self, values: numpy.ndarray) -> numpy.ndarray:\n"
        "        return values.sum(axis=1, keepdims=True)\n",
        "v2/models/model/infer",
        {"inputs": [{"name": "values", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]}]},
        [3.0],
    ),
}


def _answer(url: str, document: object) -> Any:  # noqa: ANN401 -- any JSON
    data, headers = json.dumps(document).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 -- a URL of ours
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(request) as response:  # noqa: S310 -- the same
            return json.load(response)
        time.sleep(0.2)
    pytest.fail(f"{url} has not answered")
