// Loads each interactive part when it comes into view.

const parts: Record<string, (place: HTMLElement) => Promise<void>> = {
  diagram: async (place) => (await import("./diagram")).mountDiagram(place),
  playground: async (place) => (await import("./playground")).mountPlayground(place),
};

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      const place = target as HTMLElement;
      void parts[place.dataset.island ?? ""]?.(place);
    }
  },
  { rootMargin: "200px" },
);
for (const place of document.querySelectorAll<HTMLElement>(".island")) seen.observe(place);
