import { useText } from "../i18n/LanguageContext";
import type { Key } from "../i18n/en";
import { useFormat } from "../i18n/useFormat";
import { momentOf, statusOf, type Status } from "../parse/model";
import type { Order } from "../parse/types";

const USUAL: Status[] = ["pending", "paid", "shipped", "delivered"];

/** How far an order is, as a line of steps with their days. */
export function OrderSteps({ order }: { order: Order }) {
  const t = useText();
  const { dayOf } = useFormat();
  const status = statusOf(order);
  const isOff = !USUAL.includes(status);
  const steps: Status[] = isOff ? ["pending", status] : USUAL;
  const at = steps.indexOf(status);
  return (
    <>
      <ol className={isOff ? "steps steps-off" : "steps"} aria-label={t("order.progress")}>
        {steps.map((step, index) => (
          <li key={step} className={index <= at ? "step step-done" : "step"} aria-current={index === at ? "step" : undefined}>
            {t(`status.${step}` as Key)}
            <small>{index <= at && dayOf(momentOf(order, step))}</small>
          </li>
        ))}
      </ol>
      <p className="visually-hidden" role="status">
        {t(`status.${status}` as Key)}
      </p>
    </>
  );
}

export function StatusBadge({ status }: { status: Status }) {
  const t = useText();
  return <span className={`status status-${status}`}>{t(`status.${status}` as Key)}</span>;
}
