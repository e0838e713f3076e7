"""The lines of carts and orders: what is bought, how much of it, at which price (L1 to L3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cloud.money import rounded, to_decimal
from cloud.rules import refuse
from parsepy import Object, Query

MOST_LINES = 200
MOST_OF_ONE = 999
_SERVERS = ("price", "name", "variation")


@dataclass(slots=True)
class Line:
    """One line: the SKU or product, the quantity, the price of a unit at this moment."""

    place: str
    given: Any
    item: Object
    quantity: int
    is_sku: bool
    product: Object | None = None
    price: Decimal = Decimal(0)

    @property
    def name(self) -> str:
        """What is bought, for people."""
        name = str(self.product.get("name")) if self.product is not None else ""
        return f"{name} ({self.item.get('variation')})" if self.is_sku else name

    def stored(self) -> Any:
        """The line as it is kept: as it came, and what the server adds to it.

        A pointer alone is a line of one: it, too, says what it cost.
        """
        given = self.given
        if not isinstance(given, dict):
            given = {"sku" if self.is_sku else "product": given, "quantity": 1}
        added: dict[str, Any] = {
            "price": self.price,
            "name": self.product.get("name") if self.product is not None else None,
        }
        if self.is_sku:
            added["variation"] = self.item.get("variation")
        return {**given, **added}


async def read(field: str, raw: Any) -> list[Line]:
    """The lines of an array, priced; refuses what breaks a rule, naming the line."""
    if not isinstance(raw, list):
        raise refuse(field, "an array of lines")
    if len(raw) > MOST_LINES:
        raise refuse(field, f"at most {MOST_LINES} lines")
    lines = [_line(f"{field}[{position}]", given) for position, given in enumerate(raw)]
    await _resolve(lines)
    await _price(lines)
    for line in lines:
        _check_added(line)
    return lines


def subtotal(lines: Sequence[Line]) -> Decimal:
    """What the lines cost together."""
    return rounded(sum((line.price * line.quantity for line in lines), Decimal(0)))


def sold_by(seller: Object | None, lines: Sequence[Line]) -> list[Line]:
    """Those of the lines whose product belongs to a seller; all of them if there is none."""
    if seller is None:
        return list(lines)
    return [line for line in lines if line.product is not None and _is_of(line.product, seller)]


def _is_of(product: Object, seller: Object) -> bool:
    return product.acl is not None and product.acl.get_write_access(seller)


def _line(place: str, given: Any) -> Line:
    if isinstance(given, Object):
        if given.class_name not in ("SKU", "Product"):
            raise refuse(place, "a SKU or a product")
        return Line(place, given, given, 1, given.class_name == "SKU")
    if not isinstance(given, dict):
        raise refuse(place, 'a pointer, or {"sku" or "product": pointer, "quantity": number}')
    unknown = sorted(set(given) - {"sku", "product", "quantity", *_SERVERS})
    if unknown:
        raise refuse(f"{place}.{unknown[0]}", "only sku or product, and quantity, can be sent")
    kinds = [kind for kind in ("sku", "product") if given.get(kind) is not None]
    if len(kinds) != 1:
        raise refuse(place, "either a sku or a product")
    item = given[kinds[0]]
    if not isinstance(item, Object) or item.class_name != {"sku": "SKU"}.get(kinds[0], "Product"):
        raise refuse(f"{place}.{kinds[0]}", "a pointer")
    quantity = given.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int | float):
        raise refuse(f"{place}.quantity", f"an integer from 1 to {MOST_OF_ONE}")
    if quantity != int(quantity) or not 1 <= quantity <= MOST_OF_ONE:
        raise refuse(f"{place}.quantity", f"an integer from 1 to {MOST_OF_ONE}")
    return Line(place, given, item, int(quantity), item.class_name == "SKU")


async def _resolve(lines: list[Line]) -> None:
    """Find every SKU and product; a product with SKUs must be bought by SKU."""  # L2
    skus = {str(line.item.id) for line in lines if line.is_sku}
    found: dict[tuple[str, str | None], Object] = {}
    if skus:
        query = Query("SKU").contained_in("objectId", sorted(skus)).include("product").limit(1000)
        found |= {("SKU", sku.id): sku for sku in await query.find(use_master_key=True)}
    products = {str(line.item.id) for line in lines if not line.is_sku}
    if products:
        query = Query("Product").contained_in("objectId", sorted(products)).limit(1000)
        found |= {("Product", p.id): p for p in await query.find(use_master_key=True)}
    varied = await _with_skus(found)
    for line in lines:
        item = found.get((line.item.class_name, line.item.id))
        if item is None:
            raise refuse(line.place, f"there is no {line.item.class_name} {line.item.id}")
        line.item = item
        line.product = item.get("product") if line.is_sku else item
        if line.product is None or line.product.get("price") is None:
            raise refuse(line.place, "its product is gone")
        if not line.is_sku and item.id in varied:
            raise refuse(line.place, "this product is bought by SKU")


async def _with_skus(found: dict[tuple[str, str | None], Object]) -> set[str | None]:
    """The ids of the products among these that have SKUs."""
    products = [item for (kind, _), item in found.items() if kind == "Product"]
    if not products:
        return set()
    query = Query("SKU").contained_in("product", products).select("product").limit(10_000)
    return {sku.get("product").id for sku in await query.find(use_master_key=True)}


async def _price(lines: list[Line]) -> None:
    """The price of each unit now: its product's, or that of the live flash sale if it is lower."""
    products = {line.product.id: line.product for line in lines if line.product is not None}
    live = await live_prices(list(products.values()))
    for line in lines:
        assert line.product is not None
        price = to_decimal(line.product.get("price")) or Decimal(0)
        # a price that was lowered below the sale's counts
        line.price = min(price, live.get(line.product.id, price))


async def live_prices(products: Sequence[Object]) -> dict[str | None, Decimal]:
    """Product id → price, for those in a flash sale at this moment."""
    if not products:
        return {}
    now = datetime.now(UTC)
    query: Query[Object] = Query("FlashSale")
    query.contained_in("product", products).limit(1000)
    query.less_than_or_equal_to("startTime", now).greater_than("endTime", now)
    prices: dict[str | None, Decimal] = {}
    for sale in await query.find(use_master_key=True):
        price = to_decimal(sale.get("discountPrice"))
        if price is not None:
            prices[sale.get("product").id] = price
    return prices


def _check_added(line: Line) -> None:
    """What the server adds may be sent back, but not be something else."""
    if not isinstance(line.given, dict):
        return
    sent = {name: line.given[name] for name in _SERVERS if line.given.get(name) is not None}
    kept = line.stored()
    for name, value in sent.items():
        right = kept.get(name)
        if name == "price":
            # a cart that was read before the price changed is no attempt at anything
            continue
        if value != right:
            raise refuse(f"{line.place}.{name}", "it is the server's to set")
