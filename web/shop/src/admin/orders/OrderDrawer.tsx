import Parse from "parse";
import { Fragment } from "react";
import { useFormat } from "../../i18n/useFormat";
import { useText } from "../../i18n/LanguageContext";
import type { Key } from "../../i18n/en";
import { OrderLines } from "../../orders/OrderLines";
import { OrderSteps } from "../../orders/OrderSteps";
import { attentionOf, momentOf, STATUSES, stepsOf, type Status } from "../../parse/model";
import { saveFields } from "../../parse/save";
import { Order } from "../../parse/types";
import { useLiveQuery } from "../../parse/useLiveQuery";
import { useStorefront } from "../../Storefront";
import { Dialog } from "../../ui/Dialog";
import { Failure, Skeleton } from "../../ui/States";
import { useAction } from "../../ui/useAction";
import { Profile } from "../customers/Profile";
import { useAdminText } from "../texts/useAdminText";

/** One order: what was charged, to whom it goes, and the steps that it may take. */
export function OrderDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useText();
  const { data, error, reload } = useLiveQuery(id ? new Parse.Query(Order).equalTo("objectId", id) : null);
  const order = data?.rows.find((row) => row.id === id);
  return (
    <Dialog title={t("order.title", { id })} kind="side" isOpen={id !== ""} onClose={onClose}>
      {error && <Failure error={error} onRetry={reload} />}
      {!order && !error && <Skeleton />}
      {order && (
        <>
          <OrderSteps order={order} />
          <Attention order={order} onDone={reload} />
          <LegalSteps order={order} onDone={reload} />
          <OrderLines order={order} />
          <History order={order} />
          {order.get("user")?.id && <Profile key={id} id={order.get("user").id ?? ""} />}
        </>
      )}
    </Dialog>
  );
}

/** Money that does not fit the order, until somebody has seen to it. */
function Attention({ order, onDone }: { order: Order; onDone: () => void }) {
  const t = useAdminText();
  const { isBusy, problem, run } = useAction();
  const texts = attentionOf(order);
  if (texts.length === 0) return null;
  const done = async () => {
    if (await run(() => saveFields(order, { attention: { __op: "Delete" } }))) onDone();
  };
  return (
    <section className="warning" aria-label={t("orders.attention")}>
      <h3>{t("orders.attention")}</h3>
      <ul>
        {texts.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <button type="button" className="button" disabled={isBusy} onClick={done}>
        {t("orders.attention.done")}
      </button>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

function LegalSteps({ order, onDone }: { order: Order; onDone: () => void }) {
  const t = useAdminText();
  const shopText = useText();
  const { steps } = useStorefront();
  const { isBusy, problem, run } = useAction();
  const legal = stepsOf(order, steps);
  const take = async (status: Status) => {
    if (await run(() => saveFields(order, { status }))) onDone();
  };
  return (
    <div className="form-row" role="group" aria-label={t("orders.step")}>
      <span className="quiet">{t(legal.length > 0 ? "orders.step" : "orders.none")}</span>
      {legal.map((status) => (
        <button key={status} type="button" className="button" disabled={isBusy} onClick={() => take(status)}>
          {shopText(`status.${status}` as Key)}
        </button>
      ))}
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** Every step that the order has taken, and when. */
function History({ order }: { order: Order }) {
  const t = useAdminText();
  const shopText = useText();
  const { moment } = useFormat();
  const taken = STATUSES.map((status) => ({ status, at: momentOf(order, status) })).filter(({ at }) => at !== undefined);
  return (
    <section aria-label={t("orders.history")}>
      <h3>{t("orders.history")}</h3>
      <dl className="facts">
        {taken.map(({ status, at }) => (
          <Fragment key={status}>
            <dt>{shopText(`status.${status}` as Key)}</dt>
            <dd>{moment(at)}</dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}
