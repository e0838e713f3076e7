import Parse from "parse";
import { useState } from "react";
import { useFormat } from "../../i18n/useFormat";
import { DiscountCode } from "../../parse/types";
import { useLoad } from "../../parse/useLoad";
import { useQuery } from "../../parse/useQuery";
import { useStorefront } from "../../Storefront";
import { useAdminText } from "../texts/useAdminText";
import { Table, type Column } from "../ui/Table";
import { TablePage } from "../ui/TablePage";
import { containing } from "../ui/save";
import { useView, type View } from "../ui/useView";
import { CodeDrawer, NEW } from "./CodeDrawer";

const PAGE_SIZE = 25;

interface Uses {
  code: string;
  uses: number;
  discount: number;
  revenue: number;
}

const ask = (): Promise<Uses[]> => Parse.Cloud.run("codeReport");
const none = async (): Promise<Uses[]> => [];

function codesQuery({ q = "", state, sort = "", page }: View, now: Date): Parse.Query<DiscountCode> {
  const query = new Parse.Query(DiscountCode);
  if (q.trim()) query.matches("code", containing(q));
  if (state === "valid") query.greaterThan("validUntil", now);
  if (state === "expired") query.lessThanOrEqualTo("validUntil", now);
  if (sort.startsWith("-")) query.descending(sort.slice(1) as "code");
  else query.ascending(sort as "code");
  return query.skip((Number(page) - 1) * PAGE_SIZE).limit(PAGE_SIZE).withCount();
}

export function CodesPage() {
  const t = useAdminText();
  const { moment, money, number } = useFormat();
  const { has } = useStorefront();
  const [now] = useState(() => new Date());
  const [view, change] = useView({ q: "", state: "", sort: "code", page: "1", open: "" });
  // Codes are not live for anyone: nobody is to hear of them.
  const { data, error, reload } = useQuery(codesQuery(view, now));
  const report = useLoad(has.orders ? ask : none);
  const usesOf = (code: DiscountCode) => report.data?.find((row) => row.code === code.get("code"));
  const columns: Column<DiscountCode>[] = [
    { title: t("field.code"), field: "code", cell: (code) => code.get("code") },
    { title: t("field.percentage"), field: "percentage", isNumber: true, cell: (code) => number(code.get("percentage")) },
    { title: t("field.until"), field: "validUntil", cell: (code) => moment(code.get("validUntil")) },
    {
      title: t("field.state"),
      cell: (code) => {
        const isValid = code.get("validUntil") > now;
        return <span className={`status sale-${isValid ? "live" : "over"}`}>{t(isValid ? "codes.valid" : "codes.expired")}</span>;
      },
    },
    ...(has.orders
      ? [
          { title: t("field.uses"), isNumber: true, cell: (code: DiscountCode) => number(usesOf(code)?.uses ?? 0) },
          { title: t("field.discount"), isNumber: true, cell: (code: DiscountCode) => money(usesOf(code)?.discount ?? 0) },
        ]
      : []),
  ];
  return (
    <TablePage
      title={t("codes")}
      kind="codes"
      count={data?.count}
      presets={[
        { name: t("codes.valid"), search: "state=valid" },
        { name: t("codes.expired"), search: "state=expired" },
      ]}
      search={{ value: view.q ?? "", onSearch: (q) => change({ q }) }}
      actions={
        <button type="button" className="button button-main" onClick={() => change({ open: NEW })}>
          {t("edit.new")}
        </button>
      }
    >
      <Table
        label={t("codes")}
        columns={columns}
        rows={data?.rows}
        error={error}
        onRetry={reload}
        idOf={(code) => code.id ?? ""}
        nameOf={(code) => code.get("code")}
        sort={view.sort ?? ""}
        onSort={(sort) => change({ sort })}
        onOpen={(open) => change({ open })}
        page={Number(view.page)}
        pages={Math.ceil((data?.count ?? 0) / PAGE_SIZE)}
        onPage={(page) => change({ page: String(page) })}
      />
      <CodeDrawer
        id={view.open ?? ""}
        code={data?.rows.find((code) => code.id === view.open)}
        onClose={() => {
          change({ open: "" });
          reload();
        }}
      />
    </TablePage>
  );
}
