import { Sums } from "../cart/Sums";
import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import { itemOf, linesOf, totalsOf } from "../parse/model";
import type { Order } from "../parse/types";

/** What was ordered, as it was charged. */
export function OrderLines({ order }: { order: Order }) {
  const t = useText();
  const { money } = useFormat();
  return (
    <>
      <table className="table">
        <caption className="visually-hidden">{t("order.lines")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("order.item")}</th>
            <th scope="col" className="number">
              {t("product.quantity")}
            </th>
            <th scope="col" className="number">
              {t("order.sum")}
            </th>
          </tr>
        </thead>
        <tbody>
          {linesOf(order.get("products")).map((line) => (
            <tr key={itemOf(line)}>
              <td>
                {line.name} {line.variation && <span className="quiet">{line.variation}</span>}
              </td>
              <td className="number">{line.quantity}</td>
              <td className="number">{line.price !== undefined && money(line.price * line.quantity)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Sums totals={totalsOf(order)} />
    </>
  );
}
