"""Many listeners of one bus: each gets the classes that it wants, whoever else is there."""

from parsepy.pubsub import Events, ObjectEvent


class Recorder:
    """A listener that writes down what it gets."""

    def __init__(self, *class_names: str) -> None:
        self.class_names = class_names
        self.published: list[str] = []
        self.forgotten: list[str | None] = []

    def wants(self, class_name: str) -> bool:
        return class_name in self.class_names

    def publish(self, event: ObjectEvent) -> None:
        self.published.append(f"{event.operation} {event.class_name}")

    def forget(self, user_id: str | None) -> None:
        self.forgotten.append(user_id)


class Broken(Recorder):
    """A listener that fails at whatever it gets."""

    def publish(self, event: ObjectEvent) -> None:
        raise ValueError("no room")

    def forget(self, user_id: str | None) -> None:
        raise ValueError("no memory")


def stored(class_name: str) -> ObjectEvent:
    return ObjectEvent("create", class_name, {"objectId": "1"})


def test_a_second_listener_does_not_silence_the_first() -> None:
    events, orders, all_goods = Events(), Recorder("Order"), Recorder("Order", "Product")
    events.add(orders)
    events.add(all_goods)
    events.publish(stored("Order"))
    events.publish(stored("Product"))
    assert orders.published == ["create Order"]
    assert all_goods.published == ["create Order", "create Product"]


def test_a_class_is_wanted_as_long_as_one_listener_wants_it() -> None:
    events, first, second = Events(), Recorder("Order"), Recorder("Order")
    assert not events.wants("Order")
    events.add(first)
    events.add(second)
    events.remove(first)
    assert events.wants("Order")
    assert not events.wants("Product")
    events.remove(second)
    events.remove(second)
    assert not events.wants("Order")


def test_every_listener_is_told_to_forget_a_user() -> None:
    events, first, second = Events(), Recorder(), Recorder("Order")
    events.add(first)
    events.add(second)
    events.forget("ann")
    events.forget(None)
    assert first.forgotten == second.forgotten == ["ann", None]


def test_what_fails_in_one_listener_keeps_nothing_from_the_next() -> None:
    events, broken, working = Events(), Broken("Order"), Recorder("Order")
    events.add(broken)
    events.add(working)
    events.publish(stored("Order"))
    events.forget("ann")
    assert (working.published, working.forgotten) == (["create Order"], ["ann"])
