"""What forwhom ships, without what tests register besides."""

from forwhom.systems.layer import layer_names, layer_type


def paradigms() -> set[str]:
    types = {name: layer_type(name) for name in layer_names()}
    return {name for name, one in types.items() if one.is_paradigm and one.__module__.startswith("forwhom.")}
