"""Policies: what there is to choose from, what each chooses, and who agreed to it."""

from pathlib import Path
from typing import Any

from growthring.kernel.errors import ConfigurationError
from growthring.operations.project import Project
from growthring.revenue.policy import DESCRIPTIVE, Normalisation, Policy, preset, preset_names


def list_policies(folder: Path) -> list[dict[str, Any]]:
    """Return the project's policies and the presets, or the presets alone outside a project."""
    try:
        project = Project.open(folder)
    except ConfigurationError:
        chosen = [preset(name) for name in preset_names()]
    else:
        chosen = [project.policy(name) for name in project.policy_names()]
    return [
        {
            "policy": each.name,
            "version": each.version,
            "title": each.title,
            "source": each.source,
            "inferred": each.inferred,
            "warning": each.warning,
        }
        for each in chosen
    ]


def describe_policy(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return every field of a policy with its value and what it decides, those that differ from standard marked."""
    try:
        policy = Project.open(folder).policy(name)
    except ConfigurationError:
        policy = preset(name)
    usual = preset("standard").switches
    rows = [{"field": field, "value": getattr(policy, field), "differs": ""} for field in DESCRIPTIVE if getattr(policy, field)]
    rows += [
        {"field": field, "value": str(value), "differs": "" if usual[field] == value else f"standard: {usual[field]}"}
        for field, value in policy.switches.items()
    ]
    return rows


def describe_fields() -> list[dict[str, Any]]:
    """Return every field of a policy with its default and what it decides."""
    rows = [
        {"field": name, "default": str(info.get_default(call_default_factory=False)), "decides": info.description or ""}
        for name, info in Policy.model_fields.items()
        if name != "normalise"
    ]
    rows += [
        {"field": f"normalise.{name}", "default": str(info.default), "decides": info.description or ""}
        for name, info in Normalisation.model_fields.items()
    ]
    return rows
