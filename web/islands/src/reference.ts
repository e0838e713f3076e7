// The REST API by its OpenAPI document, on a page of its own.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import { identityHeaders, isDark, onTheme } from "./frame";
import { allowStyles } from "./nonce";

const place = document.getElementById("place") as HTMLElement;
allowStyles(place.dataset.nonce ?? "");
SwaggerUI({
  url: "/openapi.json",
  domNode: place,
  docExpansion: "none",
  deepLinking: false,
  filter: true,
  validatorUrl: null,
  requestInterceptor: (request: { url: string; headers: Record<string, string> }) => {
    const known = { "X-Parse-Application-Id": place.dataset.app ?? "", ...identityHeaders() };
    request.headers = { ...known, ...request.headers }; // what was typed under Authorize wins
    return request;
  },
});
onTheme(() => document.documentElement.classList.toggle("dark-mode", isDark()));
