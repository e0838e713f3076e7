import { useState, type ReactNode } from "react";
import { useSearch, useLocation } from "wouter";
import { remember, remembered } from "../../ui/remembered";
import { usePage } from "../../ui/usePage";
import { useAdminText } from "../texts/useAdminText";

export interface Preset {
  name: string;
  /** The view, as it stands in the address. */
  search: string;
}

interface Props {
  title: string;
  /** Under which name views are kept. */
  kind: string;
  presets: Preset[];
  search?: { value: string; label: string; onSearch: (text: string) => void };
  count: number | undefined;
  /** Buttons beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The head of a table: title, views, search. */
export function TablePage({ title, kind, presets, search, count, actions, children }: Props) {
  const t = useAdminText();
  const heading = usePage(title);
  return (
    <>
      <div className="page-head">
        <h1 {...heading}>{title}</h1>
        <div className="form-row">{actions}</div>
      </div>
      <Views kind={kind} presets={presets} />
      <div className="form-row">
        {search && (
          <input type="search" data-search="" className="table-search" aria-label={search.label} placeholder={search.label} maxLength={60} value={search.value} onChange={(event) => search.onSearch(event.target.value)} />
        )}
        <span className="quiet" role="status">
          {count !== undefined && t("table.count", { n: count })}
        </span>
      </div>
      {children}
    </>
  );
}

/** The view of an address: neither the page nor what is open belongs to it. */
function viewOf(search: string): string {
  const rest = [...new URLSearchParams(search)].filter(([name]) => name !== "at" && name !== "open");
  return new URLSearchParams(rest).toString();
}

/** Views by name: those that everybody has, and one's own, which this browser keeps. */
function Views({ kind, presets }: { kind: string; presets: Preset[] }) {
  const t = useAdminText();
  const search = viewOf(useSearch());
  const [path, navigate] = useLocation();
  const [own, setOwn] = useState<Preset[]>(() => JSON.parse(remembered(`shop.views.${kind}`) ?? "[]"));
  const [name, setName] = useState<string>();
  const keep = (views: Preset[]) => {
    remember(`shop.views.${kind}`, JSON.stringify(views));
    setOwn(views);
  };
  const chip = ({ name: text, search: wanted }: Preset) => (
    <button type="button" className="chip" aria-pressed={search === wanted} onClick={() => navigate(wanted ? `${path}?${wanted}` : path)}>
      {text}
    </button>
  );
  return (
    <div className="views" role="group" aria-label={t("views")}>
      {[{ name: t("views.all"), search: "" }, ...presets].map((preset) => (
        <span key={preset.name}>{chip(preset)}</span>
      ))}
      {own.map((preset) => (
        <span key={preset.name} className="own-view">
          {chip(preset)}
          <button type="button" className="button-quiet" aria-label={t("views.forget", { name: preset.name })} onClick={() => keep(own.filter((other) => other !== preset))}>
            ✕
          </button>
        </span>
      ))}
      {name === undefined ? (
        <button type="button" className="button-quiet" onClick={() => setName("")}>
          + {t("views.save")}
        </button>
      ) : (
        <form
          className="form-row"
          onSubmit={(event) => {
            event.preventDefault();
            keep([...own.filter((other) => other.name !== name), { name, search }]);
            setName(undefined);
          }}
        >
          <input aria-label={t("views.name")} placeholder={t("views.name")} required maxLength={40} value={name} onChange={(event) => setName(event.target.value)} />
          <button type="submit" className="button">
            {t("views.save")}
          </button>
        </form>
      )}
    </div>
  );
}
