"""`poetry fti publish azureml` and `published azureml`, with a service and its faults."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Final

import pytest

from azure_server import SECRET, TOKEN, VARIABLES, WORKSPACE, AzureServer
from memory_commands import Ended, run
from poetry_fti.operations.project import load_project
from rest_server import Fault, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

VERSION: Final = re.compile(r"\b[0-9a-f]{12}\b")
API: Final = "api-version=2023-04-01-preview"
LOG_IN: Final = (
    "Log in with `az login`, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET."
)


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureServer]:
    """A service whose workspace the environment variables name."""
    with serving(AzureServer()) as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


def version_of(demo: MemoryProject, stage: str) -> str:
    project = load_project(demo.root, lambda _: demo.index.create_poetry(demo.root))
    return project.locked(*project.select([stage])).digest.removeprefix("sha256:")[:12]


def path_of(demo: MemoryProject, stage: str) -> str:
    return f"{WORKSPACE}/environments/demo-{stage}/versions/{version_of(demo, stage)}"


def without_versions(ended: Ended) -> Ended:
    return Ended(ended.code, *(VERSION.sub("…", text) for text in (ended.output, ended.errors)))


def test_versions_are_registered_once(locked_demo: MemoryProject, azure: AzureServer) -> None:
    assert without_versions(run(locked_demo, "publish", "azureml")) == Ended(
        0,
        "registered         demo-feature:…\n"
        "registered         demo-training:…\n"
        "registered         demo-inference:…\n",
    )
    stages = ("feature", "training", "inference")
    paths = [f"{path_of(locked_demo, stage)}?{API}" for stage in stages]
    sent = [line for line in azure.lines if line.partition(" ")[2].startswith("/subscriptions")]
    assert sent == [f"{method} {path}" for path in paths for method in ("GET", "PUT")]
    registered = azure.versions["demo-training", version_of(locked_demo, "training")]
    assert registered == {
        "image": "mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest",
        "condaFile": registered["condaFile"],
        "tags": {
            "fti-stage": "training",
            "fti-kind": "training",
            "fti-lock": registered["tags"]["fti-lock"],
        },
        "description": "The training stage",
        "isAnonymous": False,
        "isArchived": False,
    }
    assert registered["condaFile"].startswith("name: demo-training\nchannels:\n- conda-forge\n")
    assert "mid==1.0" in registered["condaFile"]
    azure.requests.clear()
    assert without_versions(run(locked_demo, "publish", "azureml", "training")) == Ended(
        0, "already registered demo-training:…\n"
    )
    assert azure.changes == []


def test_a_dry_run_sends_nothing(locked_demo: MemoryProject, azure: AzureServer) -> None:
    ended = run(locked_demo, "publish", "azureml", "training", "--dry-run")
    path = path_of(locked_demo, "training")
    assert (ended.code, ended.errors, azure.requests) == (0, "", [])
    get, put, body = ended.output.split("\n", 2)
    assert (get, put) == (f"GET {path}?{API}", f"PUT {path}?{API}")
    assert json.loads(body)["properties"]["tags"]["fti-stage"] == "training"


def test_published_versions(locked_demo: MemoryProject, azure: AzureServer) -> None:
    assert run(locked_demo, "published", "azureml", "training") == Ended(
        0, "The current lock of the stage training is not registered.\n"
    )
    run(locked_demo, "publish", "azureml", "feature", "training")
    old = {"tags": {"fti-stage": "training", "fti-lock": f"sha256:{'0' * 64}"}}
    azure.versions["demo-training", "0" * 12] = old
    azure.versions["demo-training", "by-hand"] = {"tags": {}}
    azure.versions["other-training", "1"] = old
    azure.versions["demo-former", "1"] = {
        "tags": {"fti-stage": "former", "fti-lock": f"sha256:{'1' * 64}"}
    }
    feature, training = (version_of(locked_demo, name) for name in ("feature", "training"))
    assert run(locked_demo, "published", "azureml") == Ended(
        0,
        f"""\
