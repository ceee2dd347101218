"""What forwhom ships, without what tests register besides."""

from forwhom.systems.layer import Layer, layer_names, layer_type


def paradigms() -> set[str]:
    """Without the adapters of products, and without whole agents."""
    whole = {name for name, one in _types().items() if one.__module__.startswith("forwhom.openclaw.")}
    return {name for name, one in _types().items() if one.is_paradigm and not one.package} - whole


def products() -> set[str]:
    return {name for name, one in _types().items() if one.package}


def _types() -> dict[str, type[Layer]]:
    types = {name: layer_type(name) for name in layer_names()}
    return {name: one for name, one in types.items() if one.__module__.startswith("forwhom.")}
