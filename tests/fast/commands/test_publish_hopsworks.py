"""`poetry fti publish hopsworks`, with a service and its faults."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import pytest

from hopsworks_server import KEY, HopsworksServer, certified
from memory_commands import Ended, run
from pages import blocks
from poetry_fti.bridge.toml_parser import tomllib
from rest_server import Fault, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

DIGEST: Final = re.compile(r"\b[0-9a-f]{12}\b")
INSTALL: Final = (
    "POST python/environments/demo-training-…",
    "POST dataset/upload/Resources",
    "POST python/environments/demo-training-…/libraries/demo-training-requirements-….txt",
)
INSTALLED: Final = """\
created   environment demo-training-… from pandas-training-pipeline
installed 2 packages in demo-training-…
"""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, object]:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def hopsworks(
    certificate: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> Iterator[HopsworksServer]:
    """A service whose project the environment variables name."""
    context, file = certificate
    with serving(HopsworksServer(context)) as server:  # type: ignore[arg-type] # the pair of `certified`
        variables = {
            "HOPSWORKS_HOST": "127.0.0.1",
            "HOPSWORKS_PORT": str(server.server_address[1]),
            "HOPSWORKS_PROJECT": "credit",
            "HOPSWORKS_API_KEY": KEY,
            "REQUESTS_CA_BUNDLE": str(file),
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("poetry_fti.ports.rest.hopsworks._SECONDS", 0)
        monkeypatch.setattr("poetry_fti.ports.rest.service.DELAYS", (0, 0))
        yield server


def configure(demo: MemoryProject, stage: str, lines: str) -> None:
    """Add lines to the table of a stage, and write the script that they name."""
    path = demo.root / "pyproject.toml"
    text, table = path.read_text(encoding="utf-8"), f"[tool.fti.stages.{stage}]\n"
    path.write_text(text.replace(table, f"{table}{lines}\n"), encoding="utf-8")
    (demo.root / "run.py").write_text("print('runs')\n", encoding="utf-8")


def publish(demo: MemoryProject, *words: str) -> Ended:
    """Publish stages; the digests of locks and files are replaced by `…`."""
    ended = run(demo, "publish", "hopsworks", *words)
    return Ended(ended.code, *(DIGEST.sub("…", text) for text in (ended.output, ended.errors)))


def changes(server: HopsworksServer) -> list[str]:
    return [DIGEST.sub("…", line) for line in server.changes]


def test_an_environment_is_installed_once(
    locked_demo: MemoryProject, hopsworks: HopsworksServer
) -> None:
    assert publish(locked_demo, "training") == Ended(0, INSTALLED)
    assert changes(hopsworks) == list(INSTALL)
    ((name, text),) = hopsworks.files.items()
    assert DIGEST.sub("…", name) == "Resources/demo-training-requirements-….txt"
    assert "mid==1.0 \\\n    --hash=sha256:" in text
    (environment,) = hopsworks.environments.values()
    assert environment.base == "pandas-training-pipeline"
    assert environment.libraries == {"pip": "26.3", "lib": "1.0", "mid": "1.0"}
    hopsworks.requests.clear()
    assert publish(locked_demo, "training") == Ended(0, "unchanged environment demo-training-…\n")
    assert hopsworks.changes == []


def test_a_job(locked_demo: MemoryProject, hopsworks: HopsworksServer) -> None:
    configure(locked_demo, "training", 'hopsworks.script = "run.py"')
    ended = publish(locked_demo, "training")
    assert ended == Ended(0, f"{INSTALLED}saved     job demo-training, which runs run.py\n")
    assert changes(hopsworks)[3:] == ["POST dataset/upload/Resources", "PUT jobs/demo-training"]
    job = {
        key: DIGEST.sub("…", str(value)) for key, value in hopsworks.jobs["demo-training"].items()
    }
    assert job == {
        "type": "pythonJobConfiguration",
        "cores": "1.0",
        "memory": "2048",
        "appPath": "hdfs:///Projects/credit/Resources/demo-training-….py",
        "environmentName": "demo-training-…",
    }
    assert "print('runs')\n" in hopsworks.files.values()
    hopsworks.requests.clear()
    assert publish(locked_demo, "training").code == 0
    assert hopsworks.changes == ["PUT jobs/demo-training"]


def test_a_job_of_spark(locked_demo: MemoryProject, hopsworks: HopsworksServer) -> None:
    lines = 'hopsworks = { script = "run.py", base = "spark-feature-pipeline" }'
    configure(locked_demo, "feature", lines)
    assert publish(locked_demo, "feature").code == 0
    job = hopsworks.jobs["demo-feature"]
    assert job["type"] == "sparkJobConfiguration"
    assert job["mainClass"] == "org.apache.spark.deploy.PythonRunner"


def test_a_deployment_is_created_and_changed(
    locked_demo: MemoryProject, hopsworks: HopsworksServer
) -> None:
    configure(locked_demo, "inference", 'hopsworks.script = "run.py"')
    saved = "saved     deployment demo-inference with the predictor run.py\n"
    assert publish(locked_demo, "inference").output.endswith(saved)
    (deployment,) = hopsworks.servings
    predictor = DIGEST.sub("…", deployment["predictor"])
    assert predictor == "/Projects/credit/Resources/demo-inference-….py"
    assert deployment["predictorEnvironment"] == deployment["environmentDTO"]
    deployment["requestedInstances"] = 3
    (locked_demo.root / "run.py").write_text("print('runs again')\n", encoding="utf-8")
    assert publish(locked_demo, "inference").output.endswith(saved)
    (changed,) = hopsworks.servings
    assert (changed["id"], changed["requestedInstances"]) == (7, 3)
    assert changed["predictor"] != deployment["predictor"]


def test_a_dry_run_sends_nothing(locked_demo: MemoryProject, hopsworks: HopsworksServer) -> None:
    configure(locked_demo, "training", 'hopsworks.script = "run.py"')
    ended = publish(locked_demo, "training", "--dry-run")
    assert (ended.code, ended.errors, hopsworks.requests) == (0, "", [])
    calls = [line for line in ended.output.splitlines() if line.startswith(("GET", "P"))]
    environment = "/project/{id}/python/environments/demo-training-…"
    requirements = "demo-training-requirements-….txt"
    assert calls == [
        "GET /project/getProjectInfo/credit",
        f"GET {environment}?expand=libraries&expand=commands",
        f"POST {environment}",
        f"GET {environment}?expand=commands",
        f"GET /project/{{id}}/dataset/Resources%2F{requirements}",
        "POST /project/{id}/dataset/upload/Resources",
        f"POST {environment}/libraries/{requirements}",
        f"GET {environment}/libraries/{requirements}?expand=commands",
        "GET /project/{id}/dataset/Resources%2Fdemo-training-….py",
        "POST /project/{id}/dataset/upload/Resources",
        "GET /project/{id}/jobs/python/configuration",
        "PUT /project/{id}/jobs/demo-training",
    ]
    assert "  demo-training-….py, 14 bytes\n" in ended.output
    body = ended.output[ended.output.rindex("\n{") :]
    assert json.loads(body)["environmentName"] == "demo-training-…"
    configure(locked_demo, "inference", 'hopsworks.script = "run.py"')
    assert "PUT /project/{id}/serving\n" in publish(locked_demo, "inference", "--dry-run").output


def test_a_creation_that_fails(locked_demo: MemoryProject, hopsworks: HopsworksServer) -> None:
    hopsworks.statuses = ["NEW", "FAILED"]
    assert publish(locked_demo, "training") == Ended(
        1,
        "",
        "Hopsworks failed to create the environment demo-training-…: Could not find a version of"
        " lib. Delete it there, and rerun the command.\n",
    )
    assert changes(hopsworks) == [INSTALL[0]]


def test_an_installation_that_fails_is_repeated(
    locked_demo: MemoryProject, hopsworks: HopsworksServer
) -> None:
    publish(locked_demo, "training")
    (environment,) = hopsworks.environments.values()
    environment.libraries = {"lib": "1.0", "mid": "not a version"}
    hopsworks.statuses = ["ONGOING", "FAILED"]
    assert publish(locked_demo, "training") == Ended(
        1,
        "",
        "Hopsworks failed to install the requirements in the environment demo-training-…: Could not"
        " find a version of lib. Rerun the command to try again.\n",
    )
    hopsworks.statuses = ["SUCCESS"]
    hopsworks.requests.clear()
    environment.status = []
    installed = "installed 2 packages in demo-training-…\n"
    assert publish(locked_demo, "training") == Ended(0, installed)
    assert changes(hopsworks) == [INSTALL[2]]


def test_a_busy_environment_is_waited_for(
    locked_demo: MemoryProject, hopsworks: HopsworksServer
) -> None:
    publish(locked_demo, "training")
    (environment,) = hopsworks.environments.values()
    environment.status = ["ONGOING"] * 3
    hopsworks.requests.clear()
    assert publish(locked_demo, "training").output == "unchanged environment demo-training-…\n"
    assert len(hopsworks.requests) == 6


def test_an_environment_that_remains_busy(
    locked_demo: MemoryProject, hopsworks: HopsworksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poetry_fti.ports.rest.hopsworks._LONGEST", 0)
    hopsworks.statuses = ["ONGOING"]
    assert publish(locked_demo, "training").errors == (
        "The environment demo-training-… has been busy for half an hour. Look at its page in"
        " Hopsworks, then rerun the command to continue.\n"
    )


ERROR: Final = {"errorCode": 1, "errorMsg": f"Refused {KEY}", "usrMsg": ""}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            Fault("getProjectInfo", 401, ERROR),
            (
                "401 (Unauthorized) to GET /project/getProjectInfo/credit: Refused ***. Set"
                " HOPSWORKS_API_KEY to a valid key."
            ),
        ),
        (
            Fault("getProjectInfo", 404, {"usrMsg": "No such project"}),
            (
                "404 (Not Found) to GET /project/getProjectInfo/credit: No such project. Check"
                " HOPSWORKS_HOST and HOPSWORKS_PROJECT."
            ),
        ),
        (
            Fault("POST", 409, ERROR),
            (
                "409 (Conflict) to POST /project/119/python/environments/demo-training-…: Refused"
                " ***. Rerun the command to continue with what exists."
            ),
        ),
        (
            Fault("GET", 400, ERROR),
            "400 (Bad Request) to GET /project/getProjectInfo/credit: Refused ***.",
        ),
        (
            Fault("expand=libraries", 400, ERROR),
            (
                "400 (Bad Request) to GET /project/119/python/environments/demo-training-…: Refused"
                " ***."
            ),
        ),
        (
            Fault("upload", 403, ERROR),
            (
                "403 (Forbidden) to POST /project/119/dataset/upload/Resources: Refused ***. The"
                " key needs the scopes project, python, job, dataset and serving."
            ),
        ),
    ],
)
def test_faults(
    locked_demo: MemoryProject, hopsworks: HopsworksServer, fault: Fault, message: str
) -> None:
    hopsworks.faults = [fault]
    assert publish(locked_demo, "training").errors == f"Hopsworks answered {message}\n"
    # What has been done before the failure is kept.
    again = publish(locked_demo, "training")
    assert (again.code, again.output.endswith(INSTALLED.splitlines()[1] + "\n")) == (0, True)


def test_a_busy_service_is_called_again(
    locked_demo: MemoryProject, hopsworks: HopsworksServer
) -> None:
    hopsworks.faults = [Fault("POST", 429, {}, {"Retry-After": "0"})]
    assert publish(locked_demo, "training") == Ended(0, INSTALLED)
    assert changes(hopsworks) == [INSTALL[0], *INSTALL]


def test_a_request_that_may_have_taken_effect_is_not_repeated(
    locked_demo: MemoryProject, hopsworks: HopsworksServer
) -> None:
    hopsworks.faults = [Fault("POST", cut=True)]
    ended = publish(locked_demo, "training")
    assert ended.errors == (
        "Hopsworks cut off the response to POST /project/119/python/environments/demo-training-…."
        " Rerun the command.\n"
    )
    assert publish(locked_demo, "training").output == INSTALLED.splitlines(keepends=True)[1]
    assert changes(hopsworks) == list(INSTALL)


def test_a_project_without_a_number(locked_demo: MemoryProject, hopsworks: HopsworksServer) -> None:
    hopsworks.faults = [Fault("getProjectInfo", 200, {"projectId": "../1"})]
    errors = publish(locked_demo, "training").errors
    assert errors == 'Hopsworks returned no number for the project "credit".\n'


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("HOPSWORKS_PROJECT", "", "No project of Hopsworks is known. Set HOPSWORKS_PROJECT."),
        ("HOPSWORKS_API_KEY", " ", "No API key of Hopsworks is known. Set HOPSWORKS_API_KEY."),
        (
            "HOPSWORKS_HOST",
            "https://hops",
            "HOPSWORKS_HOST must be the name of a host, and HOPSWORKS_PORT a number.",
        ),
        (
            "HOPSWORKS_HOST",
            "hops:443",
            "HOPSWORKS_HOST must be the name of a host, and HOPSWORKS_PORT a number.",
        ),
    ],
)
def test_variables(  # noqa: PLR0913, PLR0917 - three of them are a case
    locked_demo: MemoryProject,
    hopsworks: HopsworksServer,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    message: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert publish(locked_demo, "training") == Ended(1, "", f"{message}\n")
    assert hopsworks.requests == []


def test_a_script_that_does_not_exist(
    locked_demo: MemoryProject, hopsworks: HopsworksServer
) -> None:
    configure(locked_demo, "training", 'hopsworks.script = "pipelines/gone.py"')
    assert publish(locked_demo, "training") == Ended(
        1,
        "",
        "tool.fti.stages.training.hopsworks.script: there is no file pipelines/gone.py.\n",
    )
    assert hopsworks.requests == []


def test_an_unknown_certificate(
    locked_demo: MemoryProject, hopsworks: HopsworksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    ended = publish(locked_demo, "training")
    assert re.fullmatch(
        r"Hopsworks at 127\.0\.0\.1:\d+ cannot be reached: .*CERTIFICATE_VERIFY_FAILED.*\. Check"
        r" the address and the network\.\n",
        ended.errors,
    )
    assert hopsworks.requests == []


def test_stages_that_cannot_be_installed(
    locked_demo: MemoryProject, hopsworks: HopsworksServer
) -> None:
    configure(locked_demo, "feature", 'platforms = ["macos/arm64"]')
    run(locked_demo, "lock", "feature")
    assert publish(locked_demo) == Ended(
        1,
        "",
        'The stage "feature" cannot be installed on Hopsworks, because of its platforms, which lack'
        " linux/amd64. Name the other stages to publish.\n",
    )
    assert hopsworks.requests == []


def test_keys_are_validated_and_make_no_lock_stale(locked_demo: MemoryProject) -> None:
    configure(locked_demo, "training", 'hopsworks = { base = "torch-training-pipeline" }')
    assert run(locked_demo, "lock", "--check").code == 0
    configure(
        locked_demo, "feature", 'hopsworks = { base = "a b", script = "../run.py", jobs = 1 }'
    )
    assert run(locked_demo, "publish", "hopsworks") == Ended(
        2,
        "",
        """\