Stage     Environment                 Lock                 State
feature   demo-feature:{feature}   sha256:{feature}  current
former    demo-former:1               sha256:111111111111  another lock
training  demo-training:{training}  sha256:{training}  current
training  demo-training:000000000000  sha256:000000000000  another lock
The current lock of the stage inference is not registered.
""",
    )
    ended = run(locked_demo, "published", "azureml", "training", "--format", "json")
    listed = json.loads(ended.output)["environments"]
    assert [(each["version"], each["current"]) for each in listed] == [
        (training, True),
        ("000000000000", False),
    ]
    assert listed[1] == {
        "stage": "training",
        "name": "demo-training",
        "version": "000000000000",
        "lock": f"sha256:{'0' * 64}",
        "current": False,
    }


def test_the_same_version_with_other_content(
    locked_demo: MemoryProject, azure: AzureServer
) -> None:
    version = version_of(locked_demo, "training")
    azure.versions["demo-training", version] = {"image": "other"}
    ended = run(locked_demo, "publish", "azureml", "training")
    assert ended == Ended(
        1,
        "",
        f"The environment demo-training:{version} is registered with other content, and versions"
        " cannot be changed. It depends on the lock alone: change the lock with `poetry fti update"
        " training`, or rename the stage.\n",
    )
    assert azure.changes == []


def test_text_of_other_writers_is_the_same_content(
    locked_demo: MemoryProject, azure: AzureServer
) -> None:
    run(locked_demo, "publish", "azureml", "training")
    (registered,) = azure.versions.values()
    registered["condaFile"] = "# by hand\n" + registered["condaFile"].replace("- conda", "-  conda")
    registered["tags"]["owner"] = "someone"
    ended = run(locked_demo, "publish", "azureml", "training")
    assert ended.output.startswith("already registered demo-training:")
    registered["condaFile"] = "a: [\n"
    assert "with other content" in run(locked_demo, "publish", "azureml", "training").errors


def test_a_version_that_appears_meanwhile(locked_demo: MemoryProject, azure: AzureServer) -> None:
    run(locked_demo, "publish", "azureml", "training")
    azure.faults = [
        Fault("GET /subscriptions", 404, {}),
        Fault("PUT", 409, {"error": {"message": "The version exists."}}),
    ]
    ended = run(locked_demo, "publish", "azureml", "training")
    assert ended.output.startswith("already registered demo-training:")
    azure.versions.clear()
    azure.faults = [Fault("PUT", 409, {"error": {"message": "The version exists."}})]
    path = path_of(locked_demo, "training")
    assert run(locked_demo, "publish", "azureml", "training") == Ended(
        1,
        "",
        f"Azure Machine Learning answered 409 (Conflict) to PUT {path}: The version exists.\n",
    )


def test_a_failure_half_way(locked_demo: MemoryProject, azure: AzureServer) -> None:
    azure.faults = [Fault("PUT /subscriptions", 500, {"error": {"message": "Oh\nno"}})]
    azure.faults[:0] = [Fault("demo-feature", 404, {})]
    first = run(locked_demo, "publish", "azureml", "feature", "training")
    path = path_of(locked_demo, "feature")
    assert first == Ended(
        1,
        "",
        f"Azure Machine Learning answered 500 (Internal Server Error) to PUT {path}: Oh no.\n",
    )
    azure.faults = [Fault(f"PUT {path_of(locked_demo, 'training')}", 500, {})]
    second = run(locked_demo, "publish", "azureml", "feature", "training")
    assert second.output.startswith("registered         demo-feature:")
    third = without_versions(run(locked_demo, "publish", "azureml", "feature", "training"))
    assert third.output.splitlines() == [
        "already registered demo-feature:…",
        "registered         demo-training:…",
    ]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            Fault("GET /sub", 401, {"error": {"message": f"The token {TOKEN} is invalid."}}),
            f"401 (Unauthorized) to GET …: The token *** is invalid. {LOG_IN}",
        ),
        (
            Fault("GET /sub", 403, {"error": {"message": "No access"}}),
            (
                "403 (Forbidden) to GET …: No access. Your identity needs the role AzureML Data"
                " Scientist in the workspace."
            ),
        ),
        (
            Fault("PUT /sub", 404, {"error": {"message": "No workspace"}}),
            (
                "404 (Not Found) to PUT …: No workspace. Check the subscription, the resource group"
                " and the workspace."
            ),
        ),
        (
            Fault("GET /sub", 429, {}, {"Retry-After": "61"}),
            "429 (Too Many Requests) to GET …. Rerun the command later.",
        ),
        (
            Fault("GET /sub", 200, "<html>Log in</html>"),
            "200 (OK) to GET … with no JSON object. Check whether a proxy has answered.",
        ),
        (
            Fault("GET /sub", 200, []),
            "200 (OK) to GET … with no JSON object. Check whether a proxy has answered.",
        ),
        (
            Fault("GET /sub", 302, "moved", {"Location": "http://127.0.0.1:1/"}),
            "302 (Found) to GET ….",
        ),
        (Fault("GET /sub", 599, "?"), "599 (unknown status) to GET …."),
    ],
)
def test_faults(locked_demo: MemoryProject, azure: AzureServer, fault: Fault, message: str) -> None:
    azure.faults = [fault]
    ended = run(locked_demo, "publish", "azureml", "training")
    assert (ended.code, ended.output) == (1, "")
    shown = ended.errors.replace(path_of(locked_demo, "training"), "…")
    assert shown == f"Azure Machine Learning answered {message}\n"
    assert azure.versions == {}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("GET /sub", 429, {}, {"Retry-After": "0"}),
        Fault("PUT /sub", 503, "busy", {"Retry-After": "Mon, 01 Jan 2024 00:00:00 GMT"}),
        Fault("GET /identity", 503, {}, {"Retry-After": "0"}),
    ],
)
def test_a_busy_service_is_called_again(
    locked_demo: MemoryProject, azure: AzureServer, fault: Fault
) -> None:
    azure.faults = [fault]
    assert run(locked_demo, "publish", "azureml", "training").code == 0
    assert sum(fault.part in line for line in azure.lines) == 2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no time before a further attempt."""
    monkeypatch.setattr("poetry_fti.ports.rest.service.DELAYS", (0, 0))
    monkeypatch.setattr("poetry_fti.ports.rest.retries.DELAYS", (0, 0))


