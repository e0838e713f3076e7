import Parse from "parse";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useFormat } from "../../i18n/useFormat";
import { StatusBadge } from "../../orders/OrderSteps";
import { STATUSES } from "../../parse/model";
import { SKU } from "../../parse/types";
import { useLiveQuery } from "../../parse/useLiveQuery";
import { useStorefront } from "../../Storefront";
import { Choice } from "../../ui/Field";
import { Failure, Skeleton } from "../../ui/States";
import { usePage } from "../../ui/usePage";
import { useAdminText } from "../texts/useAdminText";
import { useView } from "../ui/useView";
import { Chart } from "./Chart";
import { lastDays, RANGES, useCustomerReport, useSalesReport, type Customers, type Sales } from "./reports";

const SHOWN = 6;
const LOW = 5;

export function Dashboard() {
  const t = useAdminText();
  const heading = usePage(t("dashboard"));
  const [view, change] = useView({ days: "30" });
  const days = Number(view.days);
  const sales = useSalesReport(days);
  const customers = useCustomerReport(days);
  const error = sales.error ?? customers.error;
  return (
    <>
      <div className="page-head">
        <h1 {...heading}>{t("dashboard")}</h1>
        <Choice label={t("range")} value={view.days ?? ""} onChoose={(chosen) => change({ days: chosen })} options={RANGES.map((n) => ({ value: String(n), label: t("range.days", { n }) }))} />
      </div>
      {error && (
        <Failure
          error={error}
          onRetry={() => {
            sales.reload();
            customers.reload();
          }}
        />
      )}
      {sales.data && customers.data ? <Board days={days} sales={sales.data} customers={customers.data} /> : !error && <Skeleton count={4} />}
    </>
  );
}

function Board({ days, sales, customers }: { days: number; sales: Sales; customers: Customers }) {
  const t = useAdminText();
  const { money, shortMoney, number, day: formatDay } = useFormat();
  const { has } = useStorefront();
  const sold = sales.byDay.reduce((sum, day) => sum + day.orders, 0);
  const dates = lastDays(days);
  const revenue = new Map(sales.byDay.map((day) => [day.date, day.revenue]));
  const visits = new Map(customers.byDay.map((day) => [day.date, day]));
  const fresh = dates.map((day) => visits.get(day)?.new ?? 0);
  const returning = dates.map((day) => visits.get(day)?.returning ?? 0);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return (
    <>
      <dl className="figures" aria-live="polite">
        <Figure name={t("board.revenue")} value={money(sales.revenue)} to="/orders?status=paid" />
        <Figure name={t("board.orders")} value={number(sales.orders)} to="/orders" />
        <Figure name={t("board.customers")} value={number(customers.count)} to={`/customers?days=${days}`} />
        <Figure name={t("board.average")} value={sold > 0 ? money(sales.revenue / sold) : "–"} to="/orders?sort=-total" />
      </dl>
      <div className="board">
        <Panel title={t("board.byday")} isWide>
          <Chart summary={t("board.byday.says", { total: money(sales.revenue) })} dayTitle={t("board.day")} days={dates} format={money} short={shortMoney} formatDay={formatDay} series={[{ name: t("board.revenue"), color: "--accent", values: dates.map((day) => revenue.get(day) ?? 0) }]} />
        </Panel>
        <Panel title={t("board.newold")}>
          <Chart
            summary={t("board.newold.says", { a: sum(fresh), b: sum(returning) })}
            dayTitle={t("board.day")}
            days={dates}
            format={number}
            formatDay={formatDay}
            series={[
              { name: t("board.new"), color: "--accent", values: fresh },
              { name: t("board.returning"), color: "--line-strong", values: returning },
            ]}
          />
        </Panel>
        <Panel title={t("board.status")}>
          <List isEmpty={sales.orders === 0}>
            {STATUSES.filter((status) => sales.byStatus[status]).map((status) => (
              <li key={status}>
                <Link href={`/orders?status=${status}`}>
                  <StatusBadge status={status} />
                  <b>{number(sales.byStatus[status] ?? 0)}</b>
                </Link>
              </li>
            ))}
          </List>
        </Panel>
        <Panel title={t("board.best")}>
          <List isEmpty={sales.byProduct.length === 0}>
            {sales.byProduct.slice(0, SHOWN).map((row) => (
              <li key={row.product}>
                <Link href={`/products?open=${row.product}`}>
                  <span>{row.name ?? row.product}</span>
                  <span className="quiet">{number(row.units)} ×</span>
                  <b>{money(row.revenue)}</b>
                </Link>
              </li>
            ))}
          </List>
        </Panel>
        <Panel title={t("board.top")}>
          <List isEmpty={customers.customers.length === 0}>
            {customers.customers.slice(0, SHOWN).map((row) => (
              <li key={row.customer}>
                <Link href={`/customers?days=${days}&open=${row.customer}`}>
                  <span>{row.username ?? row.customer}</span>
                  <span className="quiet">{number(row.orders)} ×</span>
                  <b>{money(row.value)}</b>
                </Link>
              </li>
            ))}
          </List>
        </Panel>
        {has.skus && (
          <Panel title={t("board.low")}>
            <LowStock />
          </Panel>
        )}
      </div>
    </>
  );
}

function Figure({ name, value, to }: { name: string; value: string; to: string }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd>
        <Link href={to}>{value}</Link>
      </dd>
    </div>
  );
}

function Panel({ title, isWide = false, children }: { title: string; isWide?: boolean; children: ReactNode }) {
  return (
    <section className={isWide ? "panel panel-wide" : "panel"} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function List({ isEmpty, children }: { isEmpty: boolean; children: ReactNode }) {
  const t = useAdminText();
  return isEmpty ? <p className="quiet">{t("board.none")}</p> : <ul className="rows">{children}</ul>;
}

function LowStock() {
  const t = useAdminText();
  const { number } = useFormat();
  const { data } = useLiveQuery(new Parse.Query(SKU).lessThanOrEqualTo("stock", LOW).include("product").ascending("stock").limit(SHOWN * 2));
  if (!data) return <Skeleton />;
  if (data.rows.length === 0) return <p className="quiet">{t("board.low.none")}</p>;
  return (
    <ul className="rows">
      {data.rows.map((sku) => (
        <li key={sku.id}>
          <Link href={`/products?open=${sku.get("product")?.id}`}>
            <span>
              {sku.get("product")?.get("name")} <span className="quiet">{sku.get("variation")}</span>
            </span>
            <b>{number(sku.get("stock"))}</b>
          </Link>
        </li>
      ))}
    </ul>
  );
}
