import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import type { Totals } from "../parse/model";

/** Subtotal, discount and total, as the server reckons them. */
export function Sums({ totals, isBusy = false }: { totals: Totals; isBusy?: boolean }) {
  const t = useText();
  const { money } = useFormat();
  return (
    <dl className={isBusy ? "sums sums-busy" : "sums"} aria-live="polite">
      {totals.discount > 0 && (
        <>
          <dt>{t("cart.subtotal")}</dt>
          <dd>{money(totals.subtotal)}</dd>
          <dt>{totals.code ? t("cart.discount.code", { code: totals.code }) : t("cart.discount")}</dt>
          <dd>−{money(totals.discount)}</dd>
        </>
      )}
      <dt className="sums-total">{t("cart.total")}</dt>
      <dd className="sums-total">{money(totals.total)}</dd>
    </dl>
  );
}
