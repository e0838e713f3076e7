// What a table shows, as it stands in the address: so a view can be kept, sent, and gone back to.
import { useSearchParams } from "wouter";

export type View = Record<string, string>;

/** Parameters of the address, and how to change some; another question begins at its first page. */
export function useView(usual: View): [View, (change: View) => void] {
  const [search, setSearch] = useSearchParams();
  const view = { ...usual, ...Object.fromEntries(search) };
  const change = (wanted: View) => {
    const keepsPage = Object.keys(wanted).every((name) => name === "open" || name === "at");
    const changed = (now: URLSearchParams) => {
      const next = { ...usual, ...Object.fromEntries(now), ...(keepsPage ? {} : { at: "" }), ...wanted };
      return new URLSearchParams(Object.entries(next).filter(([name, value]) => value !== (usual[name] ?? "")));
    };
    setSearch(changed, { replace: "q" in wanted });
  };
  return [view, change];
}
