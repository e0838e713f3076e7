import Parse from "parse";
import { useState } from "react";
import type { Product } from "../parse/types";

const TONES = 6;

/** The address of a picture, if it is one of this server: the pages show nothing from elsewhere. */
export function pictureOf(address: string | undefined): string | undefined {
  if (!address) return undefined;
  try {
    const url = new URL(address, location.origin);
    // A file may be named by another name of this server (localhost, or behind a proxy).
    const files = `${new URL(Parse.serverURL ?? "", location.origin).pathname}/files/${Parse.applicationId}/`;
    if (url.pathname.startsWith(files)) return url.pathname;
    return url.origin === location.origin ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** The picture of a product, or a quiet tile with its first letter. */
export function Picture({ product, isLarge = false }: { product: Product; isLarge?: boolean }) {
  const source = pictureOf(product.get("imageUrl"));
  const [failed, setFailed] = useState<string>();
  const name = product.get("name") ?? "";
  if (source && source !== failed) {
    return <img className="picture" src={source} alt="" loading={isLarge ? "eager" : "lazy"} onError={() => setFailed(source)} />;
  }
  const tone = [...name].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % TONES;
  return (
    <div className={`picture tile tile-${tone}`} aria-hidden="true">
      {[...name][0]?.toUpperCase()}
    </div>
  );
}
