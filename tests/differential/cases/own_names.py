"""C7: classes of one's own that are named as Parse's system classes are, without the underscore."""

from collections.abc import Iterator

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    delete,
    find,
    get,
    pointer,
    post,
    put,
)

NAMES = ("Session", "Role", "Installation", "User", "Product", "Audience")


def steps(name: str) -> Iterator[Step]:
    """A class of that name from its making to its end, and pointers to it and to Parse's own."""
    to_itself = {"type": "Pointer", "targetClass": name}
    to_system = {"type": "Pointer", "targetClass": f"_{name}"}
    many = {"type": "Relation", "targetClass": name}
    fields = {"name": {"type": "String"}, "user": {"type": "String"}, "parent": to_itself}
    made = {"className": name, "fields": {**fields, "system": to_system, "many": many}}
    yield post(f"/schemas/{name}", made, who="master", name="make")
    yield get(f"/schemas/{name}", who="master", name="show")
    yield create(name, {"name": "first", "user": "text"}, save=f"first{name}", name="create")
    first = pointer(name, f"{{first{name}}}")
    yield create(name, {"name": "second", "parent": first}, save=f"second{name}", name="point")
    other = pointer(f"_{name}", "aaaaaaaaaa")
    yield create(name, {"name": "third", "parent": other}, name="point at the system class")
    yield create(name, {"name": "third", "system": other}, name="a column of the system class")
    yield create(name, {"name": "third", "system": first}, name="its own in that column")
    added = {"many": {"__op": "AddRelation", "objects": [first]}}
    yield put(f"/classes/{name}/{{second{name}}}", added, name="relate")
    yield find(name, {"parent": first}, include="parent", keys="name,parent", name="find")
    related = {"object": pointer(name, f"{{second{name}}}"), "key": "many"}
    yield find(name, {"$relatedTo": related}, keys="name", name="find related")
    sub = {"parent": {"$inQuery": {"className": name, "where": {"name": "first"}}}}
    yield find(name, sub, keys="name", name="find by a subquery")
    yield get(f"/classes/{name}/{{first{name}}}", name="get")
    yield create(f"Visit{name}", {f"of{name}": first}, name="a pointer of another class")
    yield get(f"/schemas/Visit{name}", who="master", name="show the other class")
    yield delete(f"/classes/{name}/{{first{name}}}", name="delete one")
    yield delete(f"/purge/{name}", who="master", name="purge")
    yield delete(f"/schemas/{name}", who="master", name="delete the class")
    yield get(f"/schemas/{name}", who="master", name="show what is gone")


SCENARIOS = [
    Scenario(f"C7: a class named {name}", list(steps(name)), "own_names") for name in NAMES
]
