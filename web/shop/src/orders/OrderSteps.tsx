import { useText } from "../i18n/LanguageContext";
import type { Key } from "../i18n/en";
import type { Status } from "../parse/model";

const USUAL: Status[] = ["pending", "paid", "shipped", "delivered"];

/** How far an order is, as a line of steps. */
export function OrderSteps({ status }: { status: Status }) {
  const t = useText();
  const isOff = !USUAL.includes(status);
  const steps: Status[] = isOff ? ["pending", status] : USUAL;
  const at = steps.indexOf(status);
  return (
    <>
      <ol className={isOff ? "steps steps-off" : "steps"} aria-label={t("order.progress")}>
        {steps.map((step, index) => (
          <li key={step} className={index <= at ? "step step-done" : "step"} aria-current={index === at ? "step" : undefined}>
            {t(`status.${step}` as Key)}
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
