"""The patterns of .dockerignore that exclude files from every image build."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import PurePosixPath

# The patterns must not match a Python package, which may be called "env" or "wandb". Virtual
# environments have any name, so the patterns match what is inside of them.
RECORDS: Final = """\
# Experiment records, except for those that are copied.
**/lightning_logs
**/mlartifacts
**/mlruns
**/wandb/*run-*
**/wandb/debug*.log
**/wandb/latest-run
**/wandb/sweep-*
"""
NEVER: Final = """\
# Never in an image: version control.
**/.bzr
**/.git
**/.hg
**/.jj
**/.svn
**/_darcs
# Virtual environments, whatever they are called.
**/.conda
**/.direnv
**/.pixi
**/.venv*
**/.virtualenv*
**/__pypackages__
**/*[Ee][Nn][Vv]*/Scripts
**/*[Ee][Nn][Vv]*/bin
**/*[Ee][Nn][Vv]*/etc/jupyter
**/*[Ee][Nn][Vv]*/include/python[23]*
**/*[Ee][Nn][Vv]*/include/site
**/*[Ee][Nn][Vv]*/lib/python[23]*
**/*[Ee][Nn][Vv]*/lib64
**/*[Ee][Nn][Vv]*/share/jupyter
**/*[Ee][Nn][Vv]*/share/man
**/Scripts/*.exe
**/Scripts/[Aa]ctivate*
**/bin/[Aa]ctivate*
**/bin/pip
**/bin/pip[23]*
**/bin/python
**/bin/python[23]*
**/conda-meta
**/pyvenv.cfg
**/site-packages
# Caches and temporary files.
**/*.egg-info
**/*.py[cod]
**/*.sw[op]
**/*~
**/.DS_Store
**/.aim
**/.benchmarks
**/.cache
**/.coverage*
**/.devcontainer
**/.dmypy.json
**/.dvc/cache
**/.dvc/tmp
**/.eggs
**/.hypothesis
**/.idea
**/.ipynb_checkpoints
**/.mypy_cache
**/.neptune
**/.nox
**/.pdm-build
**/.pdm-python
**/.pytest_cache
**/.pytype
**/.ropeproject
**/.ruff_cache
**/.terraform
**/.tox
**/.vagrant
**/.virtual_documents
**/.vs
**/.vscode
**/Thumbs.db
**/__pycache__
**/htmlcov
**/mlflow.db
**/node_modules
# Secrets.
**/*.env
**/*.jceks
**/*.jks
**/*.kdbx
**/*.key
**/*.keystore
**/*.keytab
**/*.kubeconfig
**/*.ovpn
**/*.p12
**/*.p8
**/*.pem
**/*.pfx
**/*.ppk
**/*.tfstate
**/*.tfstate.*
**/*.tfvars
**/*.tfvars.json
**/.aws
**/.azure
**/.boto
**/.cargo/credentials*
**/.config/gcloud
**/.config/pypoetry
**/.databrickscfg
**/.docker
**/.dockercfg
**/.dockerconfigjson
**/.dvc/config.local
**/.env*
**/.gcloud
**/.git-credentials
**/.gitconfig
**/.gnupg
**/.gsutil
**/.htpasswd
**/.huggingface
**/.kaggle
**/.kube
**/.my.cnf
**/.netrc
**/.npmrc
**/.oci
**/.password-store
**/.pgpass
**/.pip
**/.pypirc
**/.s3cfg
**/.secrets*
**/.snowsql
**/.ssh
**/.terraformrc
**/.vault-token
**/.vault_pass*
**/.yarnrc.yml
**/_netrc
**/application_default_credentials.json
**/auth.toml
**/client_secret*.json
**/gha-creds-*.json
**/id_dsa*
**/id_ecdsa*
**/id_ed25519*
**/id_rsa*
**/kaggle.json
**/kubeconfig
**/pip.conf
**/pip.ini
**/poetry.toml
**/rclone.conf
**/secrets.toml
**/service-account*.json
**/service_account*.json
**/terraform.rc
"""


def excluding_pattern(path: PurePosixPath, patterns: str = NEVER) -> str | None:
    """Return the first pattern that matches a path; None if no pattern does."""
    lines = (line for line in patterns.splitlines() if not line.startswith("#"))
    return next((line for line in lines if _matches(line, path)), None)


def _matches(pattern: str, path: PurePosixPath) -> bool:
    parts = pattern.split("/")[1:]
    starts = range(len(path.parts) - len(parts) + 1)
    return any(all(map(fnmatchcase, path.parts[start:], parts)) for start in starts)
