"""What PyYAML lets pass and nobody can mean: a key that stands twice (it takes the last one), an alias in itself."""

from collections.abc import Iterator

import yaml

_MERGE = "tag:yaml.org,2002:merge"


def knots(root: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Line and message of every such place below `root`."""
    ancestors: set[int] = set()
    seen: set[int] = set()
    waiting: list[tuple[yaml.Node, bool]] = [] if root is None else [(root, False)]
    while waiting:
        node, is_left = waiting.pop()
        if is_left:
            ancestors.remove(id(node))
        elif id(node) in ancestors:
            yield node.start_mark.line + 1, "the anchor here contains an alias of itself; write the value out"
        elif isinstance(node, yaml.CollectionNode) and id(node) not in seen:
            seen.add(id(node))
            ancestors.add(id(node))
            waiting.append((node, True))
            if isinstance(node, yaml.MappingNode):
                yield from _repeated(node)
                waiting += [(child, False) for pair in node.value for child in pair]
            else:
                waiting += [(child, False) for child in node.value]


def _repeated(node: yaml.MappingNode) -> Iterator[tuple[int, str]]:
    first: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
            continue
        line, name = key.start_mark.line + 1, (key.tag, key.value)
        if name in first:
            yield line, f"the key {key.value} stands twice, first in line {first[name]}; keep one"
        first.setdefault(name, line)
