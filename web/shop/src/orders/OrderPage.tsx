import Parse from "parse";
import { useState } from "react";
import { Link, useSearch } from "wouter";
import { useCart } from "../cart/CartContext";
import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import { linesOf, statusOf, type Status } from "../parse/model";
import { saveFields } from "../parse/save";
import { Order } from "../parse/types";
import { useLiveQuery } from "../parse/useLiveQuery";
import { useSession } from "../session/SessionContext";
import { useStorefront } from "../Storefront";
import { Empty, Failure, Skeleton } from "../ui/States";
import { useAction } from "../ui/useAction";
import { usePage } from "../ui/usePage";
import { OrderLines } from "./OrderLines";
import { OrderSteps } from "./OrderSteps";

export function OrderPage({ id }: { id: string }) {
  const t = useText();
  const { moment } = useFormat();
  const heading = usePage(t("order.title", { id }));
  const { user } = useSession();
  const search = new URLSearchParams(useSearch());
  const { data, error, reload } = useLiveQuery(user && new Parse.Query(Order).equalTo("objectId", id));
  const order = data?.rows[0];
  return (
    <>
      <p>
        <Link href="/orders">← {t("order.back")}</Link>
      </p>
      <h1 {...heading}>{t("order.title", { id })}</h1>
      {error && <Failure error={error} onRetry={reload} />}
      {!data && !error && <Skeleton />}
      {data && !order && (
        <Empty>
          <p>{t("shop.missing")}</p>
        </Empty>
      )}
      {order && (
        <div className="order">
          <News status={statusOf(order)} isPlaced={search.has("placed")} payment={search.get("payment")} />
          <p className="quiet">{t("orders.of", { date: moment(order.createdAt) })}</p>
          <OrderSteps order={order} />
          <OrderLines order={order} />
          {statusOf(order) === "pending" && search.get("payment") !== "done" && <PayButton order={order} />}
          <OrderActions order={order} onDone={reload} />
        </div>
      )}
    </>
  );
}

interface NewsProps {
  status: Status;
  isPlaced: boolean;
  /** How the customer came back from the payment's own page: "done" or "cancelled". */
  payment: string | null;
}

/** What has just happened to the order. That money has come, the server says by the status, and nobody else. */
function News({ status, isPlaced, payment }: NewsProps) {
  const t = useText();
  const isPending = status === "pending";
  return (
    <div role="status">
      {payment === "done" && isPending && <p className="note">{t("order.paying")}</p>}
      {payment === "done" && status === "paid" && <p className="good">{t("order.paid")}</p>}
      {payment === "cancelled" && isPending && <p className="note">{t("order.unpaid")}</p>}
      {isPlaced && !payment && isPending && <p className="good">{t("order.placed")}</p>}
    </div>
  );
}

/** To the gateway's own page, and back to this one: no script of others runs here. */
function PayButton({ order }: { order: Order }) {
  const t = useText();
  const { has } = useStorefront();
  const { isBusy, problem, run } = useAction();
  if (!has.payments || order.get("total") <= 0) return null;
  const pay = () =>
    run(async () => {
      const returnTo = location.origin + location.pathname;
      const { url } = await Parse.Cloud.run("createPaymentPage", { order: order.id, returnTo });
      location.assign(url);
    });
  return (
    <div className="pay">
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <button type="button" className="button button-main" disabled={isBusy} onClick={pay}>
        {t("order.pay")}
      </button>
      <small className="quiet">{t("order.pay.hint")}</small>
    </div>
  );
}

function OrderActions({ order, onDone }: { order: Order; onDone: () => void }) {
  const t = useText();
  const cart = useCart();
  const [isSure, setSure] = useState(false);
  const { isBusy, problem, run } = useAction();
  const cancel = async () => {
    const isDone = await run(() => saveFields(order, { status: "cancelled" }));
    setSure(false);
    if (isDone) onDone();
  };
  const again = async () => {
    for (const line of linesOf(order.get("products"))) {
      const { sku, product, quantity, name, variation } = line;
      if (!(await cart.add({ ...(sku ? { sku, variation } : { product }), quantity, name }))) return; // said in the cart
    }
    cart.setOpen(true);
  };
  return (
    <div className="form-row">
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {statusOf(order) === "pending" && !isSure && (
        <button type="button" className="button" onClick={() => setSure(true)}>
          {t("order.cancel")}
        </button>
      )}
      {statusOf(order) === "pending" && isSure && (
        <>
          <span>{t("order.cancel.sure")}</span>
          <button type="button" className="button button-danger" disabled={isBusy} onClick={cancel}>
            {t("order.cancel")}
          </button>
          <button type="button" className="button" onClick={() => setSure(false)}>
            {t("state.cancel")}
          </button>
        </>
      )}
      <button type="button" className="button" disabled={isBusy} onClick={() => run(again)}>
        {t("order.again")}
      </button>
    </div>
  );
}
