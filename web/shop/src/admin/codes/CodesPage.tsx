import Parse from "parse";
import { useState } from "react";
import { useFormat } from "../../i18n/useFormat";
import { DiscountCode } from "../../parse/types";
import { useLoad } from "../../parse/useLoad";
import { useStorefront } from "../../Storefront";
import { useAdminText } from "../texts/useAdminText";
import { ListPage } from "../ui/ListPage";
import type { Column } from "../ui/Table";
import { containing } from "../ui/inputs";
import { useList } from "../ui/useList";
import type { View } from "../ui/useView";
import { CodeDrawer } from "./CodeDrawer";

interface Uses {
  code: string;
  uses: number;
  discount: number;
  revenue: number;
}

const ask = (): Promise<Uses[]> => Parse.Cloud.run("codeReport");
const none = async (): Promise<Uses[]> => [];

function codesQuery({ q = "", state }: View, now: Date): Parse.Query<DiscountCode> {
  const query = new Parse.Query(DiscountCode);
  if (q.trim()) query.matches("code", containing(q));
  if (state === "valid") query.greaterThan("validUntil", now);
  if (state === "expired") query.lessThanOrEqualTo("validUntil", now);
  return query;
}

export function CodesPage() {
  const t = useAdminText();
  const { moment, money, number } = useFormat();
  const { has } = useStorefront();
  const [now] = useState(() => new Date());
  // Codes are not live for anyone: nobody is to hear of them.
  const list = useList({ usual: { state: "", sort: "code" }, query: (view) => codesQuery(view, now), isLive: false });
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
    <ListPage
      title={t("codes")}
      kind="codes"
      list={list}
      columns={columns}
      nameOf={(code) => code.get("code")}
      presets={[
        { name: t("codes.valid"), search: "state=valid" },
        { name: t("codes.expired"), search: "state=expired" },
      ]}
      searchLabel={t("codes.search")}
      canAdd
    >
      <CodeDrawer id={list.view.open ?? ""} code={list.opened} onClose={list.leave} />
    </ListPage>
  );
}
