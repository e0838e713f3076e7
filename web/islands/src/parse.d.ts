declare module "parse/dist/parse.min.js" {
  import Parse from "parse";
  export default Parse;
}
