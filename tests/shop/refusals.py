"""What the shop refuses, as a table: who attempts what, with which code, in which words.

Every line holds at both doors. Where GraphQL's types refuse a value before any rule is asked,
the line says so (``typed``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.rest.shop import pointer
from tests.shop.doors import Row

EVERYBODY = {"*": {"read": True, "write": True}}
TYPED = "BAD_USER_INPUT"
NOTHING = {"__type": "Pointer", "className": "SKU", "objectId": "nothing123"}


def hours(count: float) -> Row:
    """A date so many hours from now."""
    moment = datetime.now(UTC) + timedelta(hours=count)
    return {"__type": "Date", "iso": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")}


@dataclass(frozen=True)
class Goods:
    """What is in the shop when something is attempted: an object of each kind, by its name.

    ``ann`` is a shopper with a ``cart`` and a pending and a paid order (``order``, ``paid``) of
    the goods of the seller ``sid``; ``bob`` is another shopper, ``eve`` another seller.
    """

    ids: dict[str, str]
    classes: dict[str, str]

    def __getitem__(self, name: str) -> Row:
        """A Pointer to an object."""
        return pointer(self.classes[name], self.ids[name])

    def line(self, quantity: Any = 1, **fields: Any) -> Row:
        """A line of the SKU, which costs 10 and of which there are 5."""
        return {"sku": self["sku"], "quantity": quantity, **fields}


Fields = Callable[[Goods], Row]


def given(**fields: Any) -> Fields:
    """These fields, whatever there is in the shop."""
    return lambda goods: fields


@dataclass(frozen=True)
class Attempt:
    """One thing that is refused.

    ``target`` is a class to create an object of, a function to call, else the name of an object.
    """

    rule: str
    who: str
    verb: str
    target: str
    code: int
    says: str = ""
    fields: Fields = field(default=lambda goods: {})
    typed: bool = False

    def __str__(self) -> str:
        return f"{self.rule}: {self.who} {self.verb} {self.target}"


# --- who may do what ----------------------------------------------------------------------------


def _sale(**fields: Any) -> Fields:
    """A sale that would be right: of its product there is another one five hours from now."""
    basis = {"discountPrice": 5, "startTime": hours(1), "endTime": hours(2), **fields}
    return lambda goods: {"product": goods["product"], **basis}


TRADED = ("product", "sku", "sale", "code")
"""What sellers own; shoppers may write nothing of these classes."""


def _permissions() -> Iterator[Attempt]:
    """Objects that somebody may not see, or not write, are not found; classes are forbidden."""
    for thing, strangers in (
        ("ann", ("bob", "anybody", "eve")),
        ("cart", ("bob", "anybody", "eve")),
        ("order", ("bob", "anybody", "eve")),
    ):
        for stranger in strangers:
            yield Attempt("read", stranger, "get", thing, 101)
            code = 206 if thing == "ann" else 101
            yield Attempt("delete", stranger, "delete", thing, code)
    changes: dict[str, Fields] = {
        "ann": given(username="taken over"),
        "product": given(price=1),
        "sku": given(stock=100),
        "sale": given(discountPrice=1),
        "code": given(percentage=100),
        "cart": given(items=[]),
        "order": given(status="cancelled"),
    }
    for thing, change in changes.items():
        for stranger in ("bob", "eve"):
            code = 101
            if thing == "ann":
                code = 206
            elif stranger == "bob" and thing in TRADED:
                code = 119
            yield Attempt("update", stranger, "update", thing, code, fields=change)
            yield Attempt("update", stranger, "update", thing, code, fields=given(ACL=EVERYBODY))
    for thing in TRADED:
        yield Attempt("delete", "ann", "delete", thing, 119)
        yield Attempt("delete", "eve", "delete", thing, 101)
    for shopper in ("ann", "anybody"):
        yield Attempt("read", shopper, "find", "DiscountCode", 119)
        yield Attempt("read", shopper, "get", "code", 119)
    goods_of: dict[str, Fields] = {
        "Product": given(name="Mug", price=1),
        "SKU": lambda goods: {"product": goods["product"], "variation": "red", "stock": 1},
        "FlashSale": _sale(startTime=hours(20), endTime=hours(21)),
    }
    for class_name, fields in goods_of.items():
        yield Attempt("create", "ann", "create", class_name, 119, fields=fields)
        yield Attempt("create", "anybody", "create", class_name, 119, fields=fields)
    for class_name in ("SKU", "FlashSale"):
        yield Attempt("create", "eve", "create", class_name, 119, fields=goods_of[class_name])
    yield Attempt("O9", "ann", "delete", "paid", 101)


PERMISSIONS = tuple(_permissions())

# --- users and the catalogue --------------------------------------------------------------------


def _account(**fields: Any) -> Fields:
    new = {"username": "new", "password": "x", "email": "new@example.com"}
    return given(**{**new, **fields})


def _product(**fields: Any) -> Fields:
    return given(**{"name": "Mug", "price": 1, **fields})


def _sku(**fields: Any) -> Fields:
    return lambda goods: {"product": goods["product"], "variation": "red", "stock": 1, **fields}


def _master(rule: str, target: str, fields: Fields, says: str = "", **more: Any) -> Attempt:
    """Something that not even the master key may create."""
    return Attempt(rule, "master", "create", target, 142, says, fields, **more)


USERS = (
    Attempt("U1", "anybody", "signUp", "_User", 125, "", _account(email="nobody@nowhere")),
    Attempt("U1", "anybody", "signUp", "_User", 203, "", _account(email="ann@example.com")),
    *(
        Attempt("U2", "anybody", "signUp", "_User", 142, "role", _account(role=role), typed=typed)
        for role, typed in (("admin", False), (["admin"], True))
    ),
    *(
        Attempt(
            "U2",
            "ann",
            "update",
            "ann",
            142,
            "role",
            given(role=role),
            typed=typed,
        )
        for role, typed in (("admin", False), (["admin"], True))
    ),
)

CATALOGUE = (
    *(
        _master(
            "P1", "Product", _product(price=price), "^price", typed=not isinstance(price, float)
        )
        for price in (-1.0, 1.999, 1e13, 1e300, -1e-9, "5", True)
    ),
    _master("P2", "Product", _product(name="  "), "^name"),
    Attempt("P3", "master", "delete", "product", 142, "open"),
    *(
        _master("S1", "SKU", _sku(stock=stock), "^stock", typed=isinstance(stock, str))
        for stock in (-1, 1.5, "many")
    ),
    _master("S2", "SKU", _sku(product=pointer("Product", "nothing123")), "^product"),
    _master("S3", "SKU", _sku(variation="blue"), "^variation"),
)


# --- lines, carts, codes, sales -----------------------------------------------------------------


def _items(*lines: Callable[[Goods], Any]) -> Fields:
    return lambda goods: {"items": [line(goods) for line in lines], "user": goods["ann"]}


def _order(*lines: Callable[[Goods], Any], **fields: Any) -> Fields:
    """An order of these lines, else of one that comes to 10, with everything that there must be."""

    def make(goods: Goods) -> Row:
        products = [line(goods) for line in lines] if lines else [goods.line()]
        basis = {"user": goods["ann"], "products": products, "total": 10, "status": "pending"}
        return {**basis, **fields}

    return make


def _quantity(quantity: Any) -> Callable[[Goods], Row]:
    return lambda goods: goods.line(quantity)


def _lines() -> Iterator[Attempt]:
    """L1 to L3 hold for carts and orders alike."""
    bad: tuple[tuple[str, str, tuple[Callable[[Goods], Any], ...]], ...] = (
        *(
            ("L1", r"\[0\]\.quantity", (_quantity(quantity),))
            for quantity in (0, -1, 1000, 1.5, 1e300, "2", None, True)
        ),
        ("L1", r"\[0\]", (_quantity({"__op": "Increment", "amount": 5}),)),
        ("L1", r"\[0\]", (lambda goods: goods.line(price={"$lt": 0}, name="cheaper"),)),
        ("L2", "no SKU", (lambda goods: NOTHING,)),
        ("L2", "no SKU", (lambda goods: {"sku": NOTHING, "quantity": 1},)),
        ("L3", "200", (lambda goods: goods.line(),) * 201),
        ("L3", "by SKU", (lambda goods: goods["product"],)),
    )
    for rule, says, lines in bad:
        yield Attempt(rule, "ann", "create", "Cart", 142, says, _items(*lines))
        yield Attempt(rule, "ann", "create", "Order", 142, says, _order(*lines))


LINES = tuple(_lines())

CARTS = tuple(
    Attempt("C1", "ann", "update", "cart", 142, says, given(**change), typed=typed)
    for change, says, typed in (
        ({"discount": 1000}, "discount", False),
        ({"subtotal": 1}, "subtotal", False),
        ({"code": "FREE"}, "code", False),
        ({"evil": 1}, "evil", True),
        ({"items": [{"quantity": -1}]}, "items", False),
    )
)


def _code(**fields: Any) -> Fields:
    return lambda goods: {
        "code": "SUMMER",
        "percentage": 5,
        "validUntil": hours(1),
        **fields,
    }


def _function(rule: str, who: str, name: str, code: int, says: str, /, **params: Any) -> Attempt:
    return Attempt(rule, who, "call", name, code, says, given(**params))


CODES = (
    *(_master("D1", "DiscountCode", _code(code=text), "^code") for text in ("a b", "no", "x" * 41)),
    _master("D1", "DiscountCode", _code(code="taken-27"), "^code"),
    *(
        _master("D2", "DiscountCode", _code(percentage=percentage), "^percentage")
        for percentage in (0, -5, 101)
    ),
    _master("D3", "DiscountCode", _code(validUntil=hours(-1)), "^validUntil"),
    _function("D4", "ann", "applyDiscountCode", 142, "^This code is not valid.$", code="GUESS"),
    Attempt("D4", "ann", "create", "DiscountCode", 119, "", _code(code="MINE")),
    _function("D4", "eve", "applyDiscountCode", 142, "cart", code="TAKEN-27"),
)

SALES = (
    *(_master("F1", "FlashSale", _sale(endTime=hours(end)), "Time") for end in (1, 0.5)),
    *(
        _master("F2", "FlashSale", _sale(discountPrice=price), "^discount")
        for price in (10, 12, -1, 1.999)
    ),
    _master(
        "F3",
        "FlashSale",
        _sale(startTime=hours(4.5), endTime=hours(5.5)),
        "another sale",
    ),
)

# --- orders -------------------------------------------------------------------------------------

ORDERS = (
    Attempt("M1", "ann", "create", "Order", 142, "10", _order(total=9)),
    Attempt("M1", "ann", "create", "Order", 142, "10", _order(total=-1)),
    Attempt("M1", "ann", "create", "Order", 142, "", _order(total="1"), typed=True),
    Attempt("O1", "anybody", "create", "Order", 101, "", _order()),
    Attempt("O2", "ann", "create", "Order", 142, "not empty", _order(products=[])),
    _function("O2", "bob", "checkout", 142, "empty"),
    *(
        Attempt("O3", "ann", "create", "Order", 142, "^status", _order(status=status), typed=typed)
        for status, typed in (("paid", False), ("x", False), ({"$gt": ""}, True))
    ),
    Attempt(
        "O4",
        "ann",
        "create",
        "Order",
        142,
        r"products\[0\].*only",
        _order(lambda goods: goods.line(9), total=90),
    ),
    Attempt(
        "O4",
        "ann",
        "create",
        "Order",
        142,
        "only",
        _order(lambda goods: goods.line(3), lambda goods: goods.line(3), total=60),
    ),
    *(
        Attempt("O8", "ann", "create", "Order", 142, "", _order(**forged), typed=typed)
        for forged, typed in (
            ({"discount": 39}, False),
            ({"code": "FREE"}, False),
            ({"paidAt": hours(-1)}, False),
            ({"createdWith": {"action": "staff"}}, True),
        )
    ),
    # an order with a customer is of the other schema, which has rules of its own
    *(
        Attempt("O8", "ann", "create", "Order", code, "", _order(**forged), typed=True)
        for forged, code in (
            ({"customer": None, "status": "paid", "total": 0}, 142),
            ({"customer": {"name": "me"}, "status": "paid", "total": 0}, 119),
            ({"customer.name": "me", "status": "paid", "total": 0}, 119),
        )
    ),
    *(
        Attempt("O5", who, "update", "order", code, says, given(status=status))
        for who, status, code, says in (
            ("ann", "paid", 142, "^status"),
            ("ann", "shipped", 142, "^status"),
            ("master", "shipped", 142, "^status"),
            ("staff", "delivered", 142, "^status"),
            ("staff", "nonsense", 142, "^status"),
        )
    ),
    *(
        Attempt("O5", "staff", "update", "paid", 142, "^status", given(status=s))
        for s in ("pending", "delivered")
    ),
    Attempt(
        "O5",
        "ann",
        "update",
        "order",
        101,
        fields=given(status="cancelled", ACL=EVERYBODY),
    ),
    Attempt("O5", "ann", "update", "paid", 142, fields=given(status="cancelled")),
    *(
        Attempt("O8", who, "update", "order", code, says, change)
        for who, code in (("master", 142), ("staff", 142), ("ann", 101))
        for says, change in (
            ("total" if code == 142 else "", given(total=1)),
            ("products" if code == 142 else "", given(products=[])),
            ("user" if code == 142 else "", lambda goods: {"user": goods["bob"]}),
        )
    ),
    _function("R1", "ann", "salesReport", 142, ""),
    Attempt(
        "Y1",
        "ann",
        "call",
        "createPayment",
        141,
        "No payment gateway is configured.",
        lambda goods: {"order": goods.ids["order"]},
    ),
    Attempt(
        "Y1",
        "ann",
        "call",
        "createPaymentPage",
        141,
        "No payment gateway is configured.",
        lambda goods: {"order": goods.ids["order"], "returnTo": "https://shop.example/orders"},
    ),
)

REFUSALS = (*PERMISSIONS, *USERS, *CATALOGUE, *LINES, *CARTS, *CODES, *SALES, *ORDERS)

HIDDEN = (
    *(("ann", stranger) for stranger in ("bob", "anybody", "eve")),
    *(("cart", stranger) for stranger in ("bob", "anybody", "eve")),
    *(("order", stranger) for stranger in ("bob", "anybody", "eve")),
)
"""Objects, and who does not find them."""
