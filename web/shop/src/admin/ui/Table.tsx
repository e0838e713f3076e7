import type { ReactNode } from "react";
import { Pager, type PagerProps } from "../../ui/Pager";
import { Empty, Failure, Skeleton } from "../../ui/States";
import { useAdminText } from "../texts/useAdminText";

export interface Column<T> {
  title: string;
  /** The field it is sorted by, if it can be. */
  field?: string;
  isNumber?: boolean;
  cell: (row: T) => ReactNode;
}

interface Props<T> extends PagerProps {
  label: string;
  columns: Column<T>[];
  rows: T[] | undefined;
  error?: Error;
  onRetry?: () => void;
  idOf: (row: T) => string;
  nameOf: (row: T) => string;
  /** A field, with "-" before it: the greatest first. */
  sort: string;
  onSort: (sort: string) => void;
  onOpen: (id: string) => void;
  selected?: string[];
  onSelect?: (ids: string[]) => void;
}

/** A table that can be sorted, paged, and worked by keyboard; its first column opens the row. */
export function Table<T>(props: Props<T>) {
  const t = useAdminText();
  const { label, columns, rows, error, sort, selected, onSelect } = props;
  if (error) return <Failure error={error} onRetry={props.onRetry} />;
  if (!rows) return <Skeleton count={6} />;
  if (rows.length === 0) {
    return (
      <Empty>
        <p>{t("table.empty")}</p>
        <Pager previous={props.previous} next={props.next} onPage={props.onPage} />
      </Empty>
    );
  }
  const toggle = (id: string) => onSelect?.(selected?.includes(id) ? selected.filter((other) => other !== id) : [...(selected ?? []), id]);
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls can be scrolled by keys */}
      <div className="table-frame" role="region" aria-label={label} tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              {onSelect && <td />}
              {columns.map((column) => (
                <Head key={column.title} column={column} sort={sort} onSort={props.onSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const id = props.idOf(row);
              const name = props.nameOf(row);
              return (
                <tr key={id}>
                  {onSelect && (
                    <td>
                      <input type="checkbox" aria-label={t("table.select", { name })} checked={selected?.includes(id) ?? false} onChange={() => toggle(id)} />
                    </td>
                  )}
                  {columns.map((column, index) => (
                    <td key={column.title} className={column.isNumber ? "number" : undefined} data-title={column.title}>
                      {index > 0 ? (
                        column.cell(row)
                      ) : (
                        <button type="button" className="row-button" data-row={id} onClick={() => props.onOpen(id)}>
                          {column.cell(row)}
                        </button>
                      )}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <Pager previous={props.previous} next={props.next} onPage={props.onPage} />
    </>
  );
}

interface HeadProps<T> {
  column: Column<T>;
  sort: string;
  onSort: (sort: string) => void;
}

function Head<T>({ column, sort, onSort }: HeadProps<T>) {
  const { field, title, isNumber } = column;
  const isUp = sort === field;
  const isDown = sort === `-${field}`;
  return (
    <th scope="col" className={isNumber ? "number" : undefined} aria-sort={isUp ? "ascending" : isDown ? "descending" : undefined}>
      {field === undefined ? (
        title
      ) : (
        <button type="button" className="sort-button" onClick={() => onSort(isUp ? `-${field}` : field)}>
          {title}
          <span aria-hidden="true">{isUp ? " ↑" : isDown ? " ↓" : ""}</span>
        </button>
      )}
    </th>
  );
}
