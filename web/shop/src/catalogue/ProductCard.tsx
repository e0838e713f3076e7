import { Link } from "wouter";
import { useText } from "../i18n/LanguageContext";
import type { Product, SKU } from "../parse/types";
import { useSales } from "../sales/SalesContext";
import { Picture } from "./Picture";
import { Price } from "./Price";
import { stockText } from "./stock";

export function ProductCard({ product, skus }: { product: Product; skus: SKU[] }) {
  const t = useText();
  const stock = stockText(skus);
  const isOnSale = useSales().of(product.id) !== undefined;
  return (
    <li className="card">
      <Link href={`/product/${product.id}`} className="card-link">
        <Picture product={product} />
        {isOnSale && <span className="badge">{t("sale.label")}</span>}
        <span className="card-text">
          <span className="card-name">{product.get("name")}</span>
          <Price product={product} />
          {stock && stock.kind !== "in" && <span className={`stock stock-${stock.kind}`}>{t(stock.key, { n: stock.n })}</span>}
        </span>
      </Link>
    </li>
  );
}