@pytest.mark.usefixtures("impatient")
def test_a_response_that_is_cut_off(locked_demo: MemoryProject, azure: AzureServer) -> None:
    azure.faults = [Fault("PUT /sub", cut=True)]
    ended = run(locked_demo, "publish", "azureml", "training")
    assert ended.output.startswith("registered         demo-training:")
    assert len(azure.changes) == 2
    azure.faults = [Fault("GET /sub", cut=True)] * 3
    path = path_of(locked_demo, "training")
    assert run(locked_demo, "publish", "azureml", "training") == Ended(
        1,
        "",
        f"Azure Machine Learning cut off the response to GET {path}. Rerun the command.\n",
    )


@pytest.mark.usefixtures("impatient")
def test_a_service_that_remains_busy_or_cannot_be_reached(
    locked_demo: MemoryProject, azure: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.faults = [Fault("GET /sub", 503, {})] * 3
    ended = run(locked_demo, "publish", "azureml", "training")
    assert ended.errors.endswith("Rerun the command later.\n")
    with serving(AzureServer()) as other:
        pass
    metadata = f"{azure.url}/metadata/endpoints?{other.url}"
    cloud = {"name": "Gone", "resourceManager": other.url}
    azure.faults = [
        Fault("/metadata", 200, [cloud]),
        Fault("/identity", 200, {"access_token": TOKEN, "expires_on": "4102444800"}),
    ]
    monkeypatch.setenv("ARM_CLOUD_METADATA_URL", metadata)
    host = other.url.removeprefix("http://")
    assert run(locked_demo, "publish", "azureml", "training") == Ended(
        1,
        "",
        f"Azure Machine Learning at {host} cannot be reached: Connection refused. Check the address"
        " and the network.\n",
    )


def test_credentials_are_never_printed(locked_demo: MemoryProject, azure: AzureServer) -> None:
    for words in (("publish", "azureml", "-vvv"), ("published", "azureml", "-vvv")):
        ended = run(locked_demo, *words)
        assert TOKEN not in ended.output + ended.errors
        assert SECRET not in ended.output + ended.errors
    sent = [each for each in azure.requests if each.headers.get("Authorization")]
    assert all(each.path.startswith(WORKSPACE) for each in sent)


def test_without_credentials(
    locked_demo: MemoryProject, azure: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    assert run(locked_demo, "publish", "azureml") == Ended(
        1, "", f"azure-identity found no valid credentials for Azure. {LOG_IN}\n"
    )
    assert azure.changes == []


def test_without_the_extra(
    locked_demo: MemoryProject, azure: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "azure"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "azure", None)
    assert run(locked_demo, "publish", "azureml", "--dry-run").code == 0
    assert run(locked_demo, "publish", "azureml") == Ended(
        1,
        "",
        "Publishing to Azure Machine Learning requires poetry-fti[azure]. Install it with"
        ' `pipx inject poetry "poetry-fti[azure]"` or `poetry self add "poetry-fti[azure]"`.\n',
    )
    assert azure.changes == []


def test_stages_without_an_environment_of_conda(
    locked_demo: MemoryProject, azure: AzureServer
) -> None:
    path = locked_demo.root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    image = '[tool.fti.stages.feature]\nimage.apt = ["git"]\n'
    path.write_text(text.replace("[tool.fti.stages.feature]\n", image), encoding="utf-8")
    assert run(locked_demo, "publish", "azureml") == Ended(
        1,
        "",
        'The environment of the stage "feature" is built from its Dockerfile, since no conda file'
        " can express image.apt. Name the other stages to publish, and create this environment with"
        " `az ml environment create --file fti/feature/azureml-environment.yml`.\n",
    )
    assert azure.requests == []
    assert run(locked_demo, "publish", "azureml", "training").code == 0
    assert VARIABLES["AZUREML_ARM_WORKSPACE_NAME"] in azure.changes[0]
