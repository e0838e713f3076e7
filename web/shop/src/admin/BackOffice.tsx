export default function BackOffice() {
  return <h1>Back office</h1>;
}
