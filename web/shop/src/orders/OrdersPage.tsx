import Parse from "parse";
import { useState } from "react";
import { Link } from "wouter";
import { useFormat } from "../i18n/useFormat";
import { useText } from "../i18n/LanguageContext";
import { linesOf, statusOf } from "../parse/model";
import { Order } from "../parse/types";
import { usePages } from "../parse/usePages";
import { useSession } from "../session/SessionContext";
import { Pager } from "../ui/Pager";
import { Empty, Failure, Skeleton } from "../ui/States";
import { usePage } from "../ui/usePage";
import { StatusBadge } from "./OrderSteps";

const PAGE_SIZE = 20;

export function OrdersPage() {
  const t = useText();
  const { date, money } = useFormat();
  const heading = usePage(t("orders.title"));
  const { user } = useSession();
  const [at, setAt] = useState("");
  // Staff may read everybody's: these are one's own.
  const mine = user && new Parse.Query(Order).equalTo("user", user);
  const { rows, error, reload, ...pages } = usePages(mine, { sort: "-createdAt", at, size: PAGE_SIZE });
  return (
    <>
      <h1 {...heading}>{t("orders.title")}</h1>
      {error && <Failure error={error} onRetry={reload} />}
      {!rows && !error && <Skeleton />}
      {rows?.length === 0 && (
        <Empty>
          <p>{t("orders.empty")}</p>
          <Link href="/" className="button">
            {t("shop.home")}
          </Link>
        </Empty>
      )}
      <ul className="rows rows-links">
        {rows?.map((order) => (
          <li key={order.id}>
            <Link href={`/orders/${order.id}`}>
              <span>
                <strong>{t("orders.of", { date: date(order.createdAt) })}</strong>
                <small className="quiet">
                  {linesOf(order.get("products"))
                    .map((line) => line.name)
                    .join(", ")}
                </small>
              </span>
              <StatusBadge status={statusOf(order)} />
              <span className="line-sum">{money(order.get("total"))}</span>
            </Link>
          </li>
        ))}
      </ul>
      <Pager {...pages} onPage={setAt} />
    </>
  );
}
