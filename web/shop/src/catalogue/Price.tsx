import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import type { Product } from "../parse/types";
import { useSales } from "../sales/SalesContext";

/** What a product costs now, and what it cost before the sale. */
export function Price({ product }: { product: Product }) {
  const t = useText();
  const { money } = useFormat();
  const sale = useSales().of(product.id);
  if (!sale) return <span className="price">{money(product.get("price"))}</span>;
  return (
    <span className="price">
      <span className="visually-hidden">{t("price.now")} </span>
      <span className="price-sale">{money(sale.get("discountPrice"))}</span>{" "}
      <span className="visually-hidden">{t("price.before")} </span>
      <s>{money(product.get("price"))}</s>
    </span>
  );
}
