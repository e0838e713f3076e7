// What inputs hold, and what is looked for by them.

/** A moment as an input of dates wants it, in the time of this place. */
export function toInput(moment: Date): string {
  const here = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return here.toISOString().slice(0, 16);
}

/** A pattern that finds a text as it stands, in any case. */
export const containing = (text: string): RegExp => new RegExp(text.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
