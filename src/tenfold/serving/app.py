"""What `tenfold serve` runs: MLflow's scoring server behind a look at what that would misread."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from tenfold import runtime
from tenfold.runtime import UserError, program
from tenfold.serving import pyfunc, scoring

# The environment variable that names the model.
MODEL = "TENFOLD_MODEL"
CSV = "text/csv"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


class CheckedServer:
    """An ASGI application in front of MLflow's.

    MLflow hands a CSV to pandas, whose own words for missing values would replace the table's, and
    it ignores parameters that it does not know. So a CSV is read here as `tenfold predict` reads a
    file, and such parameters are refused.

    Args:
        server: MLflow's application.
        model: as MLflow loads it.
    """

    def __init__(self, server: Any, model: Any) -> None:
        self._server = server
        self._model = model

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        from starlette.requests import Request
        from starlette.responses import JSONResponse

        if scope["type"] != "http" or scope["path"] != "/invocations":
            await self._server(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if kind == CSV:
                answer = await asyncio.to_thread(self._answer_csv, body)
                await JSONResponse(answer)(scope, receive, send)
                return
            _check_parameters(body)
        except UserError as error:
            refusal = {"error_code": "BAD_REQUEST", "message": str(error)}
            await JSONResponse(refusal, status_code=400)(scope, receive, send)
            return

        async def read_again() -> Scope:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._server(scope, read_again, send)

    def _answer_csv(self, body: bytes) -> dict[str, Any]:
        """Score the rows of a CSV as those of a file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "request.csv"
            path.write_bytes(body)
            how = scoring.Scoring(**self._model.model_config)
            try:
                scored = scoring.score(path, self._model.get_raw_model(), how)
            except UserError as error:
                raise UserError(str(error).replace(str(path), "the request")) from None
        return {"predictions": scored.answers.to_dict("records")}


def _check_parameters(body: bytes) -> None:
    """Refuse parameters that MLflow would ignore.

    Raises:
        UserError: naming one.
    """
    if b'"params"' not in body:
        return
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return  # MLflow says so.
    given = asked.get("params") if isinstance(asked, dict) else None
    for name in given if isinstance(given, dict) else ():
        if name not in pyfunc.PARAMETERS:
            raise UserError(pyfunc.unknown_parameter(name))


def create() -> CheckedServer:
    """The application, of the model that the environment names; for uvicorn's `--factory`.

    A model that cannot be loaded ends the program with one message.
    """
    import mlflow
    from mlflow.pyfunc import scoring_server

    with program.one_message():
        runtime.check_folder()
        model = mlflow.pyfunc.load_model(os.environ[MODEL])
    return CheckedServer(scoring_server.init(model), model)
