"""The part of Hopsworks that installs environments and runs stages, on the loopback interface."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rest_server import RestServer

if TYPE_CHECKING:
    from pathlib import Path

    from rest_server import Request

KEY: Final = "hops-k3y"
_API: Final = "/hopsworks-api/api"
_PROJECT: Final = f"{_API}/project/119"
_PIN: Final = re.compile(r"(?m)^([A-Za-z0-9._-]+)==([^ ;\\\n]+)")
_SPEC: Final = {
    "version": "",
    "channel": "requirements_txt",
    "packageSource": "REQUIREMENTS_TXT",
}
_FILE: Final = re.compile(r'filename="([^"]+)"\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)


@dataclass(slots=True)
class Environment:
    """An environment: its base, the libraries that are installed, and the status of a command."""

    base: str
    libraries: dict[str, str] = field(default_factory=dict)
    status: list[str] = field(default_factory=list)


class HopsworksServer(RestServer):
    """Creates environments, installs uploaded requirements, and stores jobs and deployments."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context)
        self.environments: dict[str, Environment] = {}
        self.files: dict[str, str] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.servings: list[dict[str, Any]] = []
        # What a command reports, one after the other.
        self.statuses = ["ONGOING", "SUCCESS"]

    @property
    def changes(self) -> list[str]:
        """The methods and paths of the requests that may have changed something."""
        prefix = f"{_PROJECT}/"
        return [each.line.replace(prefix, "") for each in self.requests if each.method != "GET"]

    def answer(self, request: Request) -> tuple[int, Any]:
        """Answer as the service does."""
        if request.headers.get("Authorization") != f"ApiKey {KEY}":
            return 401, _error(320004, "Invalid API key.")
        path = unquote(urlsplit(request.path).path)
        if path == f"{_API}/project/getProjectInfo/credit":
            return 200, {"projectId": 119, "projectName": "credit"}
        if path.startswith(f"{_PROJECT}/"):
            parts = path.removeprefix(f"{_PROJECT}/").split("/")
            answers = {
                "python": self._python,
                "dataset": self._dataset,
                "jobs": self._jobs,
                "serving": self._serving,
                "inference": lambda *_: (200, _items([])),
            }
            return answers[parts[0]](request, parts[1:])
        return self._login(path)

    def _login(self, path: str) -> tuple[int, Any]:
        """Answer what only the SDK requests when it connects."""
        known: dict[str, Any] = {
            f"{_API}/variables/versions": [{"software": "hopsworks", "version": "5.2.1"}],
            f"{_API}/project": [{"user": {"username": "someone"}}],
            f"{_API}/variables/upload_policy": {"successMessage": "all"},
            f"{_API}/users/profile": {"username": "someone", "email": "a@b.c"},
        }
        if path in known:
            return 200, known[path]
        if path.startswith(f"{_API}/variables/"):
            return 200, {"successMessage": "1" if "_num_" in path else "true"}
        return 404, _error(150004, "Not found.")

    def _python(self, request: Request, parts: list[str]) -> tuple[int, Any]:
        name, *rest = parts[1:]
        found = self.environments.get(name)
        if rest:
            return self._library(request, name, rest[1])
        if request.method == "POST":
            if found is not None:
                return 409, _error(300010, "The environment exists.")
            base = request.body["baseImage"]["name"]
            found = Environment(base, {"pip": "26.3"}, list(self.statuses))
            self.environments[name] = found
        elif found is None:
            return 404, _error(300000, "No such environment.")
        return 200, {
            "name": name,
            "pythonVersion": "3.11",
            "libraries": _items(
                [
                    {"library": each, "version": version, "packageSource": "PIP"}
                    for each, version in found.libraries.items()
                ]
            ),
            "commands": _commands(found),
        }

    def _library(self, request: Request, name: str, library: str) -> tuple[int, Any]:
        environment = self.environments[name]
        if request.method == "POST":
            prefix = "/Projects/credit/"
            text = self.files[request.body["dependencyUrl"].removeprefix(prefix)]
            environment.status = list(self.statuses)
            if "FAILED" not in self.statuses:
                environment.libraries |= dict(_PIN.findall(text))
            return 201, {**_SPEC, "library": library}
        if not environment.status:  # the file is replaced by what it has installed
            return 404, _error(300003, "No such library.")
        return 200, {**_SPEC, "library": library, "commands": _commands(environment)}

    def _dataset(self, request: Request, parts: list[str]) -> tuple[int, Any]:
        if request.method == "POST":
            folder = "/".join(parts[1:])
            found = _FILE.search(request.body)
            assert found is not None
            self.files[f"{folder}/{found[1]}"] = found[2]
            return 204, ""
        path = "/".join(parts).removeprefix("/Projects/credit/")
        if path not in self.files and path not in ("Models", "Resources"):
            return 400, _error(110018, "Path not found.")
        return 200, {"attributes": {"name": parts[-1], "path": f"/Projects/credit/{path}"}}

    def _jobs(self, request: Request, parts: list[str]) -> tuple[int, Any]:
        if parts[1:] == ["configuration"]:
            kind = {"python": "python", "pyspark": "spark"}[parts[0]]
            return 200, {"type": f"{kind}JobConfiguration", "cores": 1.0, "memory": 2048}
        is_new = parts[0] not in self.jobs
        self.jobs[parts[0]] = request.body
        data = {"id": 1, "name": parts[0], "jobType": "PYTHON", "config": request.body}
        created = {"creationTime": "2026-11-29T10:00:00Z", "creator": {"username": "someone"}}
        return (201 if is_new else 200), {**data, **created}

    def _serving(self, request: Request, parts: list[str]) -> tuple[int, Any]:
        if request.method == "PUT":
            others = [each for each in self.servings if each["name"] != request.body["name"]]
            stored = {"status": "Created", **request.body, "id": request.body.get("id") or 7}
            self.servings = [*others, stored]
            return 201, stored
        name = parse_qs(urlsplit(request.path).query).get("name", [""])[0]
        for each in self.servings:
            if each["name"] == name or [str(each["id"])] == parts:
                return 200, each
        return 400, _error(240000, "No such deployment.")


def _commands(environment: Environment) -> dict[str, Any]:
    """Return the present command, which makes progress each time that it is requested."""
    if not environment.status:
        return _items([])
    status = environment.status.pop(0)
    failed = {"errorMessage": "Could not find a version\nof lib"} if status == "FAILED" else {}
    return _items([{"id": 1, "op": "INSTALL", "status": status, **failed}])


def _items(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"count": len(items), "items": items}


def _error(code: int, message: str) -> dict[str, Any]:
    return {"errorCode": code, "errorMsg": message, "usrMsg": ""}


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return a context for a server, and the file of its self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
