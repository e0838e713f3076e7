import type { ReactNode } from "react";
import { useAdminText } from "../texts/useAdminText";
import { Table, type Column } from "./Table";
import { TablePage, type Preset } from "./TablePage";
import type { List } from "./useList";

/** What is open when something new is to be made. */
export const NEW = "new";

interface Props<T> {
  title: string;
  /** Under which name views are kept. */
  kind: string;
  list: List<T>;
  columns: Column<T>[];
  nameOf: (row: T) => string;
  presets?: Preset[];
  /** What the search looks for; without it there is none. */
  searchLabel?: string;
  canAdd?: boolean;
  actions?: ReactNode;
  /** Between the head and the table. */
  above?: ReactNode;
  selected?: string[];
  onSelect?: (ids: string[]) => void;
  /** The drawer of what is open. */
  children: ReactNode;
}

/** The page of a class: views, search, a table with pages, and a drawer for one row. */
export function ListPage<T extends Parse.Object>({ title, kind, list, presets = [], searchLabel, canAdd, actions, above, children, ...table }: Props<T>) {
  const t = useAdminText();
  const { view, change, rows, error, count, reload } = list;
  const search = searchLabel === undefined ? undefined : { value: view.q ?? "", label: searchLabel, onSearch: (q: string) => change({ q }) };
  return (
    <TablePage
      title={title}
      kind={kind}
      count={count}
      presets={presets}
      search={search}
      actions={
        <>
          {actions}
          {canAdd && (
            <button type="button" className="button button-main" onClick={() => change({ open: NEW })}>
              {t("edit.new")}
            </button>
          )}
        </>
      }
    >
      {above}
      <Table
        {...table}
        label={title}
        rows={rows}
        error={error}
        onRetry={reload}
        idOf={(row) => row.id ?? ""}
        sort={view.sort ?? ""}
        onSort={(sort) => change({ sort })}
        onOpen={(open) => change({ open })}
        previous={list.previous}
        next={list.next}
        onPage={(at) => change({ at })}
      />
      {children}
    </TablePage>
  );
}
