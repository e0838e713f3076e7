// The browser of all tests that need one, and what judges a page; the only place that knows their packages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A browser of the program that CHROMIUM names. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM });

/** What axe-core finds serious on a page, a line for each of its rules. */
export async function serious(page) {
  // Not by addScriptTag: the page's policy would refuse it, as it should.
  const { violations } = await page.evaluate(`${AXE}; axe.run({ iframes: false, resultTypes: ["violations"] })`);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`);
}
