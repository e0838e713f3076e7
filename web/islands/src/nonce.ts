// Libraries that put styles into the page do it under a strict policy: style elements bear the
// page's nonce, and style attributes are set by the object model, which the policy leaves alone.

export function allowStyles(nonce: string): void {
  const create = document.createElement.bind(document);
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const made = create(name, options);
    if (name.toLowerCase() === "style") made.nonce = nonce;
    return made;
  }) as typeof document.createElement;
  const createIn = document.createElementNS.bind(document);
  document.createElementNS = ((space: string, name: string, options?: ElementCreationOptions) => {
    const made = createIn(space, name, options) as Element & { nonce?: string };
    if (name.toLowerCase() === "style") made.nonce = nonce;
    return made;
  }) as typeof document.createElementNS;
  const set = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name: string, value: string) {
    if (name === "style" && "style" in this) {
      (this as unknown as HTMLElement).style.cssText = value;
    } else {
      set.call(this, name, value);
    }
  };
}
