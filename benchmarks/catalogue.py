"""Write the large catalogue that both servers are measured on: articles, shelves, baskets."""

from __future__ import annotations

from typing import Any

from pymongo import MongoClient

from benchmarks.shop import STAFF, Catalogue, Row, Shop, create_all

ARTICLES = 10_000
VARIANTS = 300
BASKETS = 50
SHELVES = 20
ON_A_SHELF = 30
READABLE = {"*": {"read": True}}


def article(number: int) -> Row:
    """Make the body of one article; prices differ, shelves repeat."""
    return {
        "name": f"Article {number}",
        "description": "Made to last, and easy to mend. " * 3,
        "price": (number * 7919) % ARTICLES + 0.5,
        "shelf": f"shelf-{number % SHELVES}",
        "available": number % 4 != 0,
        "ACL": READABLE,
    }


def pointer(class_name: str, row: Row) -> Row:
    """Make a Pointer to a row."""
    return {"__type": "Pointer", "className": class_name, "objectId": row["objectId"]}


def stock_catalogue(port: int, shop: Shop) -> Catalogue:
    """Write the catalogue through the REST API of the server at `port`; raises WrongAnswer."""
    catalogue = Catalogue(create_all(port, "Article", [article(n) for n in range(ARTICLES)]))
    catalogue.variants = create_all(
        port,
        "Variant",
        [
            {
                "article": pointer("Article", catalogue.articles[n // 3]),
                "colour": ("red", "green", "blue")[n % 3],
                "stock": n,
                "ACL": READABLE,
            }
            for n in range(VARIANTS)
        ],
    )
    mine = {shop.user: {"read": True, "write": True}, STAFF: {"read": True}}
    baskets = [{"items": [], "total": 0, "ACL": mine} for _ in range(BASKETS)]
    catalogue.baskets = [row["objectId"] for row in create_all(port, "Basket", baskets)]
    catalogue.shelves = create_all(
        port, "Shelf", [shelf(number, catalogue) for number in range(SHELVES)]
    )
    # one of each makes the class, so that no measured request has to change the schema
    create_all(port, "Purchase", [purchase(catalogue, 0, mine)])
    create_all(port, "Line", [line(0, mine)])
    return catalogue


def shelf(number: int, catalogue: Catalogue) -> Row:
    """Make the body of a shelf; its relation has some of the articles that stand on it."""
    on_it = catalogue.articles[number::SHELVES][:ON_A_SHELF]
    related = {"__op": "AddRelation", "objects": [pointer("Article", row) for row in on_it]}
    return {"name": f"shelf-{number}", "articles": related, "ACL": READABLE}


def purchase(catalogue: Catalogue, number: int, acl: Any) -> Row:
    """Make the body of an order of two variants."""
    chosen = (catalogue.variants[(number + step) % VARIANTS] for step in (0, 7))
    items = [{"sku": pointer("Variant", row), "quantity": 1 + number % 3} for row in chosen]
    return {"items": items, "total": 10.5 + number, "status": "pending", "ACL": acl}


def line(number: int, acl: Any) -> Row:
    """Make the body of one of fifty creates in a batch."""
    return {"number": number, "text": f"line {number}", "ACL": acl}


def index_catalogue(client: MongoClient[dict[str, Any]], database: str) -> None:
    """Make the indexes that an operator of such a shop would make."""
    client[database]["Article"].create_index([("available", 1), ("price", -1)])
    client[database]["Variant"].create_index("_p_article")
