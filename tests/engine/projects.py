"""What a person changes of a project between two updates: its stack file, or the whole program."""

from typing import Any

import yaml

from lab.pulumi_cli import Pulumi


def configure(pulumi: Pulumi, **values: Any) -> None:
    """Change keys of the stack file, as an operator does."""
    file = pulumi.project.stack_file
    document: dict[str, Any] = yaml.safe_load(file.read_text())
    document["config"] |= {f"tandem:{key}": value for key, value in values.items()}
    file.write_text(yaml.safe_dump(document))


def put_program(pulumi: Pulumi, text: str) -> None:
    """Another program in place of ours, which is linked into a lab's project."""
    program = pulumi.project.work / "infra"
    program.unlink()
    program.mkdir()
    (program / "__main__.py").write_text(text)
