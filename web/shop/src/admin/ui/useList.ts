// A table's list: what the address says of it, asked for by pages, and kept up to date.
import { useState } from "react";
import { usePages, type Pages } from "../../parse/usePages";
import { useView, type View } from "./useView";

const PAGE_SIZE = 25;

interface Options<T extends Parse.Object> {
  /** The view without a word in the address; `sort` at least. */
  usual: View;
  /** Which rows a view has; sorted and paged here. */
  query: (view: View) => Parse.Query<T>;
  include?: string;
  isLive?: boolean;
}

export interface List<T> extends Pages<T> {
  view: View;
  change: (view: View) => void;
  /** The row that is open, if it is on this page, or was when it was opened. */
  opened: T | undefined;
  /**
   * Leave the row that was open for another, or for none; not if it has been left already, when
   * something else may be open. And ask again: it may have been changed.
   */
  leave: (from: string, to?: string) => void;
}

export function useList<T extends Parse.Object>({ usual, query, ...options }: Options<T>): List<T> {
  const [view, change] = useView({ q: "", open: "", at: "", ...usual });
  const pages = usePages(query(view), { ...options, sort: view.sort ?? "", at: view.at ?? "", size: PAGE_SIZE });
  const row = pages.rows?.find((one) => one.id === view.open);
  const [opened, keep] = useState(row);
  if (row && row !== opened) keep(row);
  return {
    ...pages,
    view,
    change,
    opened: row ?? (opened?.id === view.open ? opened : undefined),
    leave: (from, to = "") => {
      if (new URLSearchParams(location.search).get("open") === from) change({ open: to });
      pages.reload();
    },
  };
}
