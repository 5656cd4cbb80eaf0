"""The workspace and the cloud in variables and in config.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from azure_server import VARIABLES, WORKSPACE, AzureServer
from poetry_fti.errors import FtiError
from poetry_fti.ports.rest.azure_workspace import Workspace, find_cloud, find_workspace
from poetry_fti.ports.rest.azureml import AzureEnvironments
from rest_server import Fault, serving

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
NAMES: Final = "AZUREML_ARM_SUBSCRIPTION, AZUREML_ARM_RESOURCEGROUP and AZUREML_ARM_WORKSPACE_NAME"


def test_variables_take_precedence_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(FILE))
    assert find_workspace(tmp_path, VARIABLES).path == WORKSPACE
    assert find_workspace(tmp_path, {}) == Workspace("s", "g", "w")


def test_the_file_is_searched_for_upwards(tmp_path: Path) -> None:
    root = tmp_path / "a" / "b"
    root.mkdir(parents=True)
    (root / "config.json").write_text('{"model": "of another program"}')
    (tmp_path / "config.json").write_text(json.dumps(FILE))
    assert find_workspace(root, {}) == Workspace("s", "g", "w")
    (tmp_path / ".azureml").mkdir()
    (tmp_path / ".azureml" / "config.json").write_text(json.dumps({**FILE, "workspace_name": "x"}))
    assert find_workspace(root, {}).name == "x"


@pytest.mark.parametrize("text", ["[1]", "{", '{"subscription_id": 1}', "\ufeff"])
def test_other_files_are_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(FtiError) as caught:
        find_workspace(tmp_path, {})
    assert str(caught.value) == (
        f"No workspace of Azure Machine Learning is known. Set {NAMES}, or save the workspace's"
        " config.json in the project's folder."
    )


def test_some_of_the_variables(tmp_path: Path) -> None:
    with pytest.raises(FtiError) as caught:
        find_workspace(tmp_path, {"AZUREML_ARM_SUBSCRIPTION": "s"})
    assert str(caught.value) == (
        f"Set AZUREML_ARM_RESOURCEGROUP and AZUREML_ARM_WORKSPACE_NAME as well, or none of {NAMES}."
    )


def test_names_are_quoted_in_the_path() -> None:
    assert Workspace("a/b", "../c", "d?e").path.startswith(
        "/subscriptions/a%2Fb/resourceGroups/..%2Fc/"
    )


def test_clouds() -> None:
    assert find_cloud({}) == "https://management.azure.com"
    china = find_cloud({"AZUREML_CURRENT_CLOUD": "AzureChinaCloud"})
    assert china == "https://management.chinacloudapi.cn"
    with pytest.raises(FtiError) as caught:
        find_cloud({"AZUREML_CURRENT_CLOUD": "Ours"})
    assert str(caught.value) == (
        'Unknown cloud "Ours" in AZUREML_CURRENT_CLOUD (known: AzureCloud, AzureChinaCloud,'
        " AzureUSGovernment). Set it to one of these, or set ARM_CLOUD_METADATA_URL."
    )


def test_a_cloud_that_is_described() -> None:
    with serving(AzureServer()) as server:
        variables = server.variables
        assert find_cloud(variables) == server.url
        assert find_cloud({**variables, "AZUREML_CURRENT_CLOUD": "Loopback"}) == server.url
        with pytest.raises(
            FtiError, match=r"^ARM_CLOUD_METADATA_URL does not describe the cloud A"
        ):
            find_cloud({**variables, "AZUREML_CURRENT_CLOUD": "Another"})
        server.faults = [Fault("/metadata", 500), Fault("/metadata", 200, "no JSON")]
        with pytest.raises(FtiError, match=r"^ARM_CLOUD_METADATA_URL does not describe the cloud"):
            find_cloud(variables)
        with pytest.raises(FtiError) as caught:
            find_cloud(variables)
        assert str(caught.value) == (
            "ARM_CLOUD_METADATA_URL could not be read (JSONDecodeError). Check it."
        )


def test_a_token_is_sent_over_http_to_the_own_machine_only() -> None:
    with pytest.raises(FtiError) as caught:
        AzureEnvironments(Workspace("s", "g", "w"), "http://azure.example", "t0ken")
    assert str(caught.value) == (
        "Azure Machine Learning at azure.example is not used, as http would send the credentials"
        " unencrypted. Set an https URL."
    )
