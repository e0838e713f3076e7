import { Link } from "wouter";
import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import { Countdown } from "./Countdown";
import { useSales } from "./SalesContext";

/** The sales of this moment, above the catalogue. */
export function SalesRibbon() {
  const t = useText();
  const { money } = useFormat();
  const { live } = useSales();
  if (live.length === 0) return null;
  return (
    <section className="ribbon" aria-label={t("sale.title")}>
      <h2>{t("sale.title")}</h2>
      <ul>
        {live.slice(0, 6).map((sale) => (
          <li key={sale.id}>
            <Link href={`/product/${sale.get("product").id}`}>
              <strong>{sale.get("product").get("name")}</strong> <span className="price-sale">{money(sale.get("discountPrice"))}</span>
            </Link>
            <Countdown to={sale.get("endTime")} />
          </li>
        ))}
      </ul>
    </section>
  );
}
