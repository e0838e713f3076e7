"""``Router``: the route tables, compiled; method and path segments to route and arguments."""

from collections.abc import Iterable, Mapping

from parsepy.http.requests import ANY, Route, RouteMatch

_Fixed = tuple[tuple[int, str], ...]
_Pattern = tuple[_Fixed, _Fixed, dict[str, Route]]
_NO_ARGUMENTS: Mapping[str, str] = {}


class Router:
    """Finds the route of a request by the first of its path's segments and their number."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._patterns: dict[str, dict[int, list[_Pattern]]] = {}
        self._open: dict[str, list[tuple[Route, tuple[str, ...]]]] = {}
        for route in routes:
            parts = tuple(route.path.strip("/").split("/"))
            if parts[-1][:1] == "*":
                self._open.setdefault(parts[0], []).append((route, parts))
            else:
                self._add(route, parts)
        for by_length in self._patterns.values():
            for patterns in by_length.values():
                patterns.sort(key=lambda pattern: -len(pattern[0]))  # the most literal first
        for lines in self._open.values():
            lines.sort(key=lambda line: -len(line[1]))

    def _add(self, route: Route, parts: tuple[str, ...]) -> None:
        # the first segment is found by looking it up, so that only later ones are compared
        fixed = tuple((i, p) for i, p in enumerate(parts) if i and p[:1] != ":")
        named = tuple((i, p[1:]) for i, p in enumerate(parts) if p[:1] == ":")
        patterns = self._patterns.setdefault(parts[0], {}).setdefault(len(parts), [])
        for known_fixed, known_named, by_method in patterns:
            if known_fixed == fixed and known_named == named:
                by_method[route.method] = route
                return
        patterns.append((fixed, named, {route.method: route}))

    def find(self, method: str, path: tuple[str, ...]) -> RouteMatch | None:
        """Find the route for ``method`` on ``path``, and the arguments in the path."""
        by_length = self._patterns.get(path[0])
        if by_length is not None:
            for fixed, named, by_method in by_length.get(len(path), ()):
                route = by_method.get(method) or by_method.get(ANY)
                if route is None or (fixed and not _fits(fixed, path)):
                    continue
                if not named:
                    return RouteMatch(route, _NO_ARGUMENTS)
                arguments = {}
                for i, name in named:
                    arguments[name] = path[i]
                return RouteMatch(route, arguments)
        for route, parts in self._open.get(path[0], ()):
            if route.method == method and len(path) >= len(parts):
                found = _arguments(parts, path)
                if found is not None:
                    return RouteMatch(route, found)
        return None


def _fits(fixed: _Fixed, path: tuple[str, ...]) -> bool:
    return all(path[i] == part for i, part in fixed)


def _arguments(parts: tuple[str, ...], path: tuple[str, ...]) -> dict[str, str] | None:
    """Return the arguments of a path in a pattern that ends in ``*name``, if it fits."""
    found = {parts[-1][1:]: "/".join(path[len(parts) - 1 :])}
    for part, given in zip(parts[:-1], path, strict=False):
        if part[:1] == ":":
            found[part[1:]] = given
        elif part != given:
            return None
    return found
