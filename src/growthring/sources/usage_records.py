"""What only usage has: the identity of a record and its dimensions as text."""

from collections.abc import Iterable, Mapping

from growthring.sources.config import Dedupe, SourceConfig
from growthring.sources.expressions import operand


def usage_columns(config: SourceConfig, columns: Mapping[str, tuple[str, ...]], dedupe: Dedupe) -> dict[str, tuple[str, ...]]:
    """Work the settings of usage into the expressions of a source: quantity, dimensions, identifier."""
    result = dict(columns)
    if config.value is not None:
        result["quantity"] = (config.value,)
    if config.dimensions:
        result["dimensions"] = (dimension_text(config.dimensions),)
    if dedupe == "source+id":
        result["usage_id"] = tuple(f"source || '|' || {operand(text)}" for text in result.get("usage_id", ("usage_id",)))
    if dedupe == "day":
        result["usage_id"] = ("'day'",)  # replaced once the parts of the key are known: see `identifier_of`
    return result


def dimension_text(paths: Iterable[str]) -> str:
    """Return the expression that writes dimensions as `key=value;key=value` in the order of the keys; empty ones are left out.

    Example:
        >>> dimension_text(["data.model"]).startswith("nullif(concat_ws(';', 'model=' || ")
        True
    """
    keys = {path.split(".")[-1]: path for path in paths}
    parts = []
    for key, path in sorted(keys.items()):
        value = "'' || \"" + path.replace('"', '""') + '"'
        for mark, code in (("%", "%25"), (";", "%3B"), ("=", "%3D")):
            value = f"replace({value}, '{mark}', '{code}')"
        parts.append(f"'{key.replace(chr(39), chr(39) * 2)}=' || {value}")
    return f"nullif(concat_ws(';', {', '.join(parts)}), '')"


def identifier_of(dedupe: Dedupe) -> str:
    """Return the SQL of a record's identifier over the columns `w_…`."""
    if dedupe == "id+timestamp":
        return "w_usage_id || '|' || coalesce(strftime(w_used_at, '%Y-%m-%dT%H:%M:%S.%fZ'), '')"
    if dedupe == "day":
        parts = ("w_account_id", "w_meter", "strftime(w_used_at, '%Y-%m-%d')", "w_dimensions")
        return " || '|' || ".join(f"coalesce({part}, '')" for part in parts)
    return "w_usage_id"
