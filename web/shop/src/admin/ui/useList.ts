// A table's list: what the address says of it, asked for by pages, and kept up to date.
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
  /** The row that is open, if it is on this page. */
  opened: T | undefined;
  /** Close what is open, and ask again: it may have been changed. */
  close: () => void;
}

export function useList<T extends Parse.Object>({ usual, query, ...options }: Options<T>): List<T> {
  const [view, change] = useView({ q: "", open: "", at: "", ...usual });
  const pages = usePages(query(view), { ...options, sort: view.sort ?? "", at: view.at ?? "", size: PAGE_SIZE });
  return {
    ...pages,
    view,
    change,
    opened: pages.rows?.find((row) => row.id === view.open),
    close: () => {
      change({ open: "" });
      pages.reload();
    },
  };
}
