"""The route tables, compiled: method and path segments to handler and arguments."""

from collections.abc import Iterable

from parsepy.http.requests import Handler, Route, RouteMatch

_Handlers = dict[str, tuple[Handler, str]]
_Pattern = tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...], _Handlers]


class Router:
    """Finds the handler of a request by the number and the first of its path's segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._patterns: dict[tuple[int, str], list[_Pattern]] = {}
        self._open: dict[str, list[tuple[Route, tuple[str, ...]]]] = {}
        for route in routes:
            if "*" in route.path:
                open_parts = tuple(route.path.strip("/").split("/"))
                self._open.setdefault(open_parts[0], []).append((route, open_parts))
                continue
            parts = route.path.strip("/").split("/")
            fixed = tuple((i, p) for i, p in enumerate(parts) if p[:1] != ":")
            named = tuple((i, p[1:]) for i, p in enumerate(parts) if p[:1] == ":")
            patterns = self._patterns.setdefault((len(parts), parts[0]), [])
            for known_fixed, known_named, handlers in patterns:
                if known_fixed == fixed and known_named == named:
                    handlers[route.method] = route.handler, route.path
                    break
            else:
                patterns.append((fixed, named, {route.method: (route.handler, route.path)}))
        for patterns in self._patterns.values():
            patterns.sort(key=lambda pattern: -len(pattern[0]))  # the most literal first
        for lines in self._open.values():
            lines.sort(key=lambda line: -len(line[1]))

    def find(self, method: str, path: tuple[str, ...]) -> RouteMatch | None:
        """The handler for ``method`` on ``path``, with the arguments in it."""
        for fixed, named, handlers in self._patterns.get((len(path), path[0]), ()):
            found = handlers.get(method)
            if found is not None and all(path[i] == part for i, part in fixed):
                return RouteMatch(found[0], {name: path[i] for i, name in named}, found[1])
        for route, parts in self._open.get(path[0], ()):
            if route.method == method and len(path) >= len(parts):
                arguments = _arguments(parts, path)
                if arguments is not None:
                    return RouteMatch(route.handler, arguments, route.path)
        return None


def _arguments(parts: tuple[str, ...], path: tuple[str, ...]) -> dict[str, str] | None:
    """The arguments of a path in a pattern that ends in ``*name``, if it fits."""
    found = {parts[-1][1:]: "/".join(path[len(parts) - 1 :])}
    for part, given in zip(parts[:-1], path, strict=False):
        if part[:1] == ":":
            found[part[1:]] = given
        elif part != given:
            return None
    return found
