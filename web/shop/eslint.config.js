import accessibility from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import typescript from "typescript-eslint";

export default typescript.config(
  { ignores: ["src/parse/types.ts"] }, // made by `parsepy types typescript`
  ...typescript.configs.strict,
  accessibility.flatConfigs.recommended,
  hooks.configs.flat.recommended,
);