pyproject.toml has 3 problems:
  tool.fti.stages.feature.hopsworks.jobs: unknown key
  tool.fti.stages.feature.hopsworks.base: "a b" is not the name of an environment such as \
"torch-training-pipeline"
  tool.fti.stages.feature.hopsworks.script: "../run.py" must be a Python file of the project, such \
as "train.py"
""",
    )


def test_the_key_is_never_printed(locked_demo: MemoryProject, hopsworks: HopsworksServer) -> None:
    ended = run(locked_demo, "publish", "hopsworks", "-vvv")
    assert ended.code == 0
    assert KEY not in ended.output + ended.errors
    assert {each.base for each in hopsworks.environments.values()} == {
        "python-feature-pipeline",
        "pandas-training-pipeline",
        "pandas-inference-pipeline",
    }


def test_the_page_publishes_in_this_way(demo: MemoryProject, hopsworks: HopsworksServer) -> None:
    project, console = blocks("docs/how-to/hopsworks.md")[:2]
    demo.index.offer({"hopsworks 5.0": [], "polars 1.0": [], "scikit-learn 1.0": []})
    demo.write(project.text)
    for stage in tomllib.loads(project.text)["tool"]["fti"]["stages"].values():
        script = demo.root / stage["hopsworks"]["script"]
        script.parent.mkdir(exist_ok=True)
        script.touch()
    setting, *commands = console.commands
    assert re.findall(r"(HOPSWORKS_\w+)=", setting.text) == [
        "HOPSWORKS_HOST",
        "HOPSWORKS_PROJECT",
        "HOPSWORKS_API_KEY",
    ]
    for command in commands:
        ended = run(demo, *command.text.removeprefix("poetry fti ").split())
        assert (ended.code, ended.errors) == (0, "")
        if command.shown != "…\n":
            assert _without_numbers(ended.output) == _without_numbers(command.shown)
    assert hopsworks.jobs.keys() == {"credit-training"}


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+ packages", "… packages", DIGEST.sub("…", text))
