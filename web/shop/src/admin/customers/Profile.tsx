import Parse from "parse";
import { useCallback } from "react";
import { useFormat } from "../../i18n/useFormat";
import { useLoad } from "../../parse/useLoad";
import { useStorefront } from "../../Storefront";
import { Failure, Skeleton } from "../../ui/States";
import { useAdminText } from "../texts/useAdminText";

interface Shown {
  username?: string;
  address?: string;
  email?: string;
  since?: Date;
  lastSeen?: Date;
}

/** What the staff may know of a customer: where an order goes; admins see the e-mail address too. */
export function Profile({ id }: { id: string }) {
  const t = useAdminText();
  const { date, moment } = useFormat();
  const { has } = useStorefront();
  const load = useCallback((): Promise<Shown> => Parse.Cloud.run("customerProfile", { customer: id }), [id]);
  const { data, error, reload } = useLoad(load);
  if (error) return <Failure error={error} onRetry={reload} />;
  if (!data) return <Skeleton />;
  return (
    <section aria-label={t("field.customer")}>
      <h3>{data.username}</h3>
      <dl className="facts">
        {has.addresses && (
          <>
            <dt>{t("field.address")}</dt>
            <dd className="address">{data.address || t("orders.noaddress")}</dd>
          </>
        )}
        {data.email && (
          <>
            <dt>{t("field.email")}</dt>
            <dd>{data.email}</dd>
          </>
        )}
        <dt>{t("field.since")}</dt>
        <dd>{date(data.since)}</dd>
        <dt>{t("field.seen")}</dt>
        <dd>{moment(data.lastSeen)}</dd>
      </dl>
    </section>
  );
}
